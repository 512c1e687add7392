import { createHash } from 'node:crypto'
import type { Connection } from '../client/connection.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import type { Credentials } from '../platform/credentials.ts'
import type { Log } from '../platform/log.ts'
import type { ServerManager } from '../server/serverManager.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'

const quickCheckMs = 1_200
const patientCheckMs = 6_000

/** Whose key a server holds for a provider, as far as we can tell. */
export type KeyOwner = 'nobody' | 'us' | 'user'

/**
 * Gives the stored provider keys to each server that we connect to, and takes them out again when we
 * leave. A key that the user gave to OpenCode by other means is never replaced or removed here.
 */
export class ProviderKeys implements Disposable {
  readonly #credentials: Credentials
  readonly #server: ServerManager
  readonly #log: Log
  readonly #profileID: string
  readonly #directory: () => string
  readonly #store = new DisposableStore()
  /** The providers whose key of ours the present server holds. */
  readonly #given = new Set<string>()
  /** Keys that are just being given must have arrived before they are taken back. */
  #giving: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly credentials: Credentials
    readonly server: ServerManager
    readonly log: Log
    /** Whose keys these are. */
    readonly profileID: string
    /** A directory that the server can work in. */
    readonly directory: () => string
  }) {
    this.#credentials = options.credentials
    this.#server = options.server
    this.#log = options.log
    this.#profileID = options.profileID
    this.#directory = options.directory
    this.#store.add(options.server.addStopTask((connection) => this.#takeBack(connection, quickCheckMs)))
  }

  /**
   * Called with a new connection before anything else uses it. Never rejects: a server without our keys
   * is still worth having.
   */
  giveAll(connection: Connection): Promise<void> {
    this.#given.clear()
    this.#giving = this.#giveStored(connection)
    return this.#giving
  }

  /** Sets one key now; whoever calls has asked about a key that the server may have. */
  async give(connection: Connection, providerID: string, key: string): Promise<void> {
    this.#given.add(providerID)
    this.#server.setFarewell([...this.#given])
    await connection.setProviderKey(providerID, key)
    // Only now some servers can say how the key is taken out again.
    this.#server.setFarewell([...this.#given])
  }

  /** Takes one key of ours out of the server. False: what it holds is not ours. */
  async take(connection: Connection, providerID: string, key: string): Promise<boolean> {
    const owner = await this.ownerOf(connection, providerID, key)
    const isOurs =
      owner === 'us' ||
      (owner === 'user' && this.#given.has(providerID) && !(await this.#isForeign(connection, providerID)))
    if (isOurs) await connection.removeProviderKey(providerID)
    this.#given.delete(providerID)
    this.#server.setFarewell([...this.#given])
    return isOurs
  }

  async ownerOf(connection: Connection, providerID: string, key: string | undefined): Promise<KeyOwner> {
    const credential = await connection.providerCredential(this.#directory(), providerID)
    if (credential.kind === 'hidden') return 'user'
    if (credential.kind !== 'stored') return 'nobody'
    return key !== undefined && credential.fingerprint === fingerprint(key) ? 'us' : 'user'
  }

  /** Takes all our keys out of the present server, when we leave it. `isQuick`: the window is closing. */
  async withdraw(isQuick = false): Promise<void> {
    const { connection } = this.#server
    if (!connection) return
    await this.#takeBack(connection, isQuick ? quickCheckMs : patientCheckMs).catch((error: unknown) => {
      this.#log.warn(`keys: a key could not be taken out of the server: ${toErrorInfo(error).message}`)
    })
  }

  /**
   * Called when we leave a server that others use, or that waits for us to come back: its supervisor takes our keys
   * out after the last window, but not one that the user has put in the place of ours meanwhile. `isQuick`: the
   * window is closing.
   */
  async entrust(isQuick = false): Promise<void> {
    const checkMs = isQuick ? quickCheckMs : patientCheckMs
    const { connection } = this.#server
    if (!connection) return
    await within(this.#giving, checkMs, undefined)
    await Promise.all(
      [...this.#given].map(async (providerID) => {
        if (await within(this.#isForeign(connection, providerID), checkMs, false)) {
          this.#given.delete(providerID)
        }
      }),
    )
    this.#server.setFarewell([...this.#given])
  }

  /** Takes keys out of the server that another window has removed from the storage. Never rejects. */
  async dropRemoved(): Promise<void> {
    const { connection } = this.#server
    const stored = new Set(await this.#credentials.providers(this.#profileID))
    for (const providerID of [...this.#given]) {
      if (!connection || stored.has(providerID)) continue
      this.#given.delete(providerID)
      await connection.removeProviderKey(providerID).catch((error: unknown) => {
        this.#log.warn(`keys: a key could not be taken out of the server: ${toErrorInfo(error).message}`)
      })
    }
    this.#server.setFarewell([...this.#given])
  }

  dispose(): void {
    this.#store.dispose()
  }

  async #giveStored(connection: Connection): Promise<void> {
    for (const providerID of await this.#credentials.providers(this.#profileID)) {
      try {
        await this.#giveOne(connection, providerID)
      } catch (error) {
        const reason = toErrorInfo(error).message
        this.#log.warn(`keys: the key of ${providerID} could not be given to the server: ${reason}`)
      }
    }
    this.#server.setFarewell([...this.#given])
  }

  async #giveOne(connection: Connection, providerID: string): Promise<void> {
    const key = await this.#credentials.providerKey(this.#profileID, providerID)
    if (!key) return
    const owner = await this.ownerOf(connection, providerID, key)
    if (owner === 'user') {
      this.#log.info(`keys: OpenCode has a key of its own for ${providerID}; it stays as it is`)
      return
    }
    if (this.#server.connection !== connection) return
    this.#given.add(providerID)
    this.#server.setFarewell([...this.#given])
    if (owner === 'nobody') await connection.setProviderKey(providerID, key)
  }

  /** A key that cannot be looked at in time is taken for ours, since we put it there. */
  async #takeBack(connection: Connection, checkMs: number): Promise<void> {
    await within(this.#giving, checkMs, undefined)
    const given = [...this.#given]
    this.#given.clear()
    await Promise.all(
      given.map(async (providerID) => {
        const isForeign = await within(this.#isForeign(connection, providerID), checkMs, false)
        if (!isForeign) await connection.removeProviderKey(providerID)
      }),
    )
    this.#server.setFarewell([])
  }

  /** Whether the user has put another key in the place of ours meanwhile. */
  async #isForeign(connection: Connection, providerID: string): Promise<boolean> {
    const key = await this.#credentials.providerKey(this.#profileID, providerID)
    const credential = await connection.providerCredential(this.#directory(), providerID)
    if (!key || credential.kind !== 'stored' || credential.fingerprint === undefined) return false
    return credential.fingerprint !== fingerprint(key)
  }
}

function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

async function within<T>(promise: Promise<T>, timeoutMs: number, otherwise: T): Promise<T> {
  const timeout = new Promise<T>((resolve) => setTimeout(() => resolve(otherwise), timeoutMs).unref())
  return Promise.race([promise.catch(() => otherwise), timeout])
}
