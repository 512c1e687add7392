import type * as vscode from 'vscode'
import { Emitter } from '../util/event.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Redactor } from './redactor.ts'

const indexKey = 'index'
const serverPrefix = 'server:'
const providerPrefix = 'provider:'

/**
 * Server passwords (one per server and user) and provider API keys in VS Code's SecretStorage. A secret
 * that the keyring lost reads as undefined. Everything read or stored is made known to the redactor.
 */
export class Credentials implements Disposable {
  readonly #secrets: vscode.SecretStorage
  readonly #redactor: Redactor
  readonly #onDidChangeProviderKeys = new Emitter<undefined>()
  readonly #subscription: Disposable
  #writing: Promise<unknown> = Promise.resolve()

  /** Fires when the set of provider keys changes, here or in another window. */
  readonly onDidChangeProviderKeys = this.#onDidChangeProviderKeys.event

  constructor(secrets: vscode.SecretStorage, redactor: Redactor) {
    this.#secrets = secrets
    this.#redactor = redactor
    this.#subscription = secrets.onDidChange(({ key }) => {
      if (key === indexKey) this.#onDidChangeProviderKeys.fire(undefined)
    })
  }

  async serverPassword(url: string, username: string): Promise<string | undefined> {
    return this.#read(serverKey(url, username), username)
  }

  async setServerPassword(url: string, username: string, password: string): Promise<void> {
    this.#redactor.add(password, username)
    await this.#secrets.store(serverKey(url, username), password)
  }

  async removeServerPassword(url: string, username: string): Promise<void> {
    await this.#secrets.delete(serverKey(url, username))
  }

  /** Ids of the providers that have a key here. */
  async providers(): Promise<readonly string[]> {
    return readIndex(await this.#secrets.get(indexKey))
  }

  async providerKey(providerID: string): Promise<string | undefined> {
    return this.#read(providerPrefix + providerID)
  }

  async setProviderKey(providerID: string, key: string): Promise<void> {
    this.#redactor.add(key)
    await this.#secrets.store(providerPrefix + providerID, key)
    await this.#changeIndex((providers) => [...providers.filter((id) => id !== providerID), providerID])
  }

  async removeProviderKey(providerID: string): Promise<void> {
    await this.#secrets.delete(providerPrefix + providerID)
    await this.#changeIndex((providers) => providers.filter((id) => id !== providerID))
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#onDidChangeProviderKeys.dispose()
  }

  async #read(key: string, username?: string): Promise<string | undefined> {
    const secret = await this.#secrets.get(key)
    if (secret) this.#redactor.add(secret, username)
    return secret
  }

  /** One change after the other, so that two at once do not lose an entry. */
  async #changeIndex(change: (providers: readonly string[]) => readonly string[]): Promise<void> {
    const run = async (): Promise<void> => {
      await this.#secrets.store(indexKey, JSON.stringify(change(await this.providers())))
    }
    const next = this.#writing.then(run, run)
    this.#writing = next
    await next
  }
}

function serverKey(url: string, username: string): string {
  return `${serverPrefix}${username}@${url}`
}

function readIndex(text: string | undefined): readonly string[] {
  if (!text) return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}
