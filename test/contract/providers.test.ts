import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { connect } from '../../src/client/connect.ts'
import type { Connection } from '../../src/client/connection.ts'
import type { ProviderInfo } from '../../src/client/providers.ts'
import { fingerprint } from '../../src/client/providerID.ts'
import { loginPlugin } from '../support/loginPlugin.ts'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab } from '../support/opencodeLab.ts'

const never = new AbortController().signal

/** A provider with logins comes from a plugin, as those of OpenCode itself do. */
describe('The providers of a server', function () {
  this.timeout(120_000)
  let lab: Lab
  let connection: Connection
  let folder: string

  before(async () => {
    lab = await startLab()
    folder = path.join(lab.root, 'with-login')
    await mkdir(folder)
    const plugin = path.join(lab.root, 'plugin.js')
    await writeFile(plugin, loginPlugin('http://127.0.0.1:1'))
    const acme = {
      npm: '@ai-sdk/openai-compatible',
      name: 'Acme',
      options: { baseURL: lab.modelUrl },
      models: { one: { name: 'One' } },
    }
    const config = { plugin: [pathToFileURL(plugin).href], provider: { acme }, autoupdate: false }
    await writeFile(path.join(folder, 'opencode.json'), JSON.stringify(config))
    Object.assign(lab.env, { GROQ_API_KEY: 'gsk-of-the-environment' })
    const server = await lab.startServer({ directory: folder })
    const endpoint = { url: server.url, username: server.username, password: server.password }
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
    connection = await connect(endpoint, { log })
  })
  after(async () => {
    await connection.close()
    await lab.dispose()
  })

  it('are listed with the credentials of this moment and with the names of their variables', async () => {
    const before = await byID()
    assert.ok(before.size > 100)
    assert.deepEqual(before.get('groq')?.source, { kind: 'environment' })
    assert.deepEqual(before.get('groq')?.environment, ['GROQ_API_KEY'])
    assert.deepEqual(before.get('opencode')?.source, { kind: 'free' })
    assert.deepEqual(before.get('anthropic')?.source, undefined)
    assert.equal(before.get('anthropic')?.keyCheck?.url, 'https://api.anthropic.com/v1/models')
    await connection.setProviderKey('anthropic', 'sk-contract')
    const key = { kind: 'key', fingerprint: fingerprint('sk-contract') }
    assert.deepEqual((await byID()).get('anthropic')?.source, key)
    await connection.removeProviderKey('anthropic')
    assert.equal((await byID()).get('anthropic')?.source, undefined)
  })

  it('say how one logs in, with the questions that come before it', async () => {
    const methods = await connection.providers.loginMethods(folder)
    const [code, browser, ...more] = methods.get('acme') ?? []
    assert.deepEqual(more, [])
    assert.deepEqual([code?.index, browser?.index], [0, 1])
    assert.deepEqual(
      code?.prompts.map(({ kind, key, when }) => [kind, key, when]),
      [
        ['choice', 'plan', undefined],
        ['text', 'host', { key: 'plan', isValue: true, value: 'team' }],
      ],
    )
    assert.ok((methods.get('openai') ?? []).length > 0)
    assert.equal(methods.get('anthropic'), undefined)
  })

  it('take a login by a code, and another code after a wrong one', async () => {
    const { providers } = connection
    const started = await providers.startLogin(folder, 'acme', 0, { plan: 'free' })
    assert.deepEqual(started, {
      url: 'http://127.0.0.1:1/authorize?plan=free',
      instructions: 'Paste the code of the page.',
      needsCode: true,
    })
    await assert.rejects(providers.finishLogin(folder, 'acme', { method: 0 }, never), {
      code: 'login-failed',
    })
    await assert.rejects(providers.finishLogin(folder, 'acme', { method: 0, code: 'wrong' }, never), {
      code: 'login-failed',
    })
    await providers.finishLogin(folder, 'acme', { method: 0, code: 'good-code' }, never)
    assert.equal((await stored())['acme']?.type, 'oauth')
    assert.deepEqual((await byID()).get('acme')?.source, { kind: 'login' })
    await connection.removeProviderKey('acme')
  })

  it('take a login that the server hears of by itself, and let go of one that is cancelled', async () => {
    const { providers } = connection
    const controller = new AbortController()
    const { needsCode } = await providers.startLogin(folder, 'acme', 1, { wait: '60000' })
    assert.equal(needsCode, false)
    const waiting = providers.finishLogin(folder, 'acme', { method: 1 }, controller.signal)
    setTimeout(() => controller.abort(), 300)
    await assert.rejects(waiting, { code: 'aborted' })
    await providers.startLogin(folder, 'acme', 1, { wait: '200' })
    await providers.finishLogin(folder, 'acme', { method: 1 }, never)
    assert.equal((await stored())['acme']?.type, 'oauth')
    await connection.removeProviderKey('acme')
  })

  it('refuse a login that was not begun, or that there is no way for', async () => {
    const { providers } = connection
    await assert.rejects(providers.finishLogin(folder, 'openai', { method: 0, code: 'x' }, never), {
      code: 'login-failed',
    })
    await assert.rejects(providers.startLogin(folder, 'acme', 2, {}), { code: 'login-failed' })
    await assert.rejects(providers.startLogin(folder, 'nobody', 0, {}), { code: 'server-error' })
    await assert.rejects(providers.startLogin(folder, '../x', 0, {}), { code: 'invalid-id' })
  })

  async function byID(): Promise<ReadonlyMap<string, ProviderInfo>> {
    return new Map((await connection.providers.list(folder)).map((info) => [info.id, info]))
  }

  async function stored(): Promise<Readonly<Record<string, { readonly type: string }>>> {
    const file = path.join(lab.home, '.local', 'share', 'opencode', 'auth.json')
    return JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, { readonly type: string }>>
  }
})
