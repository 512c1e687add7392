import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { after, before, describe, it } from 'mocha'
import { connect } from '../../src/client/connect.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { ensureImage } from '../../src/server/container/containerImage.ts'
import type { Engine } from '../../src/server/container/engine.ts'
import { prepareContainers } from '../../scripts/lib/containerLab.ts'
import { inRepository } from '../../scripts/lib/repository.ts'
import { memoryLog } from '../unit/client/support/testServer.ts'

const run = promisify(execFile)
const container = 'opencode-pod-0-opencode'
const image = 'localhost/opencode-sessions:kubernetes'
const volumes = ['opencode-data', 'opencode-workspace', 'opencode-password']

describe('the manifest for Kubernetes, played by Podman', function () {
  this.timeout(180_000)
  let engine: Engine
  let folder: string
  let file: string
  const podman = async (...args: readonly string[]): Promise<string> =>
    (await run(engine.facts.path, args)).stdout.trim()
  const inside = (script: string): Promise<string> => podman('exec', container, 'sh', '-c', script)

  before(async () => {
    const parts = await prepareContainers()
    engine = parts.engine
    const built = await ensureImage(engine, parts.image, { signal: new AbortController().signal })
    await podman('tag', built, image)
    folder = await mkdtemp(path.join(tmpdir(), 'kube-'))
    file = path.join(folder, 'opencode.yaml')
    const manifest = await readFile(inRepository('container', 'kubernetes', 'opencode.yaml'), 'utf8')
    // The one thing that the README says to fill in.
    const password = Buffer.from('a-password-of-the-test').toString('base64')
    await writeFile(file, manifest.replace("\n  password: ''", `\n  password: '${password}'`))
    await podman('kube', 'play', file)
  })
  after(async () => {
    await podman('kube', 'down', file).catch(() => undefined)
    await podman('volume', 'rm', '--force', ...volumes).catch(() => undefined)
    await podman('secret', 'rm', 'opencode-password').catch(() => undefined)
    await podman('rmi', image).catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  })

  it('becomes healthy by the command of its probes', async () => {
    const deadline = Date.now() + 60_000
    for (;;) {
      const isHealthy = await inside('opencode-health').then(
        () => true,
        () => false,
      )
      if (isHealthy) return
      assert.ok(Date.now() < deadline, await podman('logs', container))
      await sleep(500)
    }
  })

  it('lets in who has the password of the Secret, and nobody else', async () => {
    // The network of rootless pods cannot be reached from outside.
    if (process.getuid?.() !== 0) return
    const infra = await podman('pod', 'inspect', 'opencode-pod-0', '--format', '{{.InfraContainerID}}')
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const url = `http://${await podman('inspect', infra, '--format', format)}:4096`
    // Podman 4.3 hands the value over as it stands in the manifest, a cluster decodes it.
    const password = await inside('cat "$OPENCODE_SERVER_PASSWORD_FILE"')
    const endpoint = { url, username: 'opencode', password }
    const connection = await connect(endpoint, { log: memoryLog() })
    await connection.close()
    const refused = connect({ ...endpoint, password: 'another' }, { log: memoryLog() })
    await assert.rejects(refused, (error) => error instanceof OpencodeError && error.code === 'unauthorized')
    const shown = await podman('inspect', container)
    assert.ok(!shown.includes(password) && !shown.includes('a-password-of-the-test'))
  })

  it('runs as an ordinary user on a read-only root, with limits and without capabilities', async () => {
    assert.match(await inside('id'), /^uid=1000\S* gid=1000/)
    await assert.rejects(inside('touch /usr/x'), /Read-only file system/)
    assert.equal(await inside('grep CapEff /proc/self/status | cut -f2'), '0000000000000000')
    const format = '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}'
    assert.equal(await podman('inspect', container, '--format', format), `true ${2 * 1024 ** 3}`)
  })

  it('keeps workspace and data on volumes when it goes, and leaves no container behind', async () => {
    await inside('touch /workspace/kept /data/kept')
    await podman('kube', 'down', file)
    assert.equal(await podman('ps', '--all', '--quiet', '--filter', 'name=opencode-pod-0'), '')
    const place = await podman('volume', 'inspect', 'opencode-workspace', '--format', '{{.Mountpoint}}')
    assert.deepEqual(await readdir(place), ['kept'])
  })
})
