import * as tls from 'node:tls'
import { Agent, ProxyAgent } from 'undici'
import type { Dispatcher } from 'undici'
import type { ClientCertificate, Endpoint } from '../endpoint.ts'
import { isLoopbackHost } from '../endpoint.ts'

/**
 * The only file that loads undici. It MUST be imported with `import()`: evaluating undici takes some 40 ms
 * that activation should not pay.
 *
 * The dispatcher belongs to one server and is passed to each request; the process-wide one stays untouched.
 */
export function createDispatcher(endpoint: Endpoint): Dispatcher {
  const options = {
    connections: 24,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
    connect: connectOptions(endpoint),
  }
  const proxy = proxyFor(endpoint)
  if (proxy === undefined) return new Agent(options)
  // Our certificate is for the server alone, not for a proxy on the way.
  return new ProxyAgent({
    ...options,
    uri: proxy,
    requestTls: options.connect,
    proxyTls: authorityOptions(endpoint),
  })
}

const connectTimeoutMs = 10_000

type ConnectOptions = AuthorityOptions & Partial<ClientCertificate>

interface AuthorityOptions {
  readonly timeout: number
  readonly ca?: string[]
}

function connectOptions(endpoint: Endpoint): ConnectOptions {
  return { ...authorityOptions(endpoint), ...endpoint.certificate }
}

function authorityOptions({ ca }: Endpoint): AuthorityOptions {
  return { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca: [...defaultAuthorities(), ca] }) }
}

/** Naming `ca` replaces Node's own list, so the usual authorities are named too. */
function defaultAuthorities(): readonly string[] {
  const read = (tls as { getCACertificates?: (kind: 'default') => string[] }).getCACertificates
  return read === undefined ? tls.rootCertificates : read('default')
}

function proxyFor(endpoint: Endpoint): string | undefined {
  if (endpoint.proxy === undefined || endpoint.proxy === '') return undefined
  return isLoopbackHost(new URL(endpoint.url).hostname) ? undefined : endpoint.proxy
}
