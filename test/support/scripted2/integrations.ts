import { Config } from './config.ts'
import type { Call, Route } from './httpServer.ts'
import { loginsOf } from './logins.ts'
import type { Login, StartedLogin } from './logins.ts'
import type { Data } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { newID } from './world.ts'
import type { Credential, World } from './world.ts'

/** A provider that takes its key from the environment; the real server knows a great many. */
const fromEnvironment = { id: 'groq', name: 'Groq', variable: 'GROQ_API_KEY' }

const attemptMs = 10 * 60_000

interface Attempt {
  readonly integrationID: string
  readonly started: StartedLogin
  readonly label: string
  status: 'pending' | 'complete' | 'failed'
  message?: string
}

/** What one can log in to, with keys and in the browser, and what is kept of it. */
export function integrationRoutes(world: World): readonly Route[] {
  const attempts = new Map<string, Attempt>()
  const attempt = (id: string | undefined): Attempt => {
    const found = attempts.get(id ?? '')
    if (found) return found
    throw new Refusal(404, 'IntegrationAttemptNotFoundError', `Login attempt not found: ${id ?? ''}`)
  }
  const oauth = '/api/integration/:id/connect/oauth'
  return [
    {
      method: 'GET',
      path: '/api/integration',
      isLocated: true,
      handle: ({ directory }) => listIntegrations(world, directory()),
    },
    {
      method: 'GET',
      path: '/api/integration/:id',
      isLocated: true,
      handle: async ({ params, directory }) => integration(world, directory(), params[0]),
    },
    {
      method: 'POST',
      path: '/api/integration/:id/connect/key',
      handle: async ({ params, body, directory }) => {
        const { id } = await integration(world, directory(), params[0])
        const label = textIn(body, 'label') ?? 'API key'
        keep(world, {
          id: newID('cred'),
          integrationID: id,
          label,
          method: 'key',
          key: textIn(body, 'key') ?? '',
        })
      },
    },
    {
      method: 'POST',
      path: oauth,
      isLocated: true,
      handle: async (call) => {
        const { id, found } = await begin(call)
        attempts.set(id, found)
        if (found.started.method === 'auto') void settle(world, found)
        const { url, instructions, method: mode } = found.started
        const created = Date.now()
        return { attemptID: id, url, instructions, mode, time: { created, expires: created + attemptMs } }
      },
    },
    {
      method: 'GET',
      path: `${oauth}/:attempt`,
      isLocated: true,
      handle: ({ params }) => {
        const { status, message } = attempt(params[1])
        return { status, ...(message === undefined ? {} : { message }) }
      },
    },
    {
      method: 'POST',
      path: `${oauth}/:attempt/complete`,
      handle: async ({ params, body }) => {
        const found = attempt(params[1])
        await settle(world, found, textIn(body, 'code') ?? '')
        if (found.status === 'complete') return
        found.status = 'pending'
        throw new Refusal(400, 'InvalidRequestError', 'The code was not accepted.', { field: 'code' })
      },
    },
    {
      method: 'DELETE',
      path: `${oauth}/:attempt`,
      handle: ({ params }) => void attempts.delete(params[1] ?? ''),
    },
    {
      method: 'GET',
      path: '/api/credential',
      isLocated: true,
      handle: () => world.credentials.map(({ key: _key, ...shown }) => shown),
    },
    {
      method: 'PATCH',
      path: '/api/credential/:id',
      handle: ({ params, body }) => {
        const label = textIn(body, 'label') ?? ''
        world.credentials = world.credentials.map((each) =>
          each.id === params[0] ? { ...each, label } : each,
        )
        changed(world)
      },
    },
    {
      method: 'DELETE',
      path: '/api/credential/:id',
      handle: ({ params }) => {
        world.credentials = world.credentials.filter(({ id }) => id !== params[0])
        changed(world)
      },
    },
  ]
}

async function listIntegrations(world: World, directory: string): Promise<readonly Data[]> {
  const config = new Config(directory)
  const logins = await loginsOf(config.plugins)
  const named = config.providers.map(({ id, name }) => {
    const oauth = (logins.get(id) ?? []).map(({ id: method, label, form }) => ({
      type: 'oauth',
      id: method,
      label,
      ...(form ? { form } : {}),
    }))
    const methods = [...oauth, { type: 'key', label: 'API key' }]
    return { id, name, methods, connections: credentialsOf(world, id) }
  })
  const { id, name, variable } = fromEnvironment
  const isSet = process.env[variable] !== undefined
  const known = {
    id,
    name,
    methods: [
      { type: 'key', label: 'API key' },
      { type: 'env', names: [variable] },
    ],
    connections: [...credentialsOf(world, id), ...(isSet ? [{ type: 'env', name: variable }] : [])],
  }
  return [...named, known]
}

function credentialsOf(world: World, integrationID: string): readonly Data[] {
  return world.credentials
    .filter((credential) => credential.integrationID === integrationID)
    .map(({ id, label, method }) => ({ type: 'credential', id, label, method }))
}

async function integration(
  world: World,
  directory: string,
  id: string | undefined,
): Promise<Data & { readonly id: string }> {
  const found = (await listIntegrations(world, directory)).find((each) => each['id'] === id)
  if (found && id !== undefined) return { ...found, id }
  throw new Refusal(404, 'IntegrationNotFoundError', `Integration not found: ${id ?? ''}`)
}

async function begin({ params, body, directory }: Call): Promise<{ id: string; found: Attempt }> {
  const [integrationID = ''] = params
  const logins = await loginsOf(new Config(directory()).plugins)
  const login: Login | undefined = logins.get(integrationID)?.find(({ id }) => id === body['methodID'])
  if (!login)
    throw new Refusal(400, 'InvalidRequestError', 'methodID: there is no such login', { field: 'methodID' })
  const started = await login.begin(isData(body['answer']) ? body['answer'] : {})
  const label = textIn(body, 'label') ?? login.label
  return { id: newID('con'), found: { integrationID, started, label, status: 'pending' } }
}

async function settle(world: World, attempt: Attempt, code?: string): Promise<void> {
  const answer = await attempt.started.callback(code)
  const isFine = answer['type'] === 'success'
  attempt.status = isFine ? 'complete' : 'failed'
  if (!isFine) {
    attempt.message = 'The provider did not accept the login.'
    return
  }
  const { integrationID, label } = attempt
  const key = textIn(answer, 'access') ?? ''
  keep(world, { id: newID('cred'), integrationID, label, method: 'oauth', key })
}

function keep(world: World, credential: Credential): void {
  world.credentials.push(credential)
  changed(world)
}

function changed(world: World): void {
  world.saveNow()
  for (const type of ['credential.updated', 'integration.updated', 'provider.updated', 'model.updated'])
    world.hint(type)
}
