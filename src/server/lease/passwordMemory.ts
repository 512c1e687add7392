import type { ClientLog } from '../../client/connection.ts'

/** VS Code's SecretStorage. A browser workbench may keep it in memory, and forget it when the window is reloaded. */
export interface LeaseSecrets {
  get(key: string): PromiseLike<string | undefined>
  set(key: string, value: string): PromiseLike<void>
  delete(key: string): PromiseLike<void>
}

/**
 * The passwords of shared servers, each with the nonce of the lease that it belongs to. A keyring that cannot be
 * used costs one question to the supervisor, so its failures are only logged.
 */
export class PasswordMemory {
  readonly #secrets: LeaseSecrets
  readonly #log: ClientLog

  constructor(secrets: LeaseSecrets, log: ClientLog) {
    this.#secrets = secrets
    this.#log = log
  }

  async get(key: string, nonce: string): Promise<string | undefined> {
    const value = await this.#try(() => this.#secrets.get(key))
    return value?.startsWith(`${nonce}:`) === true ? value.slice(nonce.length + 1) : undefined
  }

  async set(key: string, nonce: string, password: string): Promise<void> {
    await this.#try(() => this.#secrets.set(key, `${nonce}:${password}`))
  }

  async delete(key: string): Promise<void> {
    await this.#try(() => this.#secrets.delete(key))
  }

  async #try<T>(step: () => PromiseLike<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      this.#log.warn(`server: the secret storage cannot be used for a shared server: ${String(error)}`)
      return undefined
    }
  }
}
