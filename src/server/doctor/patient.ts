import type { ClientLog, Endpoint } from '../../client/connection.ts'
import type { DoctorRemedy } from '../../opencode/doctor.ts'

/** A server as the Doctor finds it. */
export interface OpenServer {
  readonly endpoint: Endpoint
  /** `found`: it ran already. `started`: for this examination. `foreign`: somebody else runs it. */
  readonly how: 'found' | 'started' | 'foreign'
  /** Ends what was started for the examination only. Never rejects. */
  release(): Promise<void>
}

/** What the Doctor examines, and everything that it may use for that. */
export interface DoctorPatient {
  /** Real path of the workspace folder; undefined in a window without one. */
  readonly folder: string | undefined
  /** Finds what the server is brought up with and says in a sentence what that is; undefined: nothing is needed. */
  readonly findProgram: ((signal: AbortSignal) => Promise<string>) | undefined
  readonly open: (signal: AbortSignal) => Promise<OpenServer>
  /** Where a wrong way to the server, or a wrong map of its paths, is put right. */
  readonly settingsRemedy: DoctorRemedy
  readonly log: ClientLog
  /** Of the quick questions; default 5 s. */
  readonly answerMs?: number
}
