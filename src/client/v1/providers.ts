import { checkProviderID, fingerprint } from '../providerID.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { HttpStatusError } from '../http/httpErrors.ts'
import type { KeyCheck } from '../keyCheck.ts'
import { keyCheckOf } from '../knownKeyChecks.ts'
import type {
  LoginMethod,
  LoginPrompt,
  ProviderInfo,
  ProviderSource,
  Providers,
  StartedLogin,
} from '../providers.ts'
import { credentialCheckDirectory } from './directory.ts'
import { collect, fields, list, text, word, words } from '../reading.ts'
import { unless } from '../unless.ts'
import type { V1Routes } from './routes.ts'
import { loose } from './wire.ts'
import type { WireProvider } from './wire.ts'

const loginTimeoutMs = 10 * 60_000

/** Providers over the 1.x wire. A login that was begun is remembered by the instance of its directory. */
export class V1Providers implements Providers {
  readonly isEffectiveAtOnce = false
  readonly #routes: V1Routes
  #lastLook = 0

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  /** A loaded instance shows the credentials of its own start, so a fresh one is asked; see `providerCredential`. */
  async list(directory: string): Promise<readonly ProviderInfo[]> {
    const place = credentialCheckDirectory(directory, `${Date.now()}-list-${++this.#lastLook}`)
    try {
      const usable = await this.#routes.in(place, 'GET', '/config/providers')
      const all = await this.#routes.in(place, 'GET', '/provider')
      const config = await this.#routes.in(place, 'GET', '/config')
      return readProviderList({ all: all.body, usable: usable.body, config: config.body })
    } finally {
      await this.#routes.in(place, 'POST', '/instance/dispose').catch(() => undefined)
    }
  }

  async loginMethods(directory: string): Promise<ReadonlyMap<string, readonly LoginMethod[]>> {
    const { body } = await this.#routes.in(directory, 'GET', '/provider/auth')
    return new Map(Object.entries(fields(body)).map(([id, methods]) => [id, readMethods(methods)]))
  }

  async startLogin(
    directory: string,
    providerID: string,
    method: number,
    answers: Readonly<Record<string, string>>,
  ): Promise<StartedLogin> {
    const body = { method, inputs: answers }
    const answer = await this.#login(directory, providerID, 'authorize', { body })
    const started = fields(answer)
    const url = word(started['url'])
    if (url === undefined || !/^https?:\/\//.test(url)) {
      throw new OpencodeError('login-failed', 'The server gave no page to log in with.')
    }
    return { url, instructions: text(started['instructions']) ?? '', needsCode: started['method'] !== 'auto' }
  }

  async finishLogin(
    directory: string,
    providerID: string,
    login: { readonly method: number; readonly code?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const options = { body: login, signal, timeoutMs: loginTimeoutMs }
    await this.#login(directory, providerID, 'callback', options)
  }

  async disconnect(providerID: string): Promise<void> {
    const path = `/auth/${encodeURIComponent(checkProviderID(providerID))}`
    await unless('not-found', this.#routes.send('DELETE', '/auth/{id}', { path }))
  }

  async #login(
    directory: string,
    providerID: string,
    step: 'authorize' | 'callback',
    options: { readonly body: unknown; readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<unknown> {
    const path = `/provider/${encodeURIComponent(checkProviderID(providerID))}/oauth/${step}`
    try {
      const answer = await this.#routes.in(directory, 'POST', `/provider/{id}/oauth/${step}`, {
        ...options,
        path,
      })
      return answer.body
    } catch (error) {
      throw toLoginError(error)
    }
  }
}

/** The server says no more than which step failed. */
function toLoginError(error: unknown): unknown {
  if (!(error instanceof HttpStatusError)) return error
  const message = loginFailures[error.serverCode ?? '']
  return message === undefined ? error : new OpencodeError('login-failed', message, { cause: error })
}

const loginFailures: Readonly<Record<string, string | undefined>> = {
  ProviderAuthOauthCallbackFailed: 'The provider did not accept the login. Try it again.',
  ProviderAuthOauthCodeMissing: 'The login needs the code that the page shows.',
  ProviderAuthOauthMissing: 'The server has forgotten this login. Begin it again.',
  ProviderAuthValidationFailed: 'The provider did not accept what was entered.',
}

export interface ProviderAnswers {
  readonly all: unknown
  readonly usable: unknown
  readonly config?: unknown
}

export function readProviderList({ all, usable, config }: ProviderAnswers): readonly ProviderInfo[] {
  const configured = fields(fields(config)['provider'])
  const connected = new Set(words(fields(all)['connected']))
  const usableByID = new Map(
    list(fields(usable)['providers']).map((provider) => [text(fields(provider)['id']), fields(provider)]),
  )
  return collect(fields(all)['all'], (item): ProviderInfo | undefined => {
    const wire = loose<WireProvider>(item)
    const id = word(wire?.id)
    if (!wire || id === undefined) return undefined
    const known = usableByID.get(id)
    return {
      id,
      name: word(wire.name) ?? id,
      environment: words(wire.env),
      source: known
        ? readSource(known, fields(configured[id]))
        : connected.has(id)
          ? { kind: 'login' }
          : undefined,
      keyCheck: readKeyCheck(id, wire),
    }
  })
}

function readSource(
  provider: Readonly<Record<string, unknown>>,
  configured: Readonly<Record<string, unknown>>,
): ProviderSource {
  const key = word(provider['key'])
  const used = word(fields(provider['options'])['apiKey'])
  if (provider['source'] === 'env') return { kind: 'environment' }
  if (key !== undefined) return { kind: 'key', fingerprint: fingerprint(key) }
  // The free models of OpenCode itself run under this public key.
  if (used === 'public') return { kind: 'free' }
  // What the configuration does not say comes from a plugin, which has it from a login.
  const isLogin = used !== undefined && used !== word(fields(configured['options'])['apiKey'])
  return { kind: isLogin || provider['source'] === 'custom' ? 'login' : 'configuration' }
}

function readKeyCheck(
  id: string,
  wire: { readonly models?: unknown; readonly options?: unknown },
): KeyCheck | undefined {
  const [model] = Object.values(fields(wire.models))
  const api = fields(fields(model)['api'])
  const base = word(fields(wire.options)['baseURL']) ?? word(api['url'])
  return keyCheckOf(id, word(api['npm']) ?? '', base)
}

function readMethods(value: unknown): readonly LoginMethod[] {
  return list(value).flatMap((item, index) => {
    const method = fields(item)
    const label = word(method['label']) ?? ''
    return method['type'] === 'oauth'
      ? [{ index, label, prompts: collect(method['prompts'], readPrompt) }]
      : []
  })
}

function readPrompt(value: unknown): LoginPrompt | undefined {
  const prompt = fields(value)
  const key = word(prompt['key'])
  const message = text(prompt['message'])
  if (key === undefined || message === undefined) return undefined
  const when = readCondition(prompt['when'])
  if (prompt['type'] !== 'select') {
    return { kind: 'text', key, message, when, placeholder: word(prompt['placeholder']) }
  }
  const options = list(prompt['options']).flatMap((item) => {
    const { label, value: chosen, hint } = fields(item)
    return typeof label === 'string' && typeof chosen === 'string'
      ? [{ label, value: chosen, hint: word(hint) }]
      : []
  })
  return { kind: 'choice', key, message, when, options }
}

function readCondition(value: unknown): LoginPrompt['when'] {
  const { key, op, value: expected } = fields(value)
  if (typeof key !== 'string' || typeof expected !== 'string') return undefined
  return { key, isValue: op !== 'neq', value: expected }
}
