import { setTimeout as sleep } from 'node:timers/promises'
import { isAbort, OpencodeError } from '../opencode/errors.ts'
import type { Connection, ConnectOptions, Endpoint } from './connection.ts'
import { HttpClient } from './httpClient.ts'
import { isLoopbackHost } from './endpoint.ts'
import { isAtLeast, oldestVersion, parseVersion } from '../opencode/version.ts'

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
    const version = await detect(client, endpoint, options)
    await checkAuthentication(client, endpoint, options)
    options.log.info(`client connected to OpenCode ${version} at ${endpoint.url}`)
    const { V1Connection } = await import('./v1/v1Connection.ts')
    return new V1Connection(client, version, options.log)
  } catch (error) {
    await client.close()
    throw error
  }
}

/** Asks until there is an answer that more patience would not change. */
async function detect(client: HttpClient, endpoint: Endpoint, options: ConnectOptions): Promise<string> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultTotalMs)
  for (let attempt = 0; ; attempt++) {
    try {
      return await identify(client, probeTimeout(endpoint, attempt), options.signal)
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

/** The version of a 1.x server that we speak; throws for anything else. */
async function identify(
  client: HttpClient,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const ask = (route: string): Promise<string | undefined> =>
    readVersion(client, route, { timeoutMs, signal })
  const first = await ask('/global/health')
  if (first !== undefined) return checkFloor(first)
  const second = (await ask('/api/info')) ?? (await ask('/api/health'))
  if (second === undefined) {
    throw new OpencodeError(
      'unsupported',
      `What answers at ${client.url} is not an OpenCode server, or one that is too old. OpenCode ${oldestVersion} or newer is needed.`,
    )
  }
  throw new OpencodeError(
    'unsupported',
    `The server at ${client.url} is OpenCode ${clean(second)}. This version of the extension speaks OpenCode 1.x only.`,
  )
}

interface Probe {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Status 200 proves nothing (unknown routes answer with a web page): only JSON with a version counts. */
async function readVersion(client: HttpClient, route: string, probe: Probe): Promise<string | undefined> {
  try {
    const { body } = await client.request({ method: 'GET', route, maxBytes: 1024 * 1024, ...probe })
    const version =
      typeof body === 'object' && body !== null ? (body as { version?: unknown }).version : undefined
    return typeof version === 'string' && version !== '' ? version : undefined
  } catch (error) {
    const isOther =
      error instanceof OpencodeError && ['unsupported', 'not-found', 'bad-response'].includes(error.code)
    if (isOther) return undefined
    throw error
  }
}

function checkFloor(version: string): string {
  const major = parseVersion(version)?.major
  if (major !== undefined && major > 1) {
    throw new OpencodeError(
      'unsupported',
      `The server is OpenCode ${clean(version)}. This version of the extension speaks OpenCode 1.x only.`,
    )
  }
  if (isAtLeast(version, oldestVersion)) return clean(version)
  throw new OpencodeError(
    'version-too-old',
    `The server is OpenCode ${clean(version)}, which is too old. Update it to OpenCode ${oldestVersion} or newer: run "opencode upgrade".`,
  )
}

/** A server may ignore its password (old ones did) or have none: then anybody on its network can use it. */
async function checkAuthentication(
  client: HttpClient,
  endpoint: Endpoint,
  options: ConnectOptions,
): Promise<void> {
  const isOpen = await answersAnonymously(client, options.signal)
  if (!isOpen) return
  const hint = endpoint.password === '' ? 'has no password' : 'does not check its password'
  options.log.warn(`client the OpenCode server at ${endpoint.url} ${hint}: anybody who reaches it can use it`)
}

async function answersAnonymously(client: HttpClient, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await client.request({
      method: 'GET',
      route: '/global/health',
      anonymous: true,
      timeoutMs: 3_000,
      signal,
    })
    return true
  } catch (error) {
    if (isAbort(error)) throw error
    return false
  }
}

function clean(version: string): string {
  return version.replace(/[^\w.+-]/g, '').slice(0, 40)
}
