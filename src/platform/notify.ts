import * as vscode from 'vscode'
import { isAbort, toErrorInfo } from '../opencode/errors.ts'
import type { ErrorCode, ErrorInfo } from '../opencode/errors.ts'
import type { Log } from './log.ts'

interface Remedy {
  readonly label: string
  readonly run: () => Thenable<unknown> | undefined
}

/**
 * The only place that shows error messages. Codes choose the buttons, the message text is taken as it
 * is; cancellations are not shown at all.
 */
export class Notify {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** Logs and shows an error with what can be done about it. `retry` adds a button that runs it again. */
  async error(error: unknown, retry?: () => Thenable<unknown>): Promise<void> {
    if (isAbort(error)) return
    const info = toErrorInfo(error)
    this.#log.error(`chat: ${info.code}`, error)
    const remedies = [
      ...(retry ? [{ label: vscode.l10n.t('Retry'), run: retry }] : []),
      ...this.#remedies(info.code),
    ]
    const picked = await vscode.window.showErrorMessage(sentence(info), ...remedies.map(({ label }) => label))
    await remedies.find(({ label }) => label === picked)?.run()
  }

  async warn(message: string): Promise<void> {
    await vscode.window.showWarningMessage(message)
  }

  /** Tells something with one thing that can be done about it. */
  async offer(message: string, label: string, run: () => Thenable<unknown>): Promise<void> {
    if ((await vscode.window.showWarningMessage(message, label)) === label) await run()
  }

  /** For what is done and would otherwise stay unseen; goes away by itself. */
  done(message: string): void {
    vscode.window.setStatusBarMessage(message, 4_000)
  }

  #remedies(code: ErrorCode): readonly Remedy[] {
    const showLog = (): undefined => {
      this.#log.show()
      return undefined
    }
    const log = { label: vscode.l10n.t('Show log'), run: showLog }
    return [
      ...(remedies[code] ?? []).map(({ label, command, args }) => ({ label: label(), run: command(args) })),
      log,
    ]
  }
}

interface RemedyCommand {
  readonly label: () => string
  readonly command: (args?: unknown) => () => Thenable<unknown>
  readonly args?: unknown
}

const run = (command: string) => (args?: unknown) => () => vscode.commands.executeCommand(command, args)
const openPathSetting: RemedyCommand = {
  label: () => vscode.l10n.t('Set path'),
  command: run('workbench.action.openSettings'),
  args: 'opencodeSessions.server.path',
}
const install: RemedyCommand = {
  label: () => vscode.l10n.t('How to install'),
  command: () => () => vscode.env.openExternal(vscode.Uri.parse('https://opencode.ai/docs/')),
}
const connect: RemedyCommand = {
  label: () => vscode.l10n.t('Connect to server'),
  command: run('opencodeSessions.connectToServer'),
}
const doctor: RemedyCommand = {
  label: () => vscode.l10n.t('Run Doctor'),
  command: run('opencodeSessions.doctor'),
}
const select: RemedyCommand = {
  label: () => vscode.l10n.t('Select server'),
  command: run('opencodeSessions.selectServer'),
}
const start: RemedyCommand = {
  label: () => vscode.l10n.t('Start server'),
  command: run('opencodeSessions.startServer'),
}
const installEngine: RemedyCommand = {
  label: () => vscode.l10n.t('Install Podman'),
  command: () => () => vscode.env.openExternal(vscode.Uri.parse('https://podman.io/docs/installation')),
}
const openServerSettings: RemedyCommand = {
  label: () => vscode.l10n.t('Open settings'),
  command: run('workbench.action.openSettings'),
  args: 'opencodeSessions.server.',
}
const openPromptSettings: RemedyCommand = {
  label: () => vscode.l10n.t('Open settings'),
  command: run('workbench.action.openSettings'),
  args: 'opencodeSessions.prompts',
}
const showContainerLog: RemedyCommand = {
  label: () => vscode.l10n.t('Show build log'),
  command: run('opencodeSessions.showContainerLog'),
}
const cleanUpContainers: RemedyCommand = {
  label: () => vscode.l10n.t('Clean up containers'),
  command: run('opencodeSessions.cleanUpContainers'),
}

const remedies: Partial<Record<ErrorCode, readonly RemedyCommand[]>> = {
  'binary-not-found': [install, openPathSetting],
  'version-too-old': [install, openPathSetting],
  unauthorized: [connect, doctor],
  'connection-refused': [connect, doctor],
  'connection-lost': [start, doctor],
  'launch-failed': [doctor],
  timeout: [doctor],
  unsupported: [doctor],
  'config-invalid': [
    { label: () => vscode.l10n.t('Open configuration'), command: run('opencodeSessions.openConfiguration') },
  ],
  'profile-invalid': [select],
  'not-running': [start],
  'cluster-unreachable': [doctor],
  'kubectl-not-found': [openServerSettings],
  'engine-not-found': [installEngine, select],
  'engine-not-running': [start, select],
  'image-missing': [openServerSettings],
  'image-failed': [showContainerLog],
  'disk-full': [cleanUpContainers],
  'mount-failed': [openServerSettings],
  'out-of-memory': [openServerSettings],
  'port-taken': [openServerSettings],
  'server-killed': [start],
  'template-invalid': [openPromptSettings],
  untrusted: [{ label: () => vscode.l10n.t('Manage trust'), command: run('workbench.trust.manage') }],
  'no-folder': [{ label: () => vscode.l10n.t('Open folder'), command: run('vscode.openFolder') }],
}

function sentence(info: ErrorInfo): string {
  return info.code === 'internal'
    ? vscode.l10n.t('Something unexpected happened: {0}', info.message)
    : info.message
}
