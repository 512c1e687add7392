import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as vscode from 'vscode'
import type { Endpoint } from '../../client/connection.ts'
import { parseServerUrl } from '../../client/endpoint.ts'
import type { ServerUrl } from '../../client/endpoint.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { UrlProfile } from '../../opencode/profile.ts'
import { AttachLauncher } from '../../server/attachLauncher.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import type { LauncherContext } from './launcherContext.ts'

/** User name of a server whose profile names none. */
export const defaultUsername = 'opencode'

/** A server that somebody else runs. */
export function createUrlLauncher(profile: UrlProfile, context: LauncherContext): ServerLauncher {
  return {
    origin: 'attached',
    launch: async (signal) => new AttachLauncher(await endpointOf(profile, context)).launch(signal),
  }
}

/** Secrets that are not stored yet, to try them out. */
export interface TriedSecrets {
  readonly password?: string
  readonly passphrase?: string
}

/**
 * Where a profile points to, with its secrets and certificates.
 *
 * @throws OpencodeError `consent-required` for plain http to another machine without consent, `tls` for a
 * certificate file that cannot be read
 */
export async function endpointOf(
  profile: UrlProfile,
  { settings, credentials }: Pick<LauncherContext, 'settings' | 'credentials'>,
  tried: TriedSecrets = {},
): Promise<Endpoint> {
  const { url, isLoopback } = checkedUrl(profile)
  const username = profile.username ?? defaultUsername
  const login = { profileID: profile.id, url, username }
  const proxy = isLoopback ? undefined : (profile.proxy ?? settings.effectiveProxy)
  return {
    url,
    username,
    password: tried.password ?? (await credentials.password(login)) ?? '',
    ...(await readAuthorities([settings.caFile.value, profile.caFile ?? ''])),
    ...(await readCertificate(profile, credentials, tried.passphrase)),
    ...(proxy === undefined ? {} : { proxy }),
    pathRules: (profile.paths ?? []).map(({ local, remote }) => ({ host: local, server: remote })),
  }
}

function checkedUrl(profile: UrlProfile): ServerUrl {
  const parsed = parseServerUrl(profile.url)
  if (!parsed.isPlain || parsed.isLoopback || profile.allowsPlain === true) return parsed
  throw new OpencodeError(
    'consent-required',
    vscode.l10n.t('{0} is not encrypted. Run "Connect to Server…" to agree to it, or use https.', parsed.url),
  )
}

async function readAuthorities(files: readonly string[]): Promise<Pick<Endpoint, 'ca'>> {
  const authorities = await Promise.all(files.map(readPem))
  const ca = authorities.filter((pem) => pem !== '').join('\n')
  return ca === '' ? {} : { ca }
}

async function readCertificate(
  { id, certificateFile, keyFile }: UrlProfile,
  credentials: LauncherContext['credentials'],
  tried: string | undefined,
): Promise<Pick<Endpoint, 'certificate'>> {
  if (certificateFile === undefined) return {}
  const [cert, key] = await Promise.all([readPem(certificateFile), readPem(keyFile ?? certificateFile)])
  const passphrase = tried ?? (await credentials.passphrase(id, keyFile ?? certificateFile))
  return { certificate: { cert, key, ...(passphrase === undefined ? {} : { passphrase }) } }
}

/** The empty text for the empty path. */
async function readPem(path: string): Promise<string> {
  if (path === '') return ''
  try {
    return await readFile(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, 'utf8')
  } catch (cause) {
    throw new OpencodeError('tls', vscode.l10n.t('The certificate file {0} cannot be read.', path), { cause })
  }
}
