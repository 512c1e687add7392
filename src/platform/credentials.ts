import type * as vscode from 'vscode'
import { Emitter } from '../util/event.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Redactor } from './redactor.ts'

/** Who logs in where. A password is given out for just the place that it was entered for. */
export interface ServerLogin {
  readonly profileID: string
  readonly url: string
  readonly username: string
}

/** `lease`: of a server of ours that windows share; belongs to no profile. */
type Kind = 'password' | 'passphrase' | 'provider' | 'lease'

/** Kind of the secret, its profile, and what it is for. */
type SecretName = readonly [kind: Kind, profileID: string, subject: string]

/**
 * Everything of ours in VS Code's SecretStorage, by server profile: passwords of servers, passphrases of
 * client keys, API keys of providers. A secret that the keyring lost reads as undefined. Everything read
 * or stored is made known to the redactor. All windows of the user share what is stored.
 */
export class Credentials implements Disposable {
  readonly #secrets: vscode.SecretStorage
  readonly #redactor: Redactor
  readonly #onDidChangeLogin = new Emitter<string>()
  readonly #onDidChangeProviderKeys = new Emitter<string>()
  readonly #subscription: Disposable
  /** As this window knows them, to tell changes of other windows from its own. */
  readonly #known = new Map<string, string | undefined>()

  /** Fires with the profile whose password or passphrase another window changed or removed. */
  readonly onDidChangeLogin = this.#onDidChangeLogin.event
  /** Fires with the profile whose provider keys changed, here or in another window. */
  readonly onDidChangeProviderKeys = this.#onDidChangeProviderKeys.event

  constructor(secrets: vscode.SecretStorage, redactor: Redactor) {
    this.#secrets = secrets
    this.#redactor = redactor
    this.#subscription = secrets.onDidChange(({ key }) => void this.#changed(key))
  }

  async password(login: ServerLogin): Promise<string | undefined> {
    return this.#read(passwordName(login), login.username)
  }

  async setPassword(login: ServerLogin, password: string): Promise<void> {
    this.#redactor.add(password, login.username)
    await this.#write(passwordName(login), password)
  }

  async removePassword(login: ServerLogin): Promise<void> {
    await this.#write(passwordName(login), undefined)
  }

  /** Of the private key in a file, for the client certificate of a profile. */
  async passphrase(profileID: string, keyFile: string): Promise<string | undefined> {
    return this.#read(['passphrase', profileID, keyFile])
  }

  async setPassphrase(profileID: string, keyFile: string, passphrase: string): Promise<void> {
    this.#redactor.add(passphrase)
    await this.#write(['passphrase', profileID, keyFile], passphrase)
  }

  /** Ids of the providers that a profile has keys for. */
  async providers(profileID: string): Promise<readonly string[]> {
    const names = await this.#names()
    return names.flatMap(([kind, id, provider]) =>
      kind === 'provider' && id === profileID ? [provider] : [],
    )
  }

  async providerKey(profileID: string, providerID: string): Promise<string | undefined> {
    return this.#read(['provider', profileID, providerID])
  }

  async setProviderKey(profileID: string, providerID: string, key: string): Promise<void> {
    this.#redactor.add(key)
    await this.#write(['provider', profileID, providerID], key)
  }

  async removeProviderKey(profileID: string, providerID: string): Promise<void> {
    await this.#write(['provider', profileID, providerID], undefined)
  }

  /** The passwords of servers of ours that windows share; they are worth nothing when the server has ended. */
  readonly leases = {
    get: (key: string): Promise<string | undefined> => this.#read(['lease', '', key]),
    set: (key: string, value: string): Promise<void> => this.#write(['lease', '', key], value),
    delete: (key: string): Promise<void> => this.#write(['lease', '', key], undefined),
  }

  /** Removes every secret of a profile, because the profile is removed. */
  async forget(profileID: string): Promise<void> {
    for (const name of await this.#names()) if (name[1] === profileID) await this.#write(name, undefined)
  }

  /** Hands the secrets of a profile to another, because it is called differently now. */
  async move(from: string, to: string): Promise<void> {
    for (const name of await this.#names()) {
      const [kind, id, subject] = name
      if (id !== from) continue
      await this.#write([kind, to, subject], await this.#read(name))
      await this.#write(name, undefined)
    }
  }

  /**
   * Removes all secrets of the user, for all profiles and all windows. Leases stay: servers that run now need
   * them to be found again, and they end with them.
   */
  async forgetAll(): Promise<void> {
    for (const key of await this.#userKeys()) {
      this.#known.set(key, undefined)
      await this.#secrets.delete(key)
    }
  }

  /** How many secrets `forgetAll` would remove. */
  async count(): Promise<number> {
    return (await this.#userKeys()).length
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#onDidChangeLogin.dispose()
    this.#onDidChangeProviderKeys.dispose()
  }

  async #read(name: SecretName, username?: string): Promise<string | undefined> {
    const key = JSON.stringify(name)
    const secret = await this.#secrets.get(key)
    this.#known.set(key, secret)
    if (secret) this.#redactor.add(secret, username)
    return secret
  }

  async #write(name: SecretName, secret: string | undefined): Promise<void> {
    const key = JSON.stringify(name)
    this.#known.set(key, secret)
    await (secret === undefined ? this.#secrets.delete(key) : this.#secrets.store(key, secret))
  }

  async #userKeys(): Promise<readonly string[]> {
    return (await this.#secrets.keys()).filter((key) => readName(key)?.[0] !== 'lease')
  }

  async #names(): Promise<readonly SecretName[]> {
    return (await this.#secrets.keys()).map(readName).filter((name) => name !== undefined)
  }

  async #changed(key: string): Promise<void> {
    const name = readName(key)
    if (!name || name[0] === 'lease') return
    const [kind, profileID] = name
    if (kind === 'provider') {
      this.#onDidChangeProviderKeys.fire(profileID)
      return
    }
    const isKnown = this.#known.has(key)
    const before = this.#known.get(key)
    const secret = await this.#read(name)
    if (!isKnown || secret !== before) this.#onDidChangeLogin.fire(profileID)
  }
}

function passwordName({ profileID, url, username }: ServerLogin): SecretName {
  return ['password', profileID, `${username}@${url}`]
}

function readName(key: string): SecretName | undefined {
  try {
    const value: unknown = JSON.parse(key)
    return isName(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isName(value: unknown): value is SecretName {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [kind] = value as readonly unknown[]
  return (
    value.every((part) => typeof part === 'string') &&
    (kind === 'password' || kind === 'passphrase' || kind === 'provider' || kind === 'lease')
  )
}
