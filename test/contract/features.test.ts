import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from '../../src/client/connect.ts'
import type { Connection } from '../../src/client/connection.ts'
import { mcpScript } from '../support/mcpScript.ts'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab, Wire } from '../support/opencodeLab.ts'

describe('What a server has besides sessions', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('What a 2.x server has besides sessions', function () {
  this.timeout(120_000)
  ofWire(2)
})

function ofWire(wire: Wire): void {
  let lab: Lab
  let connection: Connection
  let folder: string
  let command: readonly string[]

  before(async () => {
    lab = await startLab({ wire })
    folder = path.join(lab.root, 'with-features')
    await mkdir(folder)
    const script = path.join(lab.root, 'mcp.cjs')
    await writeFile(script, mcpScript)
    command = [process.execPath, script]
    const mcp = {
      good: { type: 'local', command },
      off: { type: 'local', command, enabled: false },
      bad: { type: 'local', command: [path.join(lab.root, 'not-there')] },
    }
    const formatter = { mine: { command: ['cat', '$FILE'], extensions: ['.mine'] } }
    const config = { mcp, formatter, permission: { bash: { 'rm *': 'deny' } }, autoupdate: false }
    await writeFile(path.join(folder, 'opencode.json'), JSON.stringify(config))
    const server = await lab.startServer({ directory: folder })
    const endpoint = { url: server.url, username: server.username, password: server.password }
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
    connection = await connect(endpoint, { log })
  })
  after(async () => {
    await connection.close()
    await lab.dispose()
  })

  it('lists MCP servers with their states, and connects, disconnects and adds them', async () => {
    const { features } = connection
    assert.deepEqual(await statuses(), { good: 'connected', off: 'disabled', bad: 'failed' })
    const bad = (await features.mcpServers(folder)).find(({ name }) => name === 'bad')
    assert.ok(bad?.error)
    await features.disconnectMcp(folder, 'good')
    assert.equal((await statuses())['good'], 'disabled')
    await features.connectMcp(folder, 'good')
    assert.equal((await statuses())['good'], 'connected')
    await features.addMcp(folder, 'fresh', { kind: 'local', command })
    assert.equal((await statuses())['fresh'], 'connected')
    await assert.rejects(features.connectMcp(folder, 'nobody'), { code: 'not-found' })
    const { signal } = new AbortController()
    await assert.rejects(features.logInToMcp(folder, 'good', signal), { code: 'login-failed' })
  })

  it('lists formatters, skills and the permission rules of an agent', async () => {
    const { features } = connection
    if (wire === 2) {
      // It has no routes for these.
      await assert.rejects(features.formatters(folder), { code: 'unsupported' })
      await assert.rejects(features.languageServers(folder), { code: 'unsupported' })
      const rules = await features.permissionRules(folder, 'build')
      assert.deepEqual(rules, [{ permission: 'shell', pattern: 'rm *', action: 'deny' }])
      return
    }
    const mine = (await features.formatters(folder)).find(({ name }) => name === 'mine')
    assert.deepEqual(mine, { name: 'mine', extensions: ['.mine'], isEnabled: true })
    const skills = await features.skills(folder)
    assert.ok(skills.length > 0 && skills.every(({ name }) => name !== ''))
    const rules = await features.permissionRules(folder, 'build')
    assert.deepEqual(rules[0], { permission: '*', pattern: '*', action: 'allow' })
    assert.ok(
      rules.some(
        ({ permission, pattern, action }) => `${permission} ${pattern} ${action}` === 'bash rm * deny',
      ),
    )
    assert.deepEqual(await features.permissionRules(folder, 'nobody'), [])
    assert.deepEqual(await features.languageServers(folder), [])
  })

  async function statuses(): Promise<Readonly<Record<string, string>>> {
    const servers = await connection.features.mcpServers(folder)
    return Object.fromEntries(servers.map(({ name, status }) => [name, status]))
  }
}
