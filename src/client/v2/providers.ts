import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import type { FarewellRequest, ProviderCredential } from '../connection.ts'
import { HttpStatusError } from '../http/httpErrors.ts'
import type { KeyCheck } from '../keyCheck.ts'
import { keyCheckOf } from '../knownKeyChecks.ts'
import { checkProviderID, fingerprint } from '../providerID.ts'
import type {
  LoginMethod,
  LoginPrompt,
  ProviderInfo,
  Providers,
  ProviderSource,
  StartedLogin,
} from '../providers.ts'
import { collect, fields, list, text, word, words } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { unless } from '../unless.ts'
import type { V2Routes } from './routes.ts'

const loginTimeoutMs = 10 * 60_000
const loginCheckMs = 1_000
const attemptRoute = '/api/integration/{id}/connect/oauth/{attempt}'
/** In front of the fingerprint in the label of a key of ours: the only thing of a key that can be read back. */
const ownLabel = 'VS Code '

/**
 * Integrations are what this wire calls providers that one logs in to. A key cannot be read back, so ours carry
 * their fingerprint in their label.
 */
export class V2Providers implements Providers {
  readonly isEffectiveAtOnce = true
  readonly #routes: V2Routes
  /** The login of a provider that is under way: its route. */
  readonly #attempts = new Map<string, string>()
  /** Folders that know of a provider: it may stand in the configuration of one alone. */
  readonly #places = new Map<string, string>()
  /** Where keys of ours are kept, for the farewell. */
  readonly #credentials = new Map<string, string>()

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list(directory: string): Promise<readonly ProviderInfo[]> {
    const [integrations, providers] = await Promise.all([
      this.#routes.at(directory, 'GET', '/api/integration'),
      this.#routes.at(directory, 'GET', '/api/provider'),
    ])
    const usable = new Map(
      list(providers)
        .map(fields)
        .map((item) => [word(item['integrationID']) ?? word(item['id']), item]),
    )
    return collect(integrations, (item) => {
      const wire = fields(item)
      const id = word(wire['id'])
      if (id === undefined) return undefined
      this.#places.set(id, directory)
      const environment = list(wire['methods']).flatMap((method) => words(fields(method)['names']))
      const source = sourceOf(wire) ?? (usable.has(id) ? { kind: 'configuration' as const } : undefined)
      return {
        id,
        name: word(wire['name']) ?? id,
        environment,
        source,
        keyCheck: readKeyCheck(id, usable.get(id)),
      }
    })
  }

  async loginMethods(directory: string): Promise<ReadonlyMap<string, readonly LoginMethod[]>> {
    const integrations = await this.#routes.at(directory, 'GET', '/api/integration')
    return new Map(
      list(integrations).map((item) => [
        text(fields(item)['id']) ?? '',
        readMethods(fields(item)['methods']),
      ]),
    )
  }

  async startLogin(
    directory: string,
    providerID: string,
    method: number,
    answers: Readonly<Record<string, string>>,
  ): Promise<StartedLogin> {
    const wire = await this.#integration(directory, checkProviderID(providerID))
    await this.#cancelLogin(directory, providerID)
    const methodID = word(fields(list(wire?.['methods'])[method])['id'])
    const body = { methodID, ...(Object.keys(answers).length > 0 ? { answer: answers } : {}) }
    const path = `/api/integration/${encodeURIComponent(providerID)}/connect/oauth`
    const route = '/api/integration/{id}/connect/oauth'
    const asked = this.#routes.at(directory, 'POST', route, { path, body })
    const started = fields(await refusedAsLogin(asked, 'OpenCode cannot begin this login.'))
    const attempt = word(started['attemptID'])
    const url = word(started['url'])
    if (attempt === undefined || url === undefined || !/^https?:\/\//.test(url))
      throw new OpencodeError('login-failed', 'The server gave no page to log in with.')
    this.#attempts.set(providerID, `${path}/${encodeURIComponent(attempt)}`)
    return { url, instructions: text(started['instructions']) ?? '', needsCode: started['mode'] === 'code' }
  }

  async finishLogin(
    directory: string,
    providerID: string,
    login: { readonly method: number; readonly code?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const path = this.#attempts.get(providerID)
    if (path === undefined)
      throw new OpencodeError('login-failed', 'The server has forgotten this login. Begin it again.')
    if (login.code !== undefined) {
      const options = { path: `${path}/complete`, body: { code: login.code }, signal }
      const told = this.#routes.at(directory, 'POST', `${attemptRoute}/complete`, options)
      await refusedAsLogin(told, 'The provider did not accept the login. Try it again.')
    }
    try {
      await this.#whenLoggedIn({ directory, path, hasCode: login.code !== undefined }, signal)
    } finally {
      if (signal.aborted) await this.#cancelLogin(directory, providerID)
      else this.#attempts.delete(providerID)
    }
  }

  /** Nobody waits any more for a login that was begun and not finished. */
  async #cancelLogin(directory: string, providerID: string): Promise<void> {
    const path = this.#attempts.get(providerID)
    if (path === undefined) return
    this.#attempts.delete(providerID)
    await this.#routes.at(directory, 'DELETE', attemptRoute, { path }).catch(() => undefined)
  }

  /** An attempt whose code was taken may be forgotten at once. */
  async #whenLoggedIn({ directory, path, hasCode }: Attempt, signal: AbortSignal): Promise<void> {
    const end = performance.now() + loginTimeoutMs
    while (performance.now() < end) {
      const asked = this.#routes.at(directory, 'GET', attemptRoute, { path, signal })
      const found = await (hasCode ? unless('not-found', asked) : asked)
      if (found === undefined) return
      const state = fields(found)
      if (state['status'] === 'complete') return
      if (state['status'] !== 'pending')
        throw new OpencodeError('login-failed', text(state['message']) ?? 'The login failed. Try it again.')
      await sleep(loginCheckMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) throw new OpencodeError('aborted', 'Cancelled.')
    }
    throw new OpencodeError('timeout', 'The login did not end in time. Begin it again.')
  }

  async disconnect(providerID: string): Promise<void> {
    const wire = await this.#integration(this.#places.get(providerID), checkProviderID(providerID))
    const kept = connectionsOf(wire ?? {}).filter(({ type }) => type !== 'env')
    await this.#remove(
      providerID,
      kept.flatMap(({ id }) => word(id) ?? []),
    )
    this.#credentials.delete(providerID)
  }

  async credential(directory: string, providerID: string): Promise<ProviderCredential> {
    const wire = await this.#integration(directory, checkProviderID(providerID))
    if (!wire) return { kind: 'hidden' }
    this.#places.set(providerID, directory)
    const source = sourceOf(wire)
    if (source?.kind === 'environment') return { kind: 'elsewhere' }
    if (!source) return { kind: 'none' }
    this.#remember(providerID, wire)
    return { kind: 'stored', fingerprint: source.kind === 'key' ? source.fingerprint : undefined }
  }

  async setKey(providerID: string, key: string): Promise<void> {
    await this.removeKey(providerID)
    const path = `/api/integration/${encodeURIComponent(checkProviderID(providerID))}/connect/key`
    const body = { key, label: ownLabel + fingerprint(key) }
    const place = this.#places.get(providerID)
    await this.#routes.at(place, 'POST', '/api/integration/{id}/connect/key', { path, body })
    this.#remember(providerID, await this.#integration(place, providerID))
  }

  /** Only keys of ours; the user's own credentials stay. */
  async removeKey(providerID: string): Promise<void> {
    const wire = await this.#integration(this.#places.get(providerID), checkProviderID(providerID))
    await this.#remove(
      providerID,
      ownCredentials(wire ?? {}).map(({ id }) => id),
    )
    this.#credentials.delete(providerID)
  }

  async #remove(providerID: string, ids: readonly string[]): Promise<void> {
    const place = this.#places.get(providerID)
    for (const id of ids) {
      const path = `/api/credential/${encodeURIComponent(id)}`
      await unless('not-found', this.#routes.at(place, 'DELETE', '/api/credential/{id}', { path }))
    }
  }

  farewell(providerKeys: readonly string[]): readonly FarewellRequest[] {
    return providerKeys.flatMap((providerID) => {
      const id = this.#credentials.get(providerID)
      return id === undefined
        ? []
        : [{ method: 'DELETE' as const, path: `/api/credential/${encodeURIComponent(id)}` }]
    })
  }

  #remember(providerID: string, wire: Fields | undefined): void {
    const own = ownCredentials(wire ?? {}).at(-1)
    if (own) this.#credentials.set(providerID, own.id)
  }

  async #integration(directory: string | undefined, id: string): Promise<Fields | undefined> {
    const all = list(await this.#routes.at(directory, 'GET', '/api/integration')).map(fields)
    return all.find((item) => item['id'] === id)
  }
}

interface Attempt {
  readonly directory: string
  readonly path: string
  readonly hasCode: boolean
}

/** Rejects with `login-failed` where the server refuses: a code that is not taken may be entered again. */
async function refusedAsLogin(answer: Promise<unknown>, message: string): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status >= 500) throw error
    throw new OpencodeError('login-failed', message, { cause: error })
  }
}

function readKeyCheck(id: string, provider: Fields | undefined): KeyCheck | undefined {
  const adapter = word(provider?.['package']) ?? ''
  return keyCheckOf(id, adapter, word(fields(provider?.['settings'])['baseURL']))
}

function connectionsOf(integration: Fields): readonly Fields[] {
  return list(integration['connections']).map(fields)
}

function ownCredentials(integration: Fields): readonly { readonly id: string }[] {
  return connectionsOf(integration).flatMap((connection) => {
    const id = word(connection['id'])
    return id !== undefined && fingerprintOf(connection) !== undefined ? [{ id }] : []
  })
}

/** Whether a connection of an integration is a key that we set. */
export function isOwnKey(connection: Fields): boolean {
  return fingerprintOf(connection) !== undefined
}

function fingerprintOf(connection: Fields): string | undefined {
  const label = text(connection['label']) ?? ''
  const found = label.startsWith(ownLabel) ? label.slice(ownLabel.length) : ''
  return /^[0-9a-f]{64}$/.test(found) ? found : undefined
}

/** A key of ours first: beside one of the user's it is the one that we can tell. */
function sourceOf(integration: Fields): ProviderSource | undefined {
  const connections = connectionsOf(integration)
  const keys = connections.filter(({ method }) => method === 'key')
  const own = keys.map(fingerprintOf).find((found) => found !== undefined)
  const [first] = connections
  if (keys.length > 0) return { kind: 'key', fingerprint: keys.length === 1 ? (own ?? '') : '' }
  if (!first) return undefined
  return { kind: first['type'] === 'env' ? 'environment' : 'login' }
}

function readMethods(value: unknown): readonly LoginMethod[] {
  return list(value).flatMap((item, index) => {
    const method = fields(item)
    if (method['type'] !== 'oauth') return []
    const prompts = collect(fields(method['form'])['fields'] ?? method['form'], readPrompt)
    return [{ index, label: word(method['label']) ?? '', prompts }]
  })
}

function readPrompt(value: unknown): LoginPrompt | undefined {
  const field = fields(value)
  const key = word(field['key'])
  if (key === undefined || field['hidden'] === true) return undefined
  const [when] = list(field['when']).map(fields)
  const condition =
    when === undefined
      ? undefined
      : { key: text(when['key']) ?? '', isValue: when['op'] !== 'neq', value: String(when['value']) }
  const base = { key, message: text(field['title']) ?? key, when: condition }
  const options = collect(field['options'], (item) => {
    const option = fields(item)
    const chosen = word(option['value'])
    if (chosen === undefined) return undefined
    return { label: word(option['label']) ?? chosen, value: chosen, hint: word(option['description']) }
  })
  return options.length === 0
    ? { kind: 'text', ...base, placeholder: word(field['placeholder']) }
    : { kind: 'choice', ...base, options }
}
