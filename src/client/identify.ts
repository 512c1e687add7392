import { OpencodeError } from '../opencode/errors.ts'
import { isAtLeast, oldestVersion, parseVersion } from '../opencode/version.ts'
import type { HttpClient } from './httpClient.ts'

export interface Question {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * The version of a 1.x server that we speak, without retries.
 * @throws OpencodeError `version-too-old`, `unsupported` for anything else that answers, or why nothing does
 */
export async function identify(client: HttpClient, question: Question): Promise<string> {
  const ask = (route: string): Promise<string | undefined> => readVersion(client, route, question)
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

/** Whether a server answers without any credentials. Rejects when it does not answer at all. */
export async function answersAnybody(client: HttpClient, question: Question): Promise<boolean> {
  try {
    await client.request({ method: 'GET', route: '/global/health', anonymous: true, ...question })
    return true
  } catch (error) {
    if (error instanceof OpencodeError && ['unauthorized', 'forbidden'].includes(error.code)) return false
    throw error
  }
}

/** Status 200 proves nothing (unknown routes answer with a web page): only JSON with a version counts. */
async function readVersion(
  client: HttpClient,
  route: string,
  question: Question,
): Promise<string | undefined> {
  try {
    const { body } = await client.request({ method: 'GET', route, maxBytes: 1024 * 1024, ...question })
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

function clean(version: string): string {
  return version.replace(/[^\w.+-]/g, '').slice(0, 40)
}
