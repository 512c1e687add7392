import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { toErrorInfo } from '../../src/opencode/errors.ts'
import type { ContainerHandle } from '../../src/server/container/containerHandle.ts'
import { ContainerLauncher } from '../../src/server/container/containerLauncher.ts'
import { labels } from '../../src/server/container/containerOwner.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import { startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

describe('When a container fails', () => {
  let lab: ContainerTestLab

  before(async () => {
    lab = await startContainerTestLab()
  })
  after(() => lab.dispose())

  afterEach(async () => {
    const left = await lab.engine.list([`${labels.workspace}=${lab.lab.project}`])
    assert.deepEqual(left, [], 'no container is left behind')
  })

  /** Ends a running server from outside and returns how that was told. */
  async function tellEnd(harm: (handle: ContainerHandle) => Promise<unknown>) {
    const handle = await lab.launch()
    await harm(handle)
    return handle.exited
  }

  it('says that it was killed', async () => {
    const exit = await tellEnd((handle) => lab.podman('kill', '--signal', 'KILL', handle.id))
    assert.deepEqual([exit.code, exit.reason?.code], [137, 'server-killed'])
  })

  it('says that it was stopped from outside', async () => {
    const exit = await tellEnd((handle) => lab.podman('stop', '--time', '5', handle.id))
    assert.deepEqual([exit.code, exit.reason?.code], [143, 'server-killed'])
    assert.match(exit.reason?.message ?? '', /stopped from outside/)
  })

  it('says that it was removed', async () => {
    const exit = await tellEnd((handle) => lab.podman('rm', '--force', handle.id))
    assert.equal(exit.reason?.code, 'server-killed')
    assert.match(exit.reason.message, /removed|killed/)
  })

  it('says that memory ran out', async () => {
    // Enough for the shell and the init, far too little for the server.
    await assert.rejects(lab.launch({ memory: '90m' }), (error) => {
      const info = toErrorInfo(error)
      assert.equal(info.code, 'out-of-memory', info.message)
      assert.match(info.message, /90 MB/)
      return true
    })
  })

  it('says that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await assert.rejects(lab.launch({ port }), { code: 'port-taken' })
    other.close()
  })

  it('says that the port is taken in the network of the machine', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await assert.rejects(lab.launch({ port, network: { kind: 'host' } }), { code: 'port-taken' })
    other.close()
  })

  it('says that the image is missing', async () => {
    const image = { kind: 'pull', name: 'localhost/opencode-sessions-nothing:1' } as const
    await assert.rejects(lab.launch({ image }), { code: 'image-missing' })
  })

  it('refuses an image that was not made for it', async () => {
    const image = { kind: 'pull', name: 'debian:bookworm-slim' } as const
    await assert.rejects(lab.launch({ image }), { code: 'unsupported' })
  })

  it('says that the disk is full', async () => {
    const started = await lab.launch()
    const mounts = JSON.parse(await lab.podman('inspect', '--format', '{{json .Mounts}}', started.id)) as {
      Name?: string
      Destination: string
    }[]
    const volume = mounts.find(({ Destination }) => Destination === '/data')?.Name ?? ''
    await started.stop()
    await lab.podman('volume', 'rm', volume)
    const label = `${labels.workspace}=${lab.lab.project}`
    const size = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=nr_blocks=50,mode=1777']
    await lab.podman('volume', 'create', '--label', label, ...size, volume)
    await assert.rejects(lab.launch(), { code: 'disk-full' })
    await lab.podman('volume', 'rm', volume)
  })

  it('can be called off while it starts', async () => {
    const controller = new AbortController()
    const launching = lab.launcher().launch(controller.signal)
    setTimeout(() => controller.abort(), 900)
    await assert.rejects(launching, { code: 'aborted' })
  })

  it('can be called off while the image is built, and says what the build does', async () => {
    const controller = new AbortController()
    const { image } = lab
    assert.equal(image.kind, 'build')
    const lines: string[] = []
    const launching = new ContainerLauncher({
      settings: () => defaultSettings(lab.lab.project, { ...image, extraPackages: ['file'] }),
      engine: async () => lab.engine,
      log: { debug() {}, info() {}, warn() {} },
      onImageLine: (line) => {
        lines.push(line)
        if (/STEP \d+\/\d+: (?:FROM|ARG|RUN)/.test(line)) setTimeout(() => controller.abort(), 300)
      },
    }).launch(controller.signal)
    await assert.rejects(launching, { code: 'aborted' })
    assert.ok(lines.some((line) => /STEP/.test(line)))
  })
})
