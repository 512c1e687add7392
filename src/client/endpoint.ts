import { isIP } from 'node:net'
import { OpencodeError } from '../opencode/errors.ts'
import type { PathRule } from './paths/pathMap.ts'

/** A server address as the user typed it, made safe to use. */
export interface ServerUrl {
  /** Origin with a path prefix, if there is one; no credentials, query or trailing slash. */
  readonly url: string
  readonly isLoopback: boolean
  /** Whether the connection is not encrypted. */
  readonly isPlain: boolean
}

/**
 * Reads a server address: `http://` or `https://` with a host; an address without a scheme counts as http.
 * @throws OpencodeError `invalid-argument` with a sentence for the input box.
 */
export function parseServerUrl(text: string): ServerUrl {
  const url = parse(text.trim())
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(`Use an address that starts with http:// or https://, not ${url.protocol}//.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'Leave user name and password out of the address. They are asked for separately and kept safe.',
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalid('Leave everything from "?" or "#" on out of the address.')
  }
  return {
    url: url.origin + url.pathname.replace(/\/+$/, ''),
    isLoopback: isLoopbackHost(url.hostname),
    isPlain: url.protocol === 'http:',
  }
}

/** Whether a host name can only mean this machine. Such traffic never goes through a proxy. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const kind = isIP(host)
  if (kind === 4) return host.startsWith('127.')
  return kind === 6 && (host === '::1' || /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host))
}

function parse(text: string): URL {
  if (text === '')
    throw invalid('Enter the address of an OpenCode server, for example http://127.0.0.1:4096.')
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(withScheme)) {
    throw invalid('This is not an address. Enter something like http://127.0.0.1:4096.')
  }
  return new URL(withScheme)
}

function invalid(message: string): OpencodeError {
  return new OpencodeError('invalid-argument', message)
}

/** Where and how to reach a server. The password lives in this object only while it is used; never log it. */
export interface Endpoint {
  /** `http://` or `https://` origin, no path, no credentials. */
  readonly url: string
  readonly username: string
  readonly password: string
  /** PEM of additional certificate authorities. */
  readonly ca?: string
  /** Who we are to a server that asks for a certificate of its clients. */
  readonly certificate?: ClientCertificate
  /** Proxy URL, or undefined for a direct connection. Loopback never goes through a proxy. */
  readonly proxy?: string
  /** Set when the server sees files under other paths than we do; whoever connects wraps with `mapPaths`. */
  readonly pathRules?: readonly PathRule[]
}

/** PEM of a client certificate and its private key, with the key's passphrase where it has one. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
  readonly passphrase?: string
}
