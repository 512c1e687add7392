import type { Endpoint } from '../client/connection.ts'
import type { UrlProfile } from '../opencode/profile.ts'
import { isRecord } from '../platform/storage.ts'
import type { StoredValue } from '../platform/storage.ts'
import type { ServerLauncher } from '../server/launcher.ts'
import { createLauncher } from './launchers/index.ts'
import type { LauncherContext } from './launchers/index.ts'
import { endpointOf } from './launchers/url.ts'
import { thisMachine, thisMachineID } from './thisMachine.ts'

/** A server that somebody else runs. The password is not part of it: it stands in the SecretStorage. */
export interface AttachTarget {
  readonly url: string
  readonly username: string
  /** The user agreed that the password travels unencrypted to another machine. */
  readonly allowsPlain: boolean
}

/** Which server this window uses, and how it is brought up. Remembers one to connect to per workspace. */
export class ServerTarget {
  readonly #context: LauncherContext
  readonly #stored: StoredValue

  constructor(context: LauncherContext, stored: StoredValue) {
    this.#context = context
    this.#stored = stored
  }

  /** Undefined: a server of our own. */
  get attached(): AttachTarget | undefined {
    return readTarget(this.#stored.get()) ?? this.#fromSettings()
  }

  async remember(target: AttachTarget | undefined): Promise<void> {
    await this.#stored.set(target)
  }

  /** What to do about a server's address of the settings is for the user to change. */
  get isFromSettings(): boolean {
    return readTarget(this.#stored.get()) === undefined && this.#fromSettings() !== undefined
  }

  /** @throws OpencodeError `consent-required` for plain http to another machine without consent */
  async endpoint(target: AttachTarget, password?: string): Promise<Endpoint> {
    return endpointOf(profileOf(target), this.#context, password === undefined ? {} : { password })
  }

  launcher(): ServerLauncher {
    const target = this.attached
    return createLauncher(target ? profileOf(target) : thisMachine(), this.#context)
  }

  #fromSettings(): AttachTarget | undefined {
    const { serverUrl, serverUsername } = this.#context.settings
    const url = serverUrl.value
    return url ? { url, username: serverUsername.value, allowsPlain: false } : undefined
  }
}

function profileOf(target: AttachTarget): UrlProfile {
  return { kind: 'url', id: thisMachineID, name: target.url, source: 'user', ...target }
}

function readTarget(value: unknown): AttachTarget | undefined {
  if (!isRecord(value)) return undefined
  const { url, username, allowsPlain } = value
  if (typeof url !== 'string' || typeof username !== 'string') return undefined
  return { url, username, allowsPlain: allowsPlain === true }
}
