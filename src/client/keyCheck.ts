import { toErrorInfo } from '../opencode/errors.ts'
import type { ClientLog } from './clientLog.ts'
import { isLoopbackHost } from './endpoint.ts'
import { HttpStatusError } from './http/httpErrors.ts'
import { HttpClient } from './http/httpClient.ts'

/** A request of a provider that costs nothing and needs a key, such as the list of its models. */
export interface KeyCheck {
  readonly url: string
  /** Where the key goes. */
  readonly header: 'authorization' | 'x-api-key' | 'x-goog-api-key'
  readonly headers?: Readonly<Record<string, string>>
}

export type KeyVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' }
  /** For people. */
  | { readonly kind: 'unknown'; readonly reason: string }

export interface KeyCheckOptions {
  readonly log: ClientLog
  readonly proxy?: string
  /** PEM of additional certificate authorities. */
  readonly ca?: string
  readonly signal?: AbortSignal
}

const timeoutMs = 15_000

/** The host that gets to see the key. */
export function hostOf({ url }: KeyCheck): string {
  return new URL(url).host
}

/** Whether a key may travel to this address: encrypted, or without leaving this machine. */
export function isSafeToAsk({ url }: KeyCheck): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

/**
 * Asks the provider itself whether it takes a key. First without one: what anybody may see says nothing of a
 * key. Never rejects; nothing of the key is logged or kept.
 */
export async function checkKey(check: KeyCheck, key: string, options: KeyCheckOptions): Promise<KeyVerdict> {
  if (!isSafeToAsk(check)) return { kind: 'unknown', reason: 'The address of the provider is not encrypted.' }
  const { origin, pathname } = new URL(check.url)
  const { log, proxy, ca, signal } = options
  // As a password the key is blanked in whatever goes wrong; it is sent in its own header alone.
  const endpoint = { url: origin, username: '', password: key, ...(proxy === undefined ? {} : { proxy }) }
  const client = await HttpClient.create({ ...endpoint, ...(ca === undefined ? {} : { ca }) }, log)
  const ask = (headers: Readonly<Record<string, string>>): Promise<number> =>
    statusOf(client, pathname, headers, signal)
  try {
    const withoutKey = await ask({ ...check.headers })
    if (withoutKey < 400) return { kind: 'unknown', reason: 'The provider answers without a key, too.' }
    const value = check.header === 'authorization' ? `Bearer ${key}` : key
    return verdictOf(await ask({ ...check.headers, [check.header]: value }))
  } catch (error) {
    return { kind: 'unknown', reason: toErrorInfo(error).message }
  } finally {
    await client.close()
  }
}

function verdictOf(status: number): KeyVerdict {
  if (status < 300) return { kind: 'accepted' }
  if (status === 401 || status === 403) return { kind: 'refused' }
  return { kind: 'unknown', reason: `The provider answered with HTTP ${status}.` }
}

async function statusOf(
  client: HttpClient,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const request = {
      method: 'GET',
      route: '(key check)',
      path,
      headers,
      anonymous: true,
      timeoutMs,
    } as const
    return (await client.request({ ...request, signal })).status
  } catch (error) {
    if (error instanceof HttpStatusError) return error.status
    throw error
  }
}
