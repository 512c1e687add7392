import type { Connection } from '../../client/connection.ts'
import { ServerProbe } from '../../client/serverProbe.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorInfo } from '../../opencode/errors.ts'
import type { DoctorPatient, OpenServer } from './patient.ts'

const defaultAnswerMs = 5_000

/** What one step learns for the next, with all that has to be closed at the end. */
export class Findings {
  readonly patient: DoctorPatient
  #server: OpenServer | undefined
  #probe: ServerProbe | undefined
  #connection: Connection | undefined
  /** Why the server did not take our login, if so. */
  refusal: ErrorInfo | undefined

  constructor(patient: DoctorPatient) {
    this.patient = patient
  }

  get answerMs(): number {
    return this.patient.answerMs ?? defaultAnswerMs
  }

  get server(): OpenServer {
    return expect(this.#server)
  }

  get connection(): Connection {
    return expect(this.#connection)
  }

  async setServer(server: OpenServer): Promise<void> {
    this.#server = server
    this.#probe = await ServerProbe.open(server.endpoint, this.patient.log)
  }

  get probe(): ServerProbe {
    return expect(this.#probe)
  }

  setConnection(connection: Connection): void {
    this.#connection = connection
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#connection?.close(), this.#probe?.close()])
    await this.#server?.release()
  }
}

function expect<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw new OpencodeError('internal', 'An earlier step of the examination is missing.')
}
