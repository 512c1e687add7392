import type { ClientLog, Endpoint } from './connection.ts'
import { HttpClient } from './httpClient.ts'
import { answersAnybody, identify } from './identify.ts'
import type { Question } from './identify.ts'

/** Asks single questions of what answers at an endpoint, each once and without a connection. */
export class ServerProbe {
  readonly #client: HttpClient

  static async open(endpoint: Endpoint, log: ClientLog): Promise<ServerProbe> {
    return new ServerProbe(await HttpClient.create(endpoint, log))
  }

  private constructor(client: HttpClient) {
    this.#client = client
  }

  /** See `identify`. */
  version(question: Question): Promise<string> {
    return identify(this.#client, question)
  }

  /** See `answersAnybody`. */
  isOpenToAll(question: Question): Promise<boolean> {
    return answersAnybody(this.#client, question)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
