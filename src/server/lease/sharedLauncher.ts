import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { rm } from 'node:fs/promises'
import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { orAborted, settlesWithin } from '../async.ts'
import type { Binary } from '../binary/binary.ts'
import { abortedError } from '../launchError.ts'
import type { ServerHandle, ServerLauncher, ServerShare, StopIntent } from '../launcher.ts'
import { endLeftover } from '../process/leftovers.ts'
import {
  ProcessLauncher,
  type ProcessLauncherOptions,
  type StartedServer,
  toPrivateHandle,
} from '../process/processLauncher.ts'
import { type ProcessIdentity, describeProcess, isRunning } from '../process/processTable.ts'
import type { SupervisorChannel } from '../process/supervisorChannel.ts'
import { type AttachFailure, AttachedServer } from './attachedServer.ts'
import { acquireLock } from './fileLock.ts'
import { type Lease, leaseProtocol, readLease } from './lease.ts'
import { type LeasePlace, leasePlace } from './leasePlace.ts'
import { whenOtherLineIsGone } from './otherLine.ts'
import { type LeaseSecrets, PasswordMemory } from './passwordMemory.ts'
import { startPatienceMs } from './startLock.ts'

/** How long a server goes on without any window, in milliseconds. */
export interface Grace {
  /** After a window that went without a word; default 10 s, since the editor may start its host again. */
  readonly killed: number
  /** After one that closes or reloads while nothing runs; default 10 s. */
  readonly idle: number
  /** The same while a session runs; default 20 s, since a slow reload would cut it off. */
  readonly busy: number
}

export interface SharedLauncherOptions extends ProcessLauncherOptions {
  readonly secrets: LeaseSecrets
  readonly grace?: Grace
  /** Instead of the user's private folder on this machine. */
  readonly leaseDirectory?: string
  /** How long a server of the other line on the same data is waited for; default 30 s. */
  readonly otherLineMs?: number
}

const defaultGrace: Grace = { killed: 10_000, idle: 10_000, busy: 20_000 }
/** Farewell, end of the tree and report. */
const endingMs = 8000
const pollMs = 100
const recordTimeoutMs = 500
/** For the answer of a supervisor: a first try, and a second one before it is taken for hanging. */
const shortPatienceMs = 2000
const longPatienceMs = 6000

/**
 * Gives all windows of this user that would start the same server one between them. The first starts it and
 * writes the lease; the others find that and get in through the supervisor, which ends the server when no window
 * is left. Who comes when it has just ended, starts it again.
 */
export class SharedLauncher implements ServerLauncher {
  readonly origin = 'managed'
  readonly #options: SharedLauncherOptions
  readonly #process: ProcessLauncher
  readonly #secrets: PasswordMemory

  constructor(options: SharedLauncherOptions) {
    this.#options = options
    this.#process = new ProcessLauncher(options)
    this.#secrets = new PasswordMemory(options.secrets, options.log)
  }

  get #grace(): Grace {
    return this.#options.grace ?? defaultGrace
  }

  async launch(signal: AbortSignal): Promise<ServerHandle> {
    if (signal.aborted) throw abortedError()
    const binary = await orAborted(this.#options.binary(), signal)
    const place = await this.#place(binary)
    if (!place) return this.#process.launch(signal)
    const found = await this.#attach(place, shortPatienceMs)
    return typeof found === 'object' ? found : this.#launchAlone(place, binary, signal)
  }

  async #place(binary: Binary): Promise<LeasePlace | undefined> {
    const { env, supervisorPath, leaseDirectory, log } = this.#options
    try {
      return await leasePlace({ binary, env, supervisorPath }, leaseDirectory)
    } catch (error) {
      log.warn(`server: it is not shared with other windows: ${String(error)}`)
      return undefined
    }
  }

  /** Nobody else starts one meanwhile; who had the lock before us may have left a server for us. */
  async #launchAlone(place: LeasePlace, binary: Binary, signal: AbortSignal): Promise<ServerHandle> {
    const lock = await acquireLock(place.lockPath, { signal, timeoutMs: startPatienceMs })
    try {
      const found = await this.#attach(place, longPatienceMs)
      if (typeof found === 'object') return found
      if (found !== undefined) await this.#clear(place, found, signal)
      const { version } = binary
      const patienceMs = this.#options.otherLineMs
      await whenOtherLineIsGone(place, {
        version,
        signal,
        ...(patienceMs === undefined ? {} : { patienceMs }),
      })
      return await this.#start(place, binary, signal)
    } finally {
      await lock.release()
    }
  }

  /** Undefined when there is no lease. */
  async #attach(place: LeasePlace, patienceMs: number): Promise<ServerHandle | AttachFailure | undefined> {
    const { log, host = process.pid } = this.#options
    const lease = await readLease(place.leasePath)
    if (lease === undefined || lease === 'broken') return lease && 'absent'
    const password = await this.#secrets.get(place.key, lease.nonce)
    const server = await AttachedServer.attach({ lease, password, log, host, patienceMs })
    if (!(server instanceof AttachedServer)) return server
    log.info(
      `server: using the one that another window started (pid ${lease.server.pid}, port ${lease.port})`,
    )
    if (password === undefined) await this.#secrets.set(place.key, lease.nonce, server.password)
    const { username, port } = lease
    const endpoint = { url: `http://127.0.0.1:${port}`, username, password: server.password }
    return toHandle(server, { endpoint, isAdopted: true, grace: this.#grace })
  }

  /**
   * Makes room for a new lease. A supervisor that is coming to its end is waited for, since it takes provider
   * keys out of data that the next server uses; one that hangs keeps its server and loses its lease.
   */
  async #clear(place: LeasePlace, failure: AttachFailure, signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    const lease = await readLease(place.leasePath)
    if (lease !== undefined && lease !== 'broken') {
      if (failure !== 'silent') await waitForEnd(lease.supervisor, signal)
      if (!(await isRunning(lease.supervisor))) await removeRemains(lease, place, log)
      else
        log.warn(`server: the supervisor ${lease.supervisor.pid} does not answer, so another one is started`)
    }
    log.info('server: removing a lease whose server cannot be used any more')
    await rm(place.leasePath, { force: true })
    await this.#secrets.delete(place.key)
  }

  async #start(place: LeasePlace, binary: Binary, signal: AbortSignal): Promise<ServerHandle> {
    const started = await this.#process.start(binary, signal)
    const lease = await this.#describe(place, binary, started)
    const { password } = started.endpoint
    const { log } = this.#options
    const { leasePath } = place
    const refusal = lease
      ? await started.process.channel.share({ lease, leasePath, password, graceMs: this.#grace.killed })
      : 'Its processes cannot be looked at.'
    if (lease && refusal === undefined) {
      await this.#secrets.set(place.key, lease.nonce, password)
      const { endpoint, gone } = started
      return toHandle(started.process, { endpoint, isAdopted: false, grace: this.#grace, gone })
    }
    log.warn(`server: it is not shared with other windows: ${refusal}`)
    return toPrivateHandle(started)
  }

  async #describe(place: LeasePlace, binary: Binary, started: StartedServer): Promise<Lease | undefined> {
    const { channel } = started.process
    const [supervisor, first] = await Promise.all([started.process.supervisor, channel.spawned])
    // A start script replaces its own command line.
    const server = first && (await describeProcess(first.pid))
    if (!supervisor || !server || server.startTime !== first.startTime) return undefined
    const nonce = randomUUID()
    return {
      protocol: leaseProtocol,
      nonce,
      supervisor,
      server,
      port: started.port,
      username: started.endpoint.username,
      version: binary.version,
      socketPath: place.socketPath(nonce),
      data: place.data,
    }
  }
}

interface SharedProcess {
  readonly channel: SupervisorChannel
  stop(intent?: StopIntent): Promise<void>
  release(): void
}

interface HandleFacts {
  readonly endpoint: Endpoint
  readonly isAdopted: boolean
  readonly grace: Grace
  /** Resolves when nothing about it is written down any more. */
  readonly gone?: Promise<void>
}

function toHandle(server: SharedProcess, { endpoint, isAdopted, grace, gone }: HandleFacts): ServerHandle {
  const { channel } = server
  const sharing: ServerShare = {
    get current() {
      return { windows: channel.windows, isAdopted }
    },
    onDidChange: (listener) => channel.onDidChangeWindows((windows) => listener({ windows, isAdopted })),
  }
  return {
    origin: 'managed',
    endpoint,
    exited: channel.exited,
    sharing,
    setFarewell: (requests) => channel.setFarewell(endpoint, requests),
    stop: async (intent) => {
      channel.setFarewell(endpoint, [])
      await server.stop(intent)
      if (gone) await settlesWithin(gone, recordTimeoutMs)
    },
    leave: (isBusy = false) => {
      channel.send({ type: 'leave', graceMs: isBusy ? grace.busy : grace.idle })
      server.release()
      return Promise.resolve()
    },
  }
}

/** A supervisor that was killed has left its server and its socket. */
async function removeRemains(lease: Lease, place: LeasePlace, log: ClientLog): Promise<void> {
  await endLeftover(lease.server, log)
  if (lease.socketPath === place.socketPath(lease.nonce)) await rm(lease.socketPath, { force: true })
}

async function waitForEnd(supervisor: ProcessIdentity, signal: AbortSignal): Promise<void> {
  const end = Date.now() + endingMs
  while (Date.now() < end && (await isRunning(supervisor))) {
    await sleep(pollMs, undefined, { signal }).catch(() => {
      throw abortedError()
    })
  }
}
