import assert from 'node:assert/strict'
import type { ServerStatus } from '../../src/opencode/server.ts'
import type { KeeperProgram } from '../../src/server/container/containerKeeper.ts'
import { disown } from '../../src/server/container/containerOwner.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import { backoffRestarts } from '../../src/server/restartPolicy.ts'
import { ServerManager } from '../../src/server/serverManager.ts'
import { connect } from '../../src/client/connect.ts'
import { offlineEnvironment } from '../support/opencodeLab.ts'
import { bundleKeeper, createTempFolder, until, type TempFolder } from '../unit/server/support/tools.ts'
import { launchAndDie, startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

describe('The window of a container', () => {
  let lab: ContainerTestLab
  let folder: TempFolder
  let keeper: KeeperProgram
  const managers: ServerManager[] = []

  before(async () => {
    lab = await startContainerTestLab()
    folder = await createTempFolder()
    keeper = { execPath: process.execPath, path: await bundleKeeper(folder.path), graceMs: 1500 }
  })
  after(async () => {
    await Promise.all(managers.map((manager) => manager.stop()))
    await lab.dispose()
    await folder.remove()
  })

  function openWindow(): { manager: ServerManager; history: ServerStatus[] } {
    const log = { debug() {}, info() {}, warn() {} }
    const manager = new ServerManager({
      launcher: () => lab.launcher({}, { keeper }),
      connect: (endpoint, signal) => connect(endpoint, { log, signal }),
      log,
      restartPolicy: backoffRestarts({ firstDelayMs: 10 }),
    })
    managers.push(manager)
    const history: ServerStatus[] = []
    manager.onDidChangeStatus((status) => history.push(status))
    return { manager, history }
  }

  async function containers(): Promise<readonly string[]> {
    const found = await lab.engine.list([`opencode-sessions.workspace=${lab.lab.project}`])
    return found.map(({ id }) => id)
  }

  it('is told why its server went down, and gets a new one', async () => {
    const { manager, history } = openWindow()
    await manager.start()
    const [first] = await containers()
    await lab.podman('kill', '--signal', 'KILL', first ?? '')
    await until('it runs again', () => history.filter(({ kind }) => kind === 'running').length === 2, 30_000)
    const again = history.find((status) => status.kind === 'starting' && status.restart === 1)
    assert.ok(again?.kind === 'starting')
    assert.equal(again.cause?.code, 'server-killed')
    assert.match(again.cause.message, /was killed/)
    const [second, ...more] = await containers()
    assert.notEqual(second, first)
    assert.deepEqual(more, [])
    await manager.stop()
    assert.deepEqual(await containers(), [])
  })

  it('finds its server again after a reload, and leaves nothing running when it does not come back', async () => {
    const before = openWindow()
    await before.manager.start()
    const [id] = await containers()
    await before.manager.leave()
    const after = openWindow()
    const connection = await after.manager.start()
    assert.deepEqual(await containers(), [id])
    // The keeper of the window before must not end what now belongs to another one.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    await connection.ping()
    await after.manager.leave()
    await until('the container is gone', async () => (await containers()).length === 0, 15_000)
  })

  it('may end before it can tell its keeper that it let go', async () => {
    const settings = { ...defaultSettings(lab.lab.project, lab.image), environment: offlineEnvironment }
    const id = await launchAndDie(settings, keeper)
    await disown(lab.engine, id)
    const next = await lab.launch()
    assert.deepEqual([next.id, next.isAdopted], [id, true])
    // Longer than the time of grace.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.equal((await lab.engine.state(id))?.isRunning, true)
    await next.stop()
  })

  it('leaves nothing running when it dies without a word', async () => {
    const settings = { ...defaultSettings(lab.lab.project, lab.image), environment: offlineEnvironment }
    const id = await launchAndDie(settings, keeper)
    assert.equal((await lab.engine.state(id))?.isRunning, true)
    await until('the container is gone', async () => (await containers()).length === 0, 15_000)
  })

  it('leaves nothing running when it dies in the middle of the start', async () => {
    const settings = { ...defaultSettings(lab.lab.project, lab.image), environment: offlineEnvironment }
    const id = await launchAndDie(settings, keeper, 'early')
    assert.equal((await lab.engine.state(id))?.isRunning, true)
    await until('the container is gone', async () => (await containers()).length === 0, 15_000)
  })
})
