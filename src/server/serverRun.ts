import type { Connection, Endpoint } from '../client/connection.ts'
import { settlesWithin } from './async.ts'
import { exitError } from './exitError.ts'
import { abortedError } from './launchError.ts'
import type { ServerHandle, ServerLauncher, StopIntent } from './launcher.ts'

/** A server that is up together with our connection to it. */
export interface ServerRun {
  readonly handle: ServerHandle
  readonly connection: Connection
  /** Epoch milliseconds. */
  readonly since: number
  setFarewell(providerKeys: readonly string[]): void
  /** Ends the work in a server of ours, then the server; leaves an attached one. Never rejects. */
  stop(intent?: StopIntent): Promise<void>
  /** Closes the connection and lets go of the server, which may go on for a window that comes at once. Never rejects. */
  leave(isBusy?: boolean): Promise<void>
}

const disposeTimeoutMs = 2000

/** Brings up a server and connects; when the connection fails, the server is ended again, or left to other windows. */
export async function launchRun(
  launcher: ServerLauncher,
  connect: (endpoint: Endpoint, signal: AbortSignal) => Promise<Connection>,
  signal: AbortSignal,
): Promise<ServerRun> {
  const handle = await launcher.launch(signal)
  try {
    const connection = await connectWhileAlive(handle, connect, signal)
    return toRun(handle, connection)
  } catch (error) {
    await (handle.sharing && handle.leave ? handle.leave() : handle.stop())
    throw signal.aborted ? abortedError() : error
  }
}

/** Does not wait for the time limit of the connection when the server has ended meanwhile. */
async function connectWhileAlive(
  handle: ServerHandle,
  connect: (endpoint: Endpoint, signal: AbortSignal) => Promise<Connection>,
  signal: AbortSignal,
): Promise<Connection> {
  const gone = new AbortController()
  let isConnecting = true
  const death = handle.exited.then((exit): never => {
    if (isConnecting) gone.abort()
    throw exitError('The OpenCode server ended while it started', exit)
  })
  death.catch(() => undefined)
  const connecting = connect(handle.endpoint, AbortSignal.any([signal, gone.signal]))
  connecting.then(
    (connection) => (gone.signal.aborted ? connection.close() : undefined),
    () => undefined,
  )
  try {
    return await Promise.race([connecting, death])
  } finally {
    isConnecting = false
  }
}

function toRun(handle: ServerHandle, connection: Connection): ServerRun {
  const isOurs = handle.origin === 'managed'
  const close = (): Promise<void> => connection.close().catch(() => undefined)
  const stop = async (intent?: StopIntent): Promise<void> => {
    // A signal alone would leave running tools behind.
    if (isOurs) await settlesWithin(connection.disposeAll(), disposeTimeoutMs)
    await Promise.all([close(), handle.stop(intent)])
  }
  return {
    handle,
    connection,
    since: Date.now(),
    setFarewell: (providerKeys) => handle.setFarewell(connection.farewell(providerKeys)),
    stop,
    async leave(isBusy) {
      if (handle.leave) await Promise.all([close(), handle.leave(isBusy)])
      else await stop()
    },
  }
}
