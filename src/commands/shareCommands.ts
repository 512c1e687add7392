import * as vscode from 'vscode'
import { needAbility } from '../opencode/abilities.ts'
import { OpencodeError } from '../opencode/errors.ts'
import { modelRef } from '../protocol/chat.ts'
import type { Backend } from '../views/backend/backends.ts'
import { exportSession, importSession, markdownOf } from '../views/sessions/sessionFiles.ts'
import type { commandIds } from './commandIds.ts'
import { backendInSight, chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { sessionTarget } from './sessions/sessionTargets.ts'
import type { SessionTarget } from './sessions/sessionTargets.ts'

type Name = keyof typeof commandIds

/** What takes a session somewhere else: a summary, a link, a file, the terminal. */
export const shareCommands = {
  compactSession: { run: (context) => compact(context) },
  shareSession: { run: (context, args) => share(sessionTarget(context, args)) },
  unshareSession: { run: (context, args) => unshare(context, sessionTarget(context, args)) },
  exportSession: {
    async run(context, args) {
      const { backend, session } = sessionTarget(context, args)
      await exportSession(await backend.access.ensure(), session)
    },
  },
  copySession: {
    async run(context, args) {
      const { backend, session } = sessionTarget(context, args)
      await vscode.env.clipboard.writeText(await markdownOf(await backend.access.ensure(), session))
      context.services.notify.done(vscode.l10n.t('The session was copied as Markdown.'))
    },
  },
  importSession: { run: (context) => importInto(context) },
  openInTerminal: {
    async run(context, args) {
      const { backend, session } = sessionTarget(context, args)
      await context.terminals.open(session, backend, context.program(backend.profile))
    },
  },
  continueInChat: {
    async run({ terminals, view }) {
      const shown = terminals.current
      if (!shown)
        throw new OpencodeError(
          'not-found',
          vscode.l10n.t('No terminal shows a session that was opened from a chat.'),
        )
      const chat = await view.reveal()
      await chat.show(shown)
      shown.terminal.dispose()
      chat.focus()
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** The session shows that it runs; the notice at the end comes from there too. */
async function compact(context: CommandContext): Promise<void> {
  const chat = await chatInSight(context)
  const { sessionID } = chat
  const model = modelRef(chat.state.choice)
  if (!sessionID || !chat.state.session?.messages.length)
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t('There is no conversation yet that could be summarized.'),
    )
  if (!model)
    throw new OpencodeError('not-found', vscode.l10n.t('Pick a model first: it writes the summary.'))
  const connection = await chat.backend.access.ensure()
  await connection.history.compact(sessionID, model)
}

async function share({ id, title, session, backend }: SessionTarget): Promise<void> {
  const connection = await backend.access.ensure()
  needAbility(connection, 'share')
  const { history } = connection
  if (session.shareUrl === undefined) {
    if ((await history.shareMode(session.directory)) === 'disabled')
      throw new OpencodeError(
        'forbidden',
        vscode.l10n.t(
          'Sharing is turned off by "share": "disabled" in the OpenCode configuration. Change it there to share sessions.',
        ),
      )
    if (!(await askToShare(title))) return
  }
  const url = session.shareUrl ?? (await history.share(id)).shareUrl ?? ''
  await vscode.env.clipboard.writeText(url)
  const open = vscode.l10n.t('Open in Browser')
  const done = vscode.l10n.t('The link to the shared session was copied: {0}', url)
  if ((await vscode.window.showInformationMessage(done, open)) === open)
    await vscode.env.openExternal(vscode.Uri.parse(url, true))
}

async function askToShare(title: string): Promise<boolean> {
  const confirm = vscode.l10n.t('Share and Copy Link')
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('Share the session "{0}"?', title),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Everyone who has the link can read the whole conversation, with the code and the output of tools in it, and what is still to come. It stays public until you stop sharing.',
      ),
    },
    confirm,
  )
  return picked === confirm
}

async function unshare({ services }: CommandContext, { id, backend }: SessionTarget): Promise<void> {
  const connection = await backend.access.ensure()
  needAbility(connection, 'share')
  const { history } = connection
  await history.unshare(id)
  services.notify.done(vscode.l10n.t('The session is not shared any more.'))
}

async function importInto(context: CommandContext): Promise<void> {
  const backend = await backendInSight(context)
  const connection = await backend.access.ensure()
  if (!connection.history.importSession) checkImport(backend)
  const chat = await chatInSight(context)
  const program = context.program(backend.profile)
  const directory = chat.needDirectory()
  const sessionID = await importSession({ connection, program, directory })
  if (!sessionID) return
  context.browser.shelf.learn(backend, await connection.getSession(sessionID))
  await chat.show({ sessionID, directory })
}

/** The server has no route for it: its program writes into its own data, so it must be here. */
function checkImport({ server, profile }: Backend): void {
  const { status } = server
  if (status.kind === 'running' && status.origin === 'managed' && profile.kind === 'managed') return
  throw new OpencodeError(
    'unsupported',
    vscode.l10n.t(
      'OpenCode imports by a program on the machine of the server. Run "opencode import FILE" there; the session shows here afterwards.',
    ),
  )
}
