import { setTimeout as sleep } from 'node:timers/promises'
import { isAbort, OpencodeError } from '../opencode/errors.ts'
import type { Connection, ConnectOptions, Endpoint } from './connection.ts'
import { HttpClient } from './http/httpClient.ts'
import { isLoopbackHost } from './endpoint.ts'
import { answersAnybody, identify } from './identify.ts'
import type { Identity } from './identify.ts'

const defaultTotalMs = 15_000
const pauseMs = 200

/**
 * Finds out what answers at an endpoint and connects to it. A server that is still starting is waited for.
 * @throws OpencodeError `unauthorized`, `version-too-old`, `unsupported`, `connection-refused`, `tls`,
 * `redirect-refused`, `timeout`, `aborted` …
 */
export async function connect(endpoint: Endpoint, options: ConnectOptions): Promise<Connection> {
  const client = await HttpClient.create(endpoint, options.log, options.metrics)
  try {
    const { wire, version } = await detect(client, endpoint, options)
    await checkAuthentication(client, endpoint, { ...options, wire })
    options.log.info(`client connected to OpenCode ${version} at ${endpoint.url}`)
    if (wire === 2) {
      const { V2Connection } = await import('./v2/v2Connection.ts')
      return new V2Connection(client, version, options.log)
    }
    const { V1Connection } = await import('./v1/v1Connection.ts')
    return new V1Connection(client, version, options.log)
  } catch (error) {
    await client.close()
    throw error
  }
}

/** Asks until there is an answer that more patience would not change. */
async function detect(client: HttpClient, endpoint: Endpoint, options: ConnectOptions): Promise<Identity> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultTotalMs)
  for (let attempt = 0; ; attempt++) {
    try {
      return await identify(client, { timeoutMs: probeTimeout(endpoint, attempt), signal: options.signal })
    } catch (error) {
      const left = deadline - performance.now()
      if (!isTemporary(error) || left <= pauseMs) throw error
      options.log.debug(
        `client probe ${attempt + 1} of ${endpoint.url} failed (${(error as OpencodeError).code})`,
      )
      await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined)
      if (options.signal?.aborted === true) throw new OpencodeError('aborted', 'Cancelled.')
    }
  }
}

/**
 * A 1.x server that is starting accepts its first request and never answers it, so probes are short; far
 * servers get more time from one attempt to the next.
 */
function probeTimeout(endpoint: Endpoint, attempt: number): number {
  if (isLoopbackHost(new URL(endpoint.url).hostname)) return 1_000
  return Math.min(3_000 + attempt * 1_000, 8_000)
}

function isTemporary(error: unknown): boolean {
  if (!(error instanceof OpencodeError) || isAbort(error)) return false
  return ['connection-refused', 'connection-lost', 'timeout', 'server-error', 'rate-limited'].includes(
    error.code,
  )
}

/** A server may ignore its password (old ones did) or have none: then anybody on its network can use it. */
async function checkAuthentication(
  client: HttpClient,
  endpoint: Endpoint,
  options: ConnectOptions & Pick<Identity, 'wire'>,
): Promise<void> {
  const isOpen = await answersAnonymously(client, options.wire, options.signal)
  if (!isOpen) return
  const hint = endpoint.password === '' ? 'has no password' : 'does not check its password'
  options.log.warn(`client the OpenCode server at ${endpoint.url} ${hint}: anybody who reaches it can use it`)
}

async function answersAnonymously(
  client: HttpClient,
  wire: 1 | 2,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return await answersAnybody(client, { timeoutMs: 3_000, signal, wire })
  } catch (error) {
    if (isAbort(error)) throw error
    return false
  }
}
