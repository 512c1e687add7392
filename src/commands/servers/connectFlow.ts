import * as vscode from 'vscode'
import { connect } from '../../client/connect.ts'
import type { Connection } from '../../client/connection.ts'
import { parseServerUrl } from '../../client/endpoint.ts'
import { OpencodeError, isAbort, toErrorInfo } from '../../opencode/errors.ts'
import type { UrlProfile } from '../../opencode/profile.ts'
import { defaultUsername, endpointOf } from '../../profiles/launchers/url.ts'
import type { TriedSecrets } from '../../profiles/launchers/url.ts'
import { isWithin } from '../../util/paths.ts'
import { checkTrust } from '../../views/backend/serverAccess.ts'
import type { CommandContext } from '../commandSpec.ts'
import { askCertificates } from './certificateFlow.ts'
import { freeName } from './profileNames.ts'
import { agreePaths } from './pathConsent.ts'

const newUrl = 'http://127.0.0.1:4096'

/**
 * Asks for address, user and password of a running server, tries them out, and only then stores anything.
 * `before` is the profile to change; without it a new one is made, or the one of the same address and user is
 * taken. Undefined: the user called it off.
 *
 * @throws OpencodeError `untrusted` in Restricted Mode, or why the server cannot be used
 */
export async function connectFlow(
  context: CommandContext,
  folder: string | undefined,
  before?: UrlProfile,
  proposedUrl: string = before?.url ?? newUrl,
): Promise<UrlProfile | undefined> {
  checkTrust()
  const address = await askAddress(proposedUrl)
  if (!address) return undefined
  const username = await askUsername(before?.username)
  if (username === undefined) return undefined
  const profile = { ...chooseProfile(context, { ...address, username }, before), ...address }
  const login = { profileID: profile.id, url: profile.url, username }
  const stored = await context.credentials.password(login)
  const password = await askPassword(login, stored !== undefined)
  if (password === undefined) return undefined
  const checked = await check(context, folder, {
    profile: { ...profile, username },
    secrets: { password: password === '' ? (stored ?? '') : password },
  })
  if (!checked) return undefined
  await keep(context, checked, before)
  return checked.profile
}

interface Tried {
  readonly profile: UrlProfile
  readonly secrets: TriedSecrets
}

/** Until the server takes us; what it asks for of certificates is asked of the user. */
async function check(
  context: CommandContext,
  folder: string | undefined,
  tried: Tried,
): Promise<Tried | undefined> {
  try {
    const { profile, secrets } = tried
    const connection = await probe(context, { profile: { ...profile, paths: [] }, secrets })
    try {
      if (folder === undefined || covers(profile, folder)) return tried
      const agreed = await agreePaths(connection, folder)
      if (agreed.length === 0) return tried
      return { profile: { ...profile, paths: [...(profile.paths ?? []), ...agreed] }, secrets }
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (isAbort(error)) return undefined
    if (!(error instanceof OpencodeError) || !mayBeCertificates(error, tried.profile)) throw error
    const next = await askCertificates(tried.profile, error.message)
    return (
      next &&
      check(context, folder, { profile: next.profile, secrets: { ...tried.secrets, ...next.secrets } })
    )
  }
}

/** A server may only hang up on who shows no certificate. */
function mayBeCertificates({ code }: OpencodeError, { url }: UrlProfile): boolean {
  return code === 'tls' || (code === 'connection-lost' && url.startsWith('https:'))
}

async function probe(context: CommandContext, { profile, secrets }: Tried): Promise<Connection> {
  const { services, credentials } = context
  const endpoint = await endpointOf(profile, { settings: services.settings, credentials }, secrets)
  services.log.redactor.add(endpoint.password, endpoint.username)
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Connecting to {0}', profile.url),
      cancellable: true,
    },
    async (_, token) => {
      const abort = new AbortController()
      token.onCancellationRequested(() => abort.abort())
      return connect(endpoint, { log: services.log, signal: abort.signal })
    },
  )
}

async function keep(
  { services, credentials }: CommandContext,
  { profile, secrets }: Tried,
  before: UrlProfile | undefined,
): Promise<void> {
  const { id, url, username = defaultUsername } = profile
  if (secrets.password) await credentials.setPassword({ profileID: id, url, username }, secrets.password)
  const keyFile = profile.keyFile ?? profile.certificateFile
  if (secrets.passphrase !== undefined && keyFile !== undefined) {
    await credentials.setPassphrase(id, keyFile, secrets.passphrase)
  }
  const { allowsPlain, ...rest } = profile
  await services.profiles.save({ ...rest, ...(allowsPlain === true ? { allowsPlain } : {}) }, before?.name)
}

/** The one to change, else one that points to the same place, else a new one that is named by its host. */
function chooseProfile(
  { services }: CommandContext,
  wanted: Pick<UrlProfile, 'url'> & { readonly username: string },
  before: UrlProfile | undefined,
): UrlProfile {
  if (before) return before
  const { all } = services.profiles
  const known = all.find(
    (profile): profile is UrlProfile =>
      profile.kind === 'url' &&
      profile.url === wanted.url &&
      (profile.username ?? defaultUsername) === wanted.username,
  )
  if (known) return known
  const name = freeName(all, new URL(wanted.url).host)
  return { kind: 'url', id: `user:${name}`, source: 'user', name, url: wanted.url }
}

function covers({ paths = [] }: UrlProfile, folder: string): boolean {
  return paths.some(({ local }) => isWithin(folder, local))
}

async function askAddress(value: string): Promise<Pick<UrlProfile, 'url' | 'allowsPlain'> | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (1/3): address'),
    prompt: vscode.l10n.t('Address of a running "opencode serve", e.g. http://127.0.0.1:4096'),
    value,
    ignoreFocusOut: true,
    validateInput: (each) => sentenceAgainst(each),
  })
  if (text === undefined) return undefined
  const { url, isLoopback, isPlain } = parseServerUrl(text)
  const allowsPlain = isPlain && !isLoopback
  if (allowsPlain && !(await agreesToPlain(url))) return undefined
  return { url, allowsPlain }
}

async function askUsername(value = defaultUsername): Promise<string | undefined> {
  const username = await vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (2/3): user name'),
    value,
    ignoreFocusOut: true,
  })
  return username === undefined ? undefined : username.trim() || defaultUsername
}

async function askPassword(
  { url, username }: { readonly url: string; readonly username: string },
  isKnown: boolean,
): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Connect to OpenCode server (3/3): password'),
    prompt: isKnown
      ? vscode.l10n.t('Password of {0} at {1}; empty: the one that is stored', username, url)
      : vscode.l10n.t('Password of {0} at {1}; empty: none', username, url),
    password: true,
    ignoreFocusOut: true,
  })
}

async function agreesToPlain(url: string): Promise<boolean> {
  const yes = vscode.l10n.t('Connect unencrypted')
  const question = vscode.l10n.t('Connect to {0} without encryption?', url)
  const detail = vscode.l10n.t(
    'Password, code and answers could be read on the way. Use https where you can.',
  )
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes
}

function sentenceAgainst(value: string): string | undefined {
  try {
    parseServerUrl(value)
    return undefined
  } catch (error) {
    return toErrorInfo(error).message
  }
}
