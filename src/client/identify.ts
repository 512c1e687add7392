import { OpencodeError } from '../opencode/errors.ts'
import { isAtLeast, oldestVersion, oldestVersion2, parseVersion } from '../opencode/version.ts'
import { fields } from './reading.ts'
import type { HttpClient } from './http/httpClient.ts'

export interface Question {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** What answers at an address, and which of the two lines it belongs to. */
export interface Identity {
  readonly wire: 1 | 2
  readonly version: string
  /** Of the server, where it says so. */
  readonly pid?: number
}

/**
 * Which server of which wire answers, without retries. Each wire tells its version at a place of its own, and what
 * is not JSON with a version there counts as nothing: 1.x has a health route below `/api` too, of an older dialect,
 * and 2.x answers what it does not know with a web page.
 * @throws OpencodeError `version-too-old`, `unsupported` for anything else that answers, or why nothing does
 */
export async function identify(client: HttpClient, question: Question): Promise<Identity> {
  const ask = (route: string): Promise<Answer | undefined> => readVersion(client, route, question)
  const first = await ask('/global/health')
  if (first !== undefined) return checkFirst(first.version)
  const second = await ask('/api/info')
  if (second !== undefined) return checkSecond(second)
  const early = await ask('/api/health')
  if (early !== undefined) throw refusalOfEarly(early.version)
  throw new OpencodeError(
    'unsupported',
    `What answers at ${client.url} is not an OpenCode server, or one that is too old. OpenCode ${oldestVersion} or newer is needed.`,
  )
}

/** Whether a server answers without any credentials. Rejects when it does not answer at all. */
export async function answersAnybody(
  client: HttpClient,
  question: Question & { readonly wire?: 1 | 2 },
): Promise<boolean> {
  const { wire = 1, ...rest } = question
  const route = wire === 2 ? '/api/info' : '/global/health'
  try {
    await client.request({ method: 'GET', route, anonymous: true, ...rest })
    return true
  } catch (error) {
    if (error instanceof OpencodeError && ['unauthorized', 'forbidden'].includes(error.code)) return false
    throw error
  }
}

interface Answer {
  readonly version: string
  readonly pid?: number
}

/** Status 200 proves nothing (unknown routes answer with a web page): only JSON with a version counts. */
async function readVersion(
  client: HttpClient,
  route: string,
  question: Question,
): Promise<Answer | undefined> {
  try {
    const { body } = await client.request({ method: 'GET', route, maxBytes: 1024 * 1024, ...question })
    const { version, pid } = fields(body)
    if (typeof version !== 'string' || version === '') return undefined
    return { version, ...(typeof pid === 'number' ? { pid } : {}) }
  } catch (error) {
    const isOther =
      error instanceof OpencodeError && ['unsupported', 'not-found', 'bad-response'].includes(error.code)
    if (isOther) return undefined
    throw error
  }
}

function checkFirst(version: string): Identity {
  const major = parseVersion(version)?.major
  if (major !== undefined && major > 1) {
    throw new OpencodeError(
      'unsupported',
      `The server is OpenCode ${clean(version)}, which answers like OpenCode 1.x. That is a mixture this extension does not know.`,
    )
  }
  if (isAtLeast(version, oldestVersion)) return { wire: 1, version: clean(version) }
  throw new OpencodeError(
    'version-too-old',
    `The server is OpenCode ${clean(version)}, which is too old. Update it to OpenCode ${oldestVersion} or newer: run "opencode upgrade".`,
  )
}

/** The first releases of 2.x had other routes and fields. */
function checkSecond({ version, ...rest }: Answer): Identity {
  if (isAtLeast(version, oldestVersion2)) return { ...rest, wire: 2, version: clean(version) }
  throw tooOldSecond(version)
}

/** Only those first releases tell their version at the place of their health. */
function refusalOfEarly(version: string): OpencodeError {
  if (!isAtLeast(version, oldestVersion2)) return tooOldSecond(version)
  return new OpencodeError(
    'unsupported',
    `The server is OpenCode ${clean(version)}, which answers like OpenCode 2.0.0. That is a mixture this extension does not know.`,
  )
}

function tooOldSecond(version: string): OpencodeError {
  return new OpencodeError(
    'version-too-old',
    `The server is OpenCode ${clean(version)}, which is too old. Update it to OpenCode ${oldestVersion2} or newer: run "opencode upgrade".`,
  )
}

function clean(version: string): string {
  return version.replace(/[^\w.+-]/g, '').slice(0, 40)
}
