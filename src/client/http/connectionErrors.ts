import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorCode } from '../../opencode/errors.ts'
import { redact } from '../redact.ts'

/** A request that got no answer at all: refused, cut, timed out, not trusted. */
class ConnectionError extends OpencodeError {
  /** What the library said, without secrets. */
  readonly detail: string

  constructor(code: ErrorCode, message: string, cause: unknown, secrets: readonly string[]) {
    super(code, message)
    this.name = 'ConnectionError'
    this.detail = redact(describe(cause), secrets)
  }
}

/**
 * Turns what undici or Node threw into one of ours. The cause itself is not kept: it may hold the request
 * with its headers.
 */
export function toConnectionError(cause: unknown, origin: string, secrets: readonly string[]): OpencodeError {
  if (cause instanceof OpencodeError) return cause
  const [code, message] = isShutOut(cause, origin)
    ? shutOut(origin)
    : explain(errorCode(cause), describe(cause), origin)
  return new ConnectionError(code, message, cause, secrets)
}

function explain(code: string, description: string, origin: string): readonly [ErrorCode, string] {
  if (clientKeyCode.test(code)) {
    return [
      'tls',
      `The key of the client certificate cannot be read (${code}). Check the file and its passphrase.`,
    ]
  }
  if (clientCertificateCode.test(code)) {
    return [
      'tls',
      `${origin} asks for a client certificate, and takes none or not the one of ours (${code}). Set one for this server.`,
    ]
  }
  if (tlsCode.test(code)) {
    return [
      'tls',
      `The certificate of ${origin} is not trusted (${code}). Set a CA file if it is your own server.`,
    ]
  }
  if (/proxy/i.test(description)) {
    return [
      'connection-refused',
      `The proxy did not let the connection to ${origin} through. Check the proxy settings.`,
    ]
  }
  if (unresolvedCodes.has(code)) {
    return ['connection-refused', `The host name of ${origin} cannot be resolved. Check the address.`]
  }
  if (refusedCodes.has(code)) {
    return [
      'connection-refused',
      `Nothing answers at ${origin}. Start the server there, or check the address.`,
    ]
  }
  if (timeoutCodes.has(code)) return ['timeout', `The OpenCode server at ${origin} did not answer in time.`]
  return ['connection-lost', `The connection to the OpenCode server at ${origin} broke off.`]
}

const clientKeyCode = /^ERR_OSSL_|^ERR_TLS_INVALID_CONTEXT$/
/** What a server says that does not like who comes, in the words of TLS 1.2 and 1.3. */
const clientCertificateCode =
  /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN))$/
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/
const refusedCodes = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTDOWN'])
const unresolvedCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'])
const timeoutCodes = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** Some servers only hang up, by TLS 1.3, on who shows no certificate or not the right one. */
function isShutOut(cause: unknown, origin: string): boolean {
  if (!origin.startsWith('https:') || !(cause instanceof Error)) return false
  const { code, socket } = cause as { code?: unknown; socket?: { bytesRead?: unknown } }
  return code === 'UND_ERR_SOCKET' && socket?.bytesRead === 0
}

function shutOut(origin: string): readonly [ErrorCode, string] {
  const message = `The server at ${origin} hung up without an answer. If it asks for a client certificate, set one for this server.`
  return ['connection-lost', message]
}

/** The innermost code: happy-eyeballs and undici wrap the real one. */
function errorCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = inner(at), depth++) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string' && code !== 'UND_ERR_SOCKET' && code !== 'UND_ERR_ABORTED') return code
  }
  return ''
}

function inner(error: Error): unknown {
  const errors = (error as { errors?: unknown }).errors
  return error.cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = errorCode(error)
  return code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
