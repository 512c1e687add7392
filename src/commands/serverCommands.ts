import * as vscode from 'vscode'
import { connect } from '../client/connect.ts'
import { parseServerUrl } from '../client/endpoint.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import type { ProfileKind } from '../opencode/profile.ts'
import type { ServerLogin } from '../platform/credentials.ts'
import { activeFolder } from '../platform/folders.ts'
import { thisMachineID } from '../profiles/thisMachine.ts'
import type { AttachTarget } from '../profiles/serverTarget.ts'
import type { commandIds } from './commandIds.ts'
import { backendInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { mayLeave, restartServer, stopServer } from './serverEnd.ts'

type Name = keyof typeof commandIds

/** The life of the server of this window. */
export const serverCommands = {
  startServer: {
    async run(context) {
      await (await backendInSight(context)).access.ensure()
    },
  },
  stopServer: {
    async run(context) {
      await stopServer(await backendInSight(context))
    },
  },
  restartServer: {
    async run(context) {
      await restartServer(await backendInSight(context))
    },
  },
  connectToServer: { run: (context) => connectToServer(context) },
  disconnectFromServer: {
    async run(context) {
      const { services, target } = context
      if (target.isFromSettings) {
        void services.notify.warn(
          vscode.l10n.t(
            'The server of the setting "opencodeSessions.server.url" is used again at the next start.',
          ),
        )
      }
      await target.remember(undefined)
      await (await backendInSight(context)).access.stop()
    },
  },
  doctor: {
    async run(context) {
      const backend = await backendInSight(context)
      const folder = await activeFolder().catch(() => undefined)
      context.doctor.open({ backend, folder: context.chats.active?.directory ?? folder?.directory })
    },
  },
  showLog: {
    async run({ services }) {
      services.log.show()
      return Promise.resolve()
    },
  },
  showServerLog: {
    async run(context) {
      showServerLog(context, (await backendInSight(context)).profile.kind)
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** What the server itself prints, as far as it reaches us. */
function showServerLog({ services }: CommandContext, kind: ProfileKind): void {
  if (kind === 'container') return services.log.showContainer()
  if (kind === 'url') {
    void services.notify.warn(
      vscode.l10n.t('This server is run by somebody else; what it prints stays where it runs.'),
    )
    return
  }
  services.log.showServer()
}

/** Asks where and who, tries it out, and only then changes anything. */
async function connectToServer(context: CommandContext): Promise<void> {
  const { services, target, credentials } = context
  const wanted = await askTarget(target.attached)
  if (!wanted) return
  const stored = await credentials.password(loginOf(wanted))
  const password = await askPassword(wanted, stored !== undefined)
  if (password === undefined) return
  const endpoint = await target.endpoint(wanted, password === '' ? (stored ?? '') : password)
  services.log.redactor.add(endpoint.password, endpoint.username)
  const title = vscode.l10n.t('Connecting to {0}', wanted.url)
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_, token) => {
      const abort = new AbortController()
      token.onCancellationRequested(() => abort.abort())
      const probe = await connect(endpoint, { log: services.log, signal: abort.signal })
      await probe.close()
    },
  )
  const backend = await backendInSight(context)
  if (!(await mayLeave(backend))) return
  if (password !== '') await credentials.setPassword(loginOf(wanted), password)
  await target.remember(wanted)
  await backend.access.change()
  services.notify.done(vscode.l10n.t('Connected to {0}', wanted.url))
}

function loginOf({ url, username }: AttachTarget): ServerLogin {
  return { profileID: thisMachineID, url, username }
}

async function askTarget(last: AttachTarget | undefined): Promise<AttachTarget | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (1/3): address'),
    prompt: vscode.l10n.t('Address of a running "opencode serve", e.g. http://127.0.0.1:4096'),
    value: last?.url ?? 'http://127.0.0.1:4096',
    ignoreFocusOut: true,
    validateInput: (value) => sentenceAgainst(value),
  })
  if (text === undefined) return undefined
  const { url, isLoopback, isPlain } = parseServerUrl(text)
  if (isPlain && !isLoopback && !(await agreesToPlain(url))) return undefined
  const username = await vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (2/3): user name'),
    value: last?.username ?? 'opencode',
    ignoreFocusOut: true,
  })
  if (username === undefined) return undefined
  return { url, username: username.trim() || 'opencode', allowsPlain: isPlain && !isLoopback }
}

async function askPassword(wanted: AttachTarget, isKnown: boolean): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (3/3): password'),
    prompt: isKnown
      ? vscode.l10n.t('Password of {0} at {1}; empty: the one that is stored', wanted.username, wanted.url)
      : vscode.l10n.t('Password of {0} at {1}; empty: none', wanted.username, wanted.url),
    password: true,
    ignoreFocusOut: true,
  })
}

async function agreesToPlain(url: string): Promise<boolean> {
  const yes = vscode.l10n.t('Connect unencrypted')
  const question = vscode.l10n.t('Connect to {0} without encryption?', url)
  const detail = vscode.l10n.t(
    'Password, code and answers could be read on the way. Use https where you can.',
  )
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes
}

function sentenceAgainst(value: string): string | undefined {
  try {
    parseServerUrl(value)
    return undefined
  } catch (error) {
    return toErrorInfo(error).message
  }
}
