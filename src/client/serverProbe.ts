import type { ClientLog } from './clientLog.ts'
import type { Endpoint } from './endpoint.ts'
import { HttpClient } from './http/httpClient.ts'
import { answersAnybody, identify } from './identify.ts'
import type { Identity, Question } from './identify.ts'

/** Asks single questions of what answers at an endpoint, each once and without a connection. */
export class ServerProbe {
  readonly #client: HttpClient
  #identity: Identity | undefined

  static async open(endpoint: Endpoint, log: ClientLog): Promise<ServerProbe> {
    return new ServerProbe(await HttpClient.create(endpoint, log))
  }

  private constructor(client: HttpClient) {
    this.#client = client
  }

  /** See `identify`. */
  async identify(question: Question): Promise<Omit<Identity, 'wire'>> {
    this.#identity = await identify(this.#client, question)
    return this.#identity
  }

  /** See `answersAnybody`. */
  isOpenToAll(question: Question): Promise<boolean> {
    return answersAnybody(this.#client, { ...question, wire: this.#identity?.wire ?? 1 })
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
