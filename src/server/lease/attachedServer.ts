import { type Socket, connect } from 'node:net'
import type { ClientLog } from '../../client/connection.ts'
import { settlesWithin } from '../async.ts'
import type { StopIntent } from '../launcher.ts'
import { killTree } from '../process/processTree.ts'
import { hardKillGraceMs, stopTimeoutMs } from '../process/supervisedProcess.ts'
import { type Greeting, SupervisorChannel } from '../process/supervisorChannel.ts'
import type { Lease } from './lease.ts'

const connectTimeoutMs = 1000

export interface AttachRequest {
  readonly lease: Lease
  /** Undefined: the supervisor is asked for it. */
  readonly password: string | undefined
  readonly log: ClientLog
  /** What the window is counted by. */
  readonly host: number
  /** How long the supervisor may take to answer. */
  readonly patienceMs: number
}

/** `absent`: nobody listens. `ending`: it comes to its end just now. `silent`: it does not answer. */
export type AttachFailure = 'absent' | 'ending' | 'silent'

/** A server that another window started: we hold a share in it as long as our socket is open. */
export class AttachedServer {
  readonly channel: SupervisorChannel
  readonly password: string
  readonly #lease: Lease
  readonly #log: ClientLog
  #stopping: Promise<void> | undefined
  #isReleased = false

  /** Asks the supervisor of a lease to be let in. Never rejects. */
  static async attach(request: AttachRequest): Promise<AttachedServer | AttachFailure> {
    const { lease, password, log, host } = request
    const socket = await open(lease.socketPath)
    if (!socket) return 'absent'
    const channel = new SupervisorChannel({ input: socket, output: socket }, password ?? '', log)
    const closed = new Promise<undefined>((resolve) => socket.once('close', () => resolve(undefined)))
    const { nonce } = lease
    channel.send({ type: 'hello', nonce, host, wantsPassword: password === undefined })
    const timeout = setTimeout(() => socket.destroy(), request.patienceMs)
    const greeting: Greeting | undefined = await Promise.race([channel.greeting, closed])
    clearTimeout(timeout)
    const known = password ?? (greeting?.type === 'welcome' ? greeting.password : undefined)
    if (greeting?.type === 'welcome' && known !== undefined) {
      return new AttachedServer({ lease, log, channel, password: known }, closed)
    }
    socket.destroy()
    return greeting?.type === 'ending' ? 'ending' : 'silent'
  }

  private constructor(
    parts: Pick<AttachRequest, 'lease' | 'log'> & { channel: SupervisorChannel; password: string },
    closed: Promise<undefined>,
  ) {
    this.#lease = parts.lease
    this.#log = parts.log
    this.channel = parts.channel
    this.password = parts.password
    void closed.then(() => this.#finish())
  }

  /** Ends the server for all windows. Idempotent, never rejects. */
  stop(intent: StopIntent = 'stop'): Promise<void> {
    this.#stopping ??= this.#stopNow(intent)
    return this.#stopping
  }

  /** Leaves it to other windows, or to its time of grace. `exited` stays open. */
  release(): void {
    this.#isReleased = true
    this.channel.close()
  }

  async #stopNow(intent: StopIntent): Promise<void> {
    const { exited } = this.channel
    this.channel.send({ type: 'stop', intent })
    if (await settlesWithin(exited, stopTimeoutMs)) return
    this.#log.warn('server: the supervisor did not end in time, so it is killed')
    await killTree([this.#lease.supervisor], 0)
    await settlesWithin(exited, stopTimeoutMs)
  }

  /** Runs when the socket is closed. If the supervisor went without a report, it was killed: see to its work. */
  async #finish(): Promise<void> {
    if (this.#isReleased) return
    if (!this.channel.hasReport) {
      this.#log.warn('server: the supervisor has ended unexpectedly, so its server is ended too')
      await killTree([this.#lease.server], hardKillGraceMs)
    }
    this.channel.finish()
  }
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const timer = setTimeout(() => socket.destroy(), connectTimeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}
