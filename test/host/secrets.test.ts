import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as vscode from 'vscode'
import { commandIds } from '../../src/commands/commandIds.ts'
import { thisMachineID } from '../../src/profiles/thisMachine.ts'
import { activated, backendOf, projectUri, until } from './support.ts'

const provider = 'anthropic'
const ownKey = 'sk-ours-0123456789'
const authFile = path.join(process.env['XDG_DATA_HOME'] ?? '', 'opencode', 'auth.json')

describe('Secrets', () => {
  it('make the round trip through the secret storage', async () => {
    const { credentials, context } = await activated()
    const login = { profileID: 'user:Work', url: 'http://127.0.0.1:1', username: 'anna' }
    await credentials.setPassword(login, 'a-server-password')
    assert.equal(await credentials.password(login), 'a-server-password')
    assert.ok((await context.secrets.keys()).some((key) => key.includes('user:Work')))
    await credentials.removePassword(login)
    assert.equal(await credentials.password(login), undefined)
  })
})

describe('A provider key of ours', function () {
  this.timeout(180_000)
  const configFile = projectUri('opencode.json').fsPath
  let config: string

  before(async () => {
    // A server that runs already has read the config, and keys come with the connection.
    await backendOf((await activated()).services).access.stop()
    config = await readFile(configFile, 'utf8')
    const { enabled_providers: _, ...open } = JSON.parse(config) as Record<string, unknown>
    await writeFile(configFile, JSON.stringify(open))
  })
  after(() => writeFile(configFile, config))

  afterEach(async () => {
    const { services, credentials } = await activated()
    await backendOf(services).access.stop()
    await credentials.removeProviderKey(thisMachineID, provider)
    await rm(authFile, { force: true })
  })

  it('is in the server while it runs, comes back after a restart, and leaves with the stop', async () => {
    const { services, credentials } = await activated()
    await credentials.setProviderKey(thisMachineID, provider, ownKey)
    await backendOf(services).access.ensure()
    await until('the key in the server', async () => (await authKeys())[provider] === ownKey)
    await backendOf(services).access.restart()
    await until('the key in the server again', async () => (await authKeys())[provider] === ownKey)
    await vscode.commands.executeCommand(commandIds.stopServer)
    assert.equal((await authKeys())[provider], undefined)
    assert.deepEqual(await credentials.providers(thisMachineID), [provider])
  })

  it("never takes the place of the user's own, and never takes it away", async () => {
    const { services, credentials } = await activated()
    await mkdir(path.dirname(authFile), { recursive: true })
    await writeFile(authFile, JSON.stringify({ [provider]: { type: 'api', key: 'sk-the-users-own' } }))
    await credentials.setProviderKey(thisMachineID, provider, ownKey)
    const connection = await backendOf(services).access.ensure()
    await until('the stream', () => backendOf(services).hub.connection === connection)
    assert.equal((await authKeys())[provider], 'sk-the-users-own')
    assert.equal(await backendOf(services).providerKeys.take(connection, provider, ownKey), false)
    await backendOf(services).access.stop()
    assert.equal((await authKeys())[provider], 'sk-the-users-own')
  })

  it('is not given to a server that keeps the provider out, since it may have a key of its own', async () => {
    const { services, credentials } = await activated()
    const open = await readFile(configFile, 'utf8')
    await writeFile(configFile, config)
    await mkdir(path.dirname(authFile), { recursive: true })
    await writeFile(authFile, JSON.stringify({ [provider]: { type: 'api', key: 'sk-the-users-own' } }))
    await credentials.setProviderKey(thisMachineID, provider, ownKey)
    const connection = await backendOf(services).access.ensure()
    await until('the stream', () => backendOf(services).hub.connection === connection)
    assert.equal((await authKeys())[provider], 'sk-the-users-own')
    await backendOf(services).access.stop()
    await writeFile(configFile, open)
  })

  it('is nowhere to be read but there, and so is the password of the server', async () => {
    const { services, credentials, context } = await activated()
    await credentials.setProviderKey(thisMachineID, provider, ownKey)
    await backendOf(services).access.ensure()
    await until('the key in the server', async () => (await authKeys())[provider] === ownKey)
    const password = await serverPassword()
    const places = {
      log: await logText(context.logUri.fsPath),
      workspaceState: JSON.stringify(
        context.workspaceState.keys().map((key) => context.workspaceState.get(key)),
      ),
      settings: JSON.stringify(vscode.workspace.getConfiguration('opencodeSessions')),
      arguments: (await processes()).map(({ command }) => command).join('\n'),
      environment: JSON.stringify(process.env),
    }
    for (const [place, text] of Object.entries(places)) {
      assert.ok(!text.includes(ownKey), `The key stands in: ${place}`)
      assert.ok(!text.includes(password), `The password stands in: ${place}`)
    }
    assert.ok(places.log.length > 0)
  })
})

async function authKeys(): Promise<Record<string, string | undefined>> {
  const text = await readFile(authFile, 'utf8').catch(() => '{}')
  const entries = Object.entries(parsed(text))
  return Object.fromEntries(entries.map(([id, { key }]) => [id, key]))
}

/** The server may be in the middle of writing. */
function parsed(text: string): Record<string, { key?: string }> {
  try {
    return JSON.parse(text) as Record<string, { key?: string }>
  } catch {
    return {}
  }
}

interface Process {
  readonly pid: string
  readonly command: string
}

async function processes(): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid,
      command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    })),
  )
  return all.map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ') }))
}

/** From the one place where it is: the environment of the server, found by the home of this test. */
async function serverPassword(): Promise<string> {
  for (const { pid, command } of await processes()) {
    if (!/opencode\S* serve/.test(command)) continue
    const env = (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0')
    if (!env.includes(`HOME=${process.env['HOME'] ?? ''}`)) continue
    const entry = env.find((line) => line.startsWith('OPENCODE_SERVER_PASSWORD='))
    if (entry) return entry.slice('OPENCODE_SERVER_PASSWORD='.length)
  }
  throw new Error('The server was not found among the processes.')
}

async function logText(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  const texts = names.map((name) => readFile(path.join(folder, name), 'utf8').catch(() => ''))
  return (await Promise.all(texts)).join('\n')
}
