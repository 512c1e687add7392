import type { ErrorInfo } from './errors.ts'

/** What the Doctor looks at, in this order: a later step needs the earlier ones. */
export const doctorSteps = [
  'program',
  'start',
  'health',
  'authentication',
  'events',
  'folder',
  'model',
] as const
export type DoctorStepID = (typeof doctorSteps)[number]

/** `warn`: it works, but not as it should. `skipped`: not looked at; the text says why. */
export type DoctorVerdict = 'pass' | 'warn' | 'fail' | 'skipped'

/** What can be done about a finding, by a button; each is a command or an address. */
export const doctorRemedies = [
  'connectToServer',
  'cleanUpContainers',
  'installEngine',
  'installOpencode',
  'manageTrust',
  'openConfiguration',
  'openFolder',
  'openSettings',
  'restartServer',
  'setProviderKey',
  'showContainerLog',
  'showLog',
  'showServerLog',
  'tryPrompt',
] as const
export type DoctorRemedy = (typeof doctorRemedies)[number]

export interface DoctorFinding {
  readonly verdict: DoctorVerdict
  /** One or two sentences: what was found and, where it is bad, what to do. */
  readonly text: string
  /** Longer text for a fold-out. */
  readonly detail?: string
  /** The likeliest first. */
  readonly remedies?: readonly DoctorRemedy[]
}

export interface DoctorStep {
  readonly id: DoctorStepID
  readonly state: 'waiting' | 'running' | DoctorVerdict
  /** How long it took; undefined until it is done. */
  readonly ms?: number
  readonly finding?: DoctorFinding
}

/** Everything that the page and the report show. Without secrets. */
export interface DoctorState {
  /** Name of the server's profile, with the folder that it is looked at for. */
  readonly server: string
  readonly isRunning: boolean
  readonly steps: readonly DoctorStep[]
  /** What was found by trying a prompt, once that was asked for. */
  readonly prompt?: { readonly isRunning: boolean; readonly finding?: DoctorFinding }
  readonly facts: readonly DoctorFacts[]
  /** The newest lines of the log. */
  readonly log: readonly string[]
}

/** A small table: versions, settings, numbers. */
export interface DoctorFacts {
  readonly title: string
  readonly rows: readonly (readonly [name: string, value: string])[]
}

/** A failed step in the words of its error. */
export function findingOf(
  error: ErrorInfo,
  remedies: readonly DoctorRemedy[] = remediesOf(error),
): DoctorFinding {
  return {
    verdict: error.code === 'aborted' ? 'skipped' : 'fail',
    text: error.message,
    ...(error.detail === undefined || error.detail === '' ? {} : { detail: error.detail }),
    remedies,
  }
}

const byCode: { readonly [C in ErrorInfo['code']]?: readonly DoctorRemedy[] } = {
  aborted: [],
  'binary-not-found': ['installOpencode', 'openSettings'],
  'version-too-old': ['installOpencode', 'openSettings'],
  unauthorized: ['connectToServer', 'showLog'],
  'consent-required': ['connectToServer'],
  'connection-refused': ['connectToServer', 'showServerLog'],
  'config-invalid': ['openConfiguration', 'restartServer'],
  'cluster-unreachable': ['openSettings', 'showLog'],
  'kubectl-not-found': ['openSettings'],
  'engine-not-found': ['installEngine', 'openSettings'],
  'image-failed': ['showContainerLog'],
  'disk-full': ['cleanUpContainers'],
  'no-folder': ['openFolder'],
  untrusted: ['manageTrust'],
}

function remediesOf({ code }: ErrorInfo): readonly DoctorRemedy[] {
  return byCode[code] ?? ['showLog', 'openSettings']
}

/** Headings of the steps. */
export const doctorTitles: { readonly [S in DoctorStepID]: string } = {
  program: 'Program',
  start: 'Start',
  health: 'Health',
  authentication: 'Authentication',
  events: 'Event stream',
  folder: 'Folder',
  model: 'Model provider',
}
