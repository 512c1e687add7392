import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Connection } from '../../src/client/connection.ts'
import { fingerprint } from '../../src/client/providerID.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab, LabServer } from '../support/opencodeLab.ts'
import { connectTo } from './support.ts'

const key = 'sk-contract-0123456789'

describe('a real server', function () {
  this.timeout(120_000)
  let lab: Lab
  let server: LabServer
  let connection: Connection
  const log: string[] = []
  before(async () => {
    lab = await startLab()
    server = await lab.startServer()
    connection = await connectTo(server, log)
  })
  after(async () => {
    await connection.close()
    await lab.dispose()
  })

  it('is recognized with its version, and answers a ping', async () => {
    assert.match(connection.version, /^1\.\d+\.\d+$/)
    await connection.ping()
  })

  it('refuses a wrong password at once', async () => {
    await rejects(connectTo(server, [], 'wrong'), 'unauthorized')
    await rejects(connectTo(server, [], ''), 'unauthorized')
  })

  it('has all routes and fields that we use', async () => {
    const headers = { authorization: server.authorization }
    const doc = (await (await fetch(`${server.url}/doc`, { headers })).json()) as Doc
    for (const [method, route] of usedRoutes) assert.ok(doc.paths[route]?.[method], `${method} ${route}`)
    for (const [name, fields] of usedFields) {
      const known = fieldsOf(doc, { $ref: `#/components/schemas/${name}` })
      for (const field of fields) assert.ok(known.has(field), `${name}.${field}`)
    }
    const text = JSON.stringify(doc)
    for (const type of usedEvents) assert.ok(text.includes(`"${type}"`), type)
  })

  it('tells agents, models and commands without keys or prompts', async () => {
    const catalog = await connection.readCatalog(lab.project)
    assert.deepEqual(catalog.defaultModel, { providerID: 'mock', modelID: 'mock' })
    assert.equal(catalog.defaultAgent, 'build')
    assert.deepEqual(
      catalog.models.map((model) => [model.modelID, model.reasoning, model.contextLimit]),
      [
        ['mock', true, 128_000],
        ['mock-small', true, 128_000],
      ],
    )
    assert.ok(catalog.models[0]?.inputs.includes('image') && catalog.models[0].variants.includes('high'))
    const names = catalog.agents.map((agent) => agent.name)
    assert.ok(
      names.includes('plan') &&
        names.includes('general') &&
        !names.includes('title') &&
        !names.includes('compaction'),
    )
    assert.ok(catalog.commands.some((command) => command.name === 'init'))
    assert.doesNotMatch(JSON.stringify(catalog), /sk-scripted|127\.0\.0\.1/)
  })

  it('says where it works, and the git root of any directory, none for one that is not there', async () => {
    const root = { directory: lab.project, worktree: lab.project }
    assert.deepEqual(await connection.places.own(), root)
    const inner = `${lab.project}/src`
    assert.deepEqual(await connection.places.of(inner), { directory: inner, worktree: lab.project })
    assert.deepEqual(await connection.places.of('/nowhere/at/all'), { directory: '/nowhere/at/all' })
  })

  it('finds files, fuzzily', async () => {
    assert.ok((await connection.findFiles(lab.project, 'greet', 5)).includes('src/greeting.ts'))
  })

  it('takes a provider key, shows whose it is at once, and gives it back', async () => {
    const other = connectTo(server)
    assert.deepEqual(await connection.providerCredential(lab.project, 'mock'), { kind: 'elsewhere' })
    await connection.setProviderKey('mock', key)
    const stored = { kind: 'stored', fingerprint: fingerprint(key) }
    assert.deepEqual(await connection.providerCredential(lab.project, 'mock'), stored)
    await connection.setProviderKey('mock', `${key}-changed`)
    assert.deepEqual(await connection.providerCredential(lab.project, 'mock'), {
      kind: 'stored',
      fingerprint: fingerprint(`${key}-changed`),
    })
    await connection.removeProviderKey('mock')
    await connection.removeProviderKey('mock')
    assert.deepEqual(await connection.providerCredential(lab.project, 'mock'), { kind: 'elsewhere' })
    assert.ok(!existsSync(path.join(lab.project, '.opencode-credential-check')))
    await (await other).close()
    assert.doesNotMatch(log.join('\n'), /sk-contract/)
  })

  it('tells a login, a free provider and one without a credential apart', async () => {
    const free = path.join(lab.root, 'free')
    const auth = path.join(lab.home, '.local', 'share', 'opencode', 'auth.json')
    assert.deepEqual(await connection.providerCredential(free, 'anthropic'), { kind: 'none' })
    assert.deepEqual(await connection.providerCredential(free, 'opencode'), { kind: 'none' })
    await writeFile(
      auth,
      JSON.stringify({ openai: { type: 'oauth', refresh: 'r', access: 'a', expires: 1 } }),
    )
    assert.deepEqual(await connection.providerCredential(free, 'openai'), {
      kind: 'stored',
      fingerprint: undefined,
    })
    await connection.setProviderKey('anthropic', key)
    assert.deepEqual(await connection.providerCredential(free, 'anthropic'), {
      kind: 'stored',
      fingerprint: fingerprint(key),
    })
    await connection.removeProviderKey('anthropic')
    assert.deepEqual(Object.keys(JSON.parse(await readFile(auth, 'utf8')) as object), ['openai'])
    await rejects(connection.setProviderKey('../x', key), 'invalid-id')
  })

  it('uses a changed key after a reload', async () => {
    await connection.setProviderKey('mock', key)
    await connection.reload(lab.project)
    await connection.removeProviderKey('mock')
  })

  it('names the place in a broken configuration without quoting it, and needs a restart after it', async () => {
    const directory = path.join(lab.root, 'broken')
    await mkdir(directory, { recursive: true })
    await writeFile(
      path.join(directory, 'opencode.json'),
      '{ "provider": { "x": { "options": { "apiKey": "my-own-key" broken',
    )
    const error = await rejects(connection.createSession(directory), 'config-invalid')
    assert.match(error.message, /broken\/opencode\.json \(InvalidSymbol at line 1/)
    assert.doesNotMatch(error.message + JSON.stringify(error) + log.join(), /my-own-key/)
    await connection.ping()
    await connection.listSessions({ directory: lab.project })
    // Known behaviour of 1.18: neither correcting the file nor disposing the instance is enough.
    await writeFile(path.join(directory, 'opencode.json'), '{}')
    await rejects(connection.createSession(directory), 'config-invalid')
    await rejects(connection.reload(directory), 'config-invalid')
  })

  it('without a password is used, with a warning', async () => {
    const open = await lab.startServer({ password: '' })
    const lines: string[] = []
    const anybody = await connectTo(open, lines, '')
    await anybody.close()
    assert.ok(lines.some((line) => line.includes('has no password')))
    const careless = await connectTo(open, lines, 'some password')
    await careless.close()
    assert.ok(lines.some((line) => line.includes('does not check its password')))
    await open.stop()
  })

  it('says farewell by the requests that a supervisor would send', async () => {
    await connection.setProviderKey('mock', key)
    for (const { method, path: route } of connection.farewell(['mock'])) {
      const answer = await fetch(server.url + route, {
        method,
        headers: { authorization: server.authorization },
      })
      assert.equal(await answer.json(), true)
    }
    assert.deepEqual(await connection.providerCredential(lab.project, 'mock'), { kind: 'elsewhere' })
    await connection.disposeAll()
  })

  it('that is gone is lost, and found again on the same port', async () => {
    const second = await lab.startServer()
    const client = await connectTo(second)
    const kinds: string[] = []
    const abort = new AbortController()
    const following = (async () => {
      for await (const event of client.events(abort.signal))
        if (event.kind === 'up' || event.kind === 'down') kinds.push(event.kind)
    })()
    const waitFor = async (count: number): Promise<void> => {
      for (let tick = 0; kinds.filter((kind) => kind === 'up').length < count; tick++) {
        assert.ok(tick < 600)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    await waitFor(1)
    await second.kill()
    await rejects(client.ping(), 'connection-refused', 'connection-lost')
    await lab.startServer({ port: second.port, password: second.password })
    await waitFor(2)
    abort.abort()
    await following
    assert.equal(kinds[0], 'up')
    assert.ok(kinds.includes('down') && client.metrics.reconnects >= 1)
    await client.close()
  })
})

async function rejects(promise: Promise<unknown>, ...codes: readonly string[]): Promise<OpencodeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof OpencodeError, `expected ${codes.join()}, got ${String(error)}`)
  assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
  return error
}

interface Schema {
  readonly $ref?: string
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
}

interface Doc {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema | undefined>> }
}

/** Names of all properties of a schema and of the members of a union. */
function fieldsOf(doc: Doc, schema: Schema): ReadonlySet<string> {
  const target =
    schema.$ref === undefined ? schema : doc.components.schemas[schema.$ref.split('/').pop() ?? '']
  assert.ok(target, schema.$ref)
  const inner = [...(target.anyOf ?? []), ...(target.oneOf ?? []), ...(target.allOf ?? [])]
  return new Set([
    ...Object.keys(target.properties ?? {}),
    ...inner.flatMap((item) => [...fieldsOf(doc, item)]),
  ])
}

const usedRoutes: readonly (readonly [method: string, route: string])[] = [
  ['get', '/global/health'],
  ['get', '/global/event'],
  ['post', '/global/dispose'],
  ['post', '/instance/dispose'],
  ['get', '/session'],
  ['post', '/session'],
  ['get', '/session/status'],
  ['get', '/session/{sessionID}'],
  ['patch', '/session/{sessionID}'],
  ['delete', '/session/{sessionID}'],
  ['get', '/session/{sessionID}/message'],
  ['get', '/session/{sessionID}/message/{messageID}'],
  ['get', '/session/{sessionID}/todo'],
  ['get', '/session/{sessionID}/diff'],
  ['post', '/session/{sessionID}/prompt_async'],
  ['post', '/session/{sessionID}/abort'],
  ['post', '/session/{sessionID}/permissions/{permissionID}'],
  ['get', '/permission'],
  ['post', '/permission/{requestID}/reply'],
  ['get', '/question'],
  ['post', '/question/{requestID}/reply'],
  ['post', '/question/{requestID}/reject'],
  ['get', '/config'],
  ['get', '/config/providers'],
  ['get', '/provider'],
  ['get', '/agent'],
  ['get', '/command'],
  ['get', '/find/file'],
  ['put', '/auth/{providerID}'],
  ['delete', '/auth/{providerID}'],
]

const usedFields: readonly (readonly [schema: string, fields: readonly string[]])[] = [
  ['Session', ['id', 'title', 'directory', 'parentID', 'time', 'agent', 'model', 'revert', 'share']],
  ['UserMessage', ['id', 'sessionID', 'role', 'time', 'agent', 'model', 'summary']],
  [
    'AssistantMessage',
    [
      'id',
      'role',
      'time',
      'error',
      'parentID',
      'modelID',
      'providerID',
      'variant',
      'cost',
      'tokens',
      'finish',
      'summary',
    ],
  ],
  ['TextPart', ['id', 'messageID', 'sessionID', 'type', 'text', 'synthetic', 'time']],
  ['ReasoningPart', ['id', 'text', 'time']],
  ['ToolPart', ['id', 'callID', 'tool', 'state']],
  ['ToolStateCompleted', ['status', 'input', 'output', 'title', 'metadata', 'time']],
  ['ToolStateError', ['status', 'input', 'error', 'metadata', 'time']],
  ['FilePart', ['id', 'mime', 'filename', 'url', 'source']],
  ['PermissionRequest', ['id', 'sessionID', 'permission', 'patterns', 'metadata', 'always', 'tool']],
  ['QuestionRequest', ['id', 'sessionID', 'questions', 'tool']],
  ['Todo', ['content', 'status']],
  ['SnapshotFileDiff', ['file', 'patch', 'additions', 'deletions', 'status']],
  ['Provider', ['id', 'name', 'source', 'key', 'options', 'models']],
  ['Model', ['id', 'providerID', 'name', 'capabilities', 'cost', 'limit', 'status', 'variants']],
  ['Agent', ['name', 'description', 'mode', 'hidden', 'color', 'model', 'variant']],
  ['Command', ['name', 'description']],
  ['TextPartInput', ['id', 'type', 'text', 'synthetic']],
  ['FilePartInput', ['id', 'type', 'mime', 'filename', 'url', 'source']],
  ['AgentPartInput', ['id', 'type', 'name']],
]

const usedEvents: readonly string[] = [
  'server.connected',
  'server.instance.disposed',
  'global.disposed',
  'session.created',
  'session.updated',
  'session.deleted',
  'session.status',
  'session.idle',
  'session.error',
  'message.updated',
  'message.removed',
  'message.part.updated',
  'message.part.delta',
  'message.part.removed',
  'permission.asked',
  'permission.replied',
  'question.asked',
  'question.replied',
  'question.rejected',
  'todo.updated',
  'file.edited',
  'catalog.updated',
  'integration.updated',
  'mcp.tools.changed',
]
