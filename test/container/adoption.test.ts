import assert from 'node:assert/strict'
import path from 'node:path'
import {
  listLeftovers,
  removeLeftovers,
  removeProjectData,
} from '../../src/server/container/containerLeftovers.ts'
import { claim, findOwner, formatOwner, ownIdentity } from '../../src/server/container/containerOwner.ts'
import { type ContainerSettings } from '../../src/server/container/containerSettings.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import { offlineEnvironment } from '../support/opencodeLab.ts'
import { launchAndDie, startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

describe('A container whose window is gone', () => {
  let lab: ContainerTestLab
  let settings: ContainerSettings

  before(async () => {
    lab = await startContainerTestLab()
    settings = { ...defaultSettings(lab.lab.project, lab.image), environment: offlineEnvironment }
  })
  after(() => lab.dispose())

  /** Other tests on this machine may have theirs. */
  async function myLeftovers() {
    const all = await listLeftovers(lab.engine)
    return all.filter(({ workspace }) => workspace.startsWith(lab.lab.root))
  }

  it('is taken over by the next window, with its password and all that runs in it', async () => {
    const id = await launchAndDie(settings)
    const handle = await lab.launch()
    assert.deepEqual([handle.id, handle.isAdopted], [id, true])
    const connection = await lab.connect(handle)
    await connection.listSessions({ directory: lab.lab.project })
    await connection.close()
    assert.deepEqual(await myLeftovers(), [], 'it is no leftover any more')
    await lab.podman('kill', '--signal', 'KILL', id)
    assert.equal((await handle.exited).reason?.code, 'server-killed')
  })

  it('is taken over by one window only when several come at once', async () => {
    const id = await launchAndDie(settings)
    const handles = await Promise.all([lab.launch(), lab.launch()])
    assert.deepEqual(handles.filter((handle) => handle.id === id).length, 1)
    assert.equal(new Set(handles.map((handle) => handle.id)).size, 2)
    await Promise.all(handles.map((handle) => handle.stop()))
  })

  it('cannot be taken over by a window that still believes in the owner before', async () => {
    const id = await launchAndDie(settings)
    const entry = (await lab.engine.list(['opencode-sessions.role=server'])).find((item) => item.id === id)
    assert.ok(entry)
    const { state, text } = await findOwner(lab.engine, entry)
    assert.equal(state, 'gone')
    const now = { from: text, to: formatOwner(await ownIdentity()) }
    assert.equal(await claim(lab.engine, entry, now), true)
    assert.equal(await claim(lab.engine, entry, { ...now, to: '1/late#00' }), false)
    assert.deepEqual(await findOwner(lab.engine, entry), { state: 'own', text: now.to })
    await lab.engine.remove([id])
  })

  it('is taken over by the same process after a reload of the extension', async () => {
    const first = await lab.launch()
    await first.leave()
    const second = await lab.launch()
    assert.deepEqual([second.id, second.isAdopted], [first.id, true])
    await second.leave()
    const third = await lab.launch()
    assert.equal(third.id, first.id)
    await third.stop()
  })

  it('is removed when the settings ask for another one', async () => {
    const id = await launchAndDie(settings)
    const handle = await lab.launch({ cpus: 1 })
    assert.equal(handle.isAdopted, false)
    assert.equal(await lab.engine.state(id), undefined)
    await handle.stop()
  })

  it('is found by label and cleaned', async () => {
    const id = await launchAndDie(settings)
    const workspace = path.join(lab.lab.project, 'src')
    const mine = await lab.launch({ workspace })
    const leftovers = await myLeftovers()
    assert.deepEqual(
      leftovers.map((leftover) => [leftover.id, leftover.workspace, leftover.isRunning]),
      [[id, lab.lab.project, true]],
    )
    await removeLeftovers(lab.engine, leftovers)
    assert.equal(await lab.engine.state(id), undefined)
    assert.equal((await lab.engine.state(mine.id))?.isRunning, true)
    await mine.stop()
    await removeProjectData(lab.engine, workspace)
  })
})
