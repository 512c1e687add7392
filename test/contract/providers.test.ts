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
import type { Lab, Wire } from '../support/opencodeLab.ts'

const never = new AbortController().signal

describe('The providers of a server', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('The providers of a 2.x server', function () {
  this.timeout(120_000)
  ofWire(2)
})

/** A provider with logins comes from a plugin, as those of OpenCode itself do. */
function ofWire(wire: Wire): void {
  let lab: Lab
  let connection: Connection
  let folder: string

  before(async () => {
    lab = await startLab({ wire })
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
    assert.deepEqual(before.get('groq')?.source, { kind: 'environment' })
    assert.deepEqual(before.get('groq')?.environment, ['GROQ_API_KEY'])
    const name = wire === 1 ? 'anthropic' : 'acme'
    const source = before.get(name)?.source
    await connection.setProviderKey(name, 'sk-contract')
    const key = { kind: 'key', fingerprint: fingerprint('sk-contract') }
    assert.deepEqual((await byID()).get(name)?.source, key)
    await connection.removeProviderKey(name)
    assert.deepEqual((await byID()).get(name)?.source, source)
    assert.equal(before.get('acme')?.keyCheck?.url, `${lab.modelUrl}/models`)
  })

  // The scripted server has no list of all the providers there are.
  if (wire === 1)
    it('are all those that OpenCode knows, with a way to check their keys', async () => {
      const all = await byID()
      assert.ok(all.size > 100)
      assert.deepEqual(all.get('opencode')?.source, { kind: 'free' })
      assert.deepEqual(all.get('anthropic')?.source, undefined)
      assert.equal(all.get('anthropic')?.keyCheck?.url, 'https://api.anthropic.com/v1/models')
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
    assert.equal((methods.get('openai') ?? []).length > 0, wire === 1)
    assert.deepEqual(methods.get('anthropic'), undefined)
  })

  it('take a login by a code, and another code after a wrong one', async () => {
    const { providers } = connection
    const started = await providers.startLogin(folder, 'acme', 0, { plan: 'free' })
    assert.deepEqual(started, {
      url: 'http://127.0.0.1:1/authorize?plan=free',
      instructions: 'Paste the code of the page.',
      needsCode: true,
    })
    // On 2.x that waits for the page, which may tell the server by itself.
    if (wire === 1)
      await assert.rejects(providers.finishLogin(folder, 'acme', { method: 0 }, never), {
        code: 'login-failed',
      })
    await assert.rejects(providers.finishLogin(folder, 'acme', { method: 0, code: 'wrong' }, never), {
      code: 'login-failed',
    })
    await providers.finishLogin(folder, 'acme', { method: 0, code: 'good-code' }, never)
    assert.ok((await stored()).includes('access-code'))
    assert.deepEqual((await byID()).get('acme')?.source, { kind: 'login' })
    await providers.disconnect('acme')
    assert.ok(!(await stored()).includes('access-code'))
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
    assert.ok((await stored()).includes('access-browser'))
    await providers.disconnect('acme')
    assert.ok(!(await stored()).includes('access-browser'))
  })

  it('refuse a login that was not begun, or that there is no way for', async () => {
    const { providers } = connection
    await assert.rejects(providers.finishLogin(folder, 'openai', { method: 0, code: 'x' }, never), {
      code: 'login-failed',
    })
    await assert.rejects(providers.startLogin(folder, 'acme', 2, {}), { code: 'login-failed' })
    await assert.rejects(providers.startLogin(folder, 'nobody', 0, {}), {
      code: wire === 1 ? 'server-error' : 'login-failed',
    })
    await assert.rejects(providers.startLogin(folder, '../x', 0, {}), { code: 'invalid-id' })
  })

  async function byID(): Promise<ReadonlyMap<string, ProviderInfo>> {
    return new Map((await connection.providers.list(folder)).map((info) => [info.id, info]))
  }

  function stored(): Promise<string> {
    return readFile(lab.keysFile, 'utf8')
  }
}
