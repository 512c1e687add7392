import assert from 'node:assert/strict'
import { chown, stat } from 'node:fs/promises'
import path from 'node:path'
import { builtName } from '../../src/server/container/containerImage.ts'
import type { ContainerHandle } from '../../src/server/container/containerHandle.ts'
import { ContainerLauncher } from '../../src/server/container/containerLauncher.ts'
import { removeProjectData } from '../../src/server/container/containerLeftovers.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import { offlineEnvironment } from '../support/opencodeLab.ts'
import { notApplicable } from '../support/notApplicable.ts'
import {
  ask,
  giveTo,
  startContainerTestLab,
  textOf,
  useModel,
  type ContainerTestLab,
} from './support/containerTestLab.ts'
import { startRootlessPodman, whyNoRootless, type RootlessPodman } from './support/rootlessPodman.ts'

describe('The engine of an ordinary user', function () {
  let lab: ContainerTestLab
  let rootless: RootlessPodman | undefined

  before(async function () {
    const reason = await whyNoRootless()
    if (reason !== undefined) return notApplicable(this, reason)
    lab = await startContainerTestLab()
    rootless = await startRootlessPodman().catch((error: unknown) =>
      notApplicable(this, `the kernel forbids it (${String(error).split('\n')[0] ?? ''})`),
    )
    assert.ok(lab.image.kind === 'build')
    const name = await builtName(lab.image)
    await rootless.load(lab.engine, name)
  })
  after(async () => {
    await (lab as ContainerTestLab | undefined)?.dispose()
    await rootless?.dispose()
  })

  it('runs a prompt, and what it makes belongs to that user', async () => {
    assert.ok(rootless)
    const { engine, uid, gid, hasNetwork } = rootless
    assert.equal(engine.facts.isRootless, true)
    assert.match(engine.description, /rootless/)
    await useModel(lab.lab, hasNetwork ? lab.modelUrlInside : lab.lab.modelUrl)
    await giveTo(lab.lab.project, { uid, gid })
    await chown(lab.lab.root, uid, gid)
    const handle: ContainerHandle = await new ContainerLauncher({
      settings: () => ({
        ...defaultSettings(lab.lab.project, lab.image),
        environment: offlineEnvironment,
        network: { kind: hasNetwork ? 'default' : 'host' },
      }),
      engine: () => Promise.resolve(engine),
      log: { debug() {}, info() {}, warn() {} },
    }).launch(new AbortController().signal)
    const connection = await lab.connect(handle)
    const session = await connection.createSession(lab.lab.project)
    await ask(connection, session, '[[tool:write {"filePath":"made.txt","content":"hello"}]][[text:done]]')
    const made = path.join(lab.lab.project, 'made.txt')
    assert.equal(await textOf(made), 'hello')
    const file = await stat(made)
    assert.deepEqual([file.uid, file.gid], [uid, gid])
    await connection.close()
    await handle.stop()
    assert.equal(await engine.state(handle.id), undefined)
    await removeProjectData(engine, lab.lab.project)
  })
})
