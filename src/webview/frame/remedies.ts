import type { ErrorCode } from '../../opencode/errors.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'

/** What the chat shows in place of a server that did not come up. */
export interface Remedy {
  readonly title: string
  /** The first one is the likeliest next step. */
  readonly buttons: readonly (readonly [WebviewCommand, string])[]
}

const retry = ['startServer', 'Retry'] as const
/** A running server keeps to the configuration that it read first. */
const retryAnew = ['restartServer', 'Retry'] as const
const showLog = ['showLog', 'Show log'] as const
const doctor = ['doctor', 'Run Doctor'] as const
const showContainerLog = ['showContainerLog', 'Show container log'] as const
const select = ['selectServer', 'Select server'] as const
const connect = ['connectToServer', 'Connect to server'] as const
const settings = ['openSettings', 'Open settings'] as const
const install = ['installOpencode', 'Install'] as const
const setPath = ['openSettings', 'Set path'] as const

const remedies: { readonly [C in ErrorCode]?: Remedy } = {
  'binary-not-found': { title: 'OpenCode was not found', buttons: [install, setPath, retry, showLog] },
  'version-too-old': { title: 'This OpenCode is too old', buttons: [install, setPath, retry] },
  unauthorized: { title: 'The server refused the password', buttons: [connect, retry, doctor] },
  'connection-refused': { title: 'The server does not answer', buttons: [retry, connect, doctor] },
  timeout: { title: 'The server does not answer', buttons: [retry, doctor, showLog] },
  'config-invalid': {
    title: 'OpenCode cannot read its settings',
    buttons: [['openConfiguration', 'Open configuration'], retryAnew, doctor],
  },
  'server-error': { title: 'The server failed', buttons: [retryAnew, doctor, showLog] },
  'consent-required': { title: 'This server is not encrypted', buttons: [connect] },
  'cluster-unreachable': { title: 'The cluster cannot be reached', buttons: [retry, doctor, settings] },
  'kubectl-not-found': { title: 'kubectl was not found', buttons: [settings, retry, doctor] },
  'engine-not-found': {
    title: 'No container engine was found',
    buttons: [['installEngine', 'Install Podman'], select, retry],
  },
  'engine-not-running': { title: 'The container engine does not run', buttons: [retry, select, showLog] },
  forbidden: { title: 'The container engine is closed to you', buttons: [retry, select, showLog] },
  'image-missing': { title: 'The container image is missing', buttons: [retry, settings, showLog] },
  'image-failed': {
    title: 'The container image was not built',
    buttons: [['showContainerLog', 'Show build log'], retry],
  },
  'mount-failed': {
    title: 'The container cannot use this folder',
    buttons: [['openSettings', 'Change mounts'], retry, showLog],
  },
  'out-of-memory': {
    title: 'The server ran out of memory',
    buttons: [retry, ['openSettings', 'Change limit'], showContainerLog],
  },
  'disk-full': {
    title: 'The disk is full',
    buttons: [['cleanUpContainers', 'Clean up containers'], retry, showLog],
  },
  'port-taken': { title: 'The port is taken', buttons: [['openSettings', 'Change port'], retry, showLog] },
  'server-killed': { title: 'The server was killed', buttons: [retry, showContainerLog] },
  'profile-invalid': {
    title: 'This server profile cannot be used',
    buttons: [select, settings],
  },
}

const otherRemedy: Remedy = { title: 'The server did not start', buttons: [retry, doctor, showLog] }

export function remedyFor(code: ErrorCode): Remedy {
  return remedies[code] ?? otherRemedy
}
