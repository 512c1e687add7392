import assert from 'node:assert/strict'
import type { Credentials } from '../../../../src/platform/credentials.ts'
import { ProviderKeys } from '../../../../src/profiles/providerKeys.ts'
import type { ServerManager } from '../../../../src/server/serverManager.ts'
import { until } from '../support/tools.ts'
import { Machine } from './support/windows.ts'

describe('Provider keys of windows that share a server', function () {
  this.timeout(120_000)
  let machine: Machine

  before(async () => {
    machine = await Machine.create({ enabled_providers: undefined })
  })
  afterEach(() => machine.clear())
  after(() => machine.dispose())

  /** A window that has given its keys; `own`: the keys in its secret storage. */
  const open = async (own: Readonly<Record<string, string>>): Promise<[ServerManager, ProviderKeys]> => {
    const server = machine.window()
    const keys = new ProviderKeys({
      server,
      log: machine.log as never,
      credentials: credentialsOf(own),
      profileID: 'p',
      directory: () => machine.lab.project,
    })
    await keys.giveAll(await server.start())
    return [server, keys]
  }
  const leave = async ([server, keys]: [ServerManager, ProviderKeys]): Promise<void> => {
    await keys.entrust()
    await server.leave()
  }
  const serverIsGone = (): Promise<number> =>
    until('the server is gone', async () => (await machine.leases()).length === 0, 20_000)

  it('stay until the last window is gone, whichever of them has the key', async () => {
    const first = await open({ openai: 'sk-first' })
    const second = await open({})
    assert.match(await machine.readKeys(), /sk-first/)
    await leave(first)
    assert.match(await machine.readKeys(), /sk-first/)
    const third = await open({ openai: 'sk-first' })
    await leave(second)
    assert.match(await machine.readKeys(), /sk-first/)
    await leave(third)
    await serverIsGone()
    assert.doesNotMatch(await machine.readKeys(), /sk-first/)
  })

  it('stay in OpenCode when the user has put another one in their place', async () => {
    const window = await open({ openai: 'sk-ours' })
    const other = await open({ openai: 'sk-ours' })
    await window[0].connection?.setProviderKey('openai', 'sk-of-the-user')
    await leave(window)
    await leave(other)
    await serverIsGone()
    assert.match(await machine.readKeys(), /sk-of-the-user/)
  })

  it('leave with the server when one window stops it for all', async () => {
    const window = await open({ mistral: 'sk-left' })
    const other = await open({ anthropic: 'sk-right' })
    assert.match(await machine.readKeys(), /sk-left/)
    assert.match(await machine.readKeys(), /sk-right/)
    await other[1].withdraw()
    await other[0].stop()
    await until('the other has stopped', () => window[0].status.kind === 'stopped')
    assert.doesNotMatch(await machine.readKeys(), /sk-left|sk-right/)
  })
})

function credentialsOf(own: Readonly<Record<string, string>>): Credentials {
  const part: Pick<Credentials, 'providers' | 'providerKey'> = {
    providers: () => Promise.resolve(Object.keys(own)),
    providerKey: (_, providerID) => Promise.resolve(own[providerID]),
  }
  return part as Credentials
}
