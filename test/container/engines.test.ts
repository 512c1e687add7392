import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { toErrorInfo } from '../../src/opencode/errors.ts'
import { ContainerLauncher } from '../../src/server/container/containerLauncher.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import { detectEngine, surveyEngines } from '../../src/server/container/engineDetection.ts'
import { notApplicable } from '../support/notApplicable.ts'
import { startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

describe('The container engine', () => {
  let lab: ContainerTestLab
  let folder: string

  before(async () => {
    lab = await startContainerTestLab()
    folder = await mkdtemp(path.join(tmpdir(), 'opencode-engines-'))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
    await lab.dispose()
  })

  const detect = (engine: string, env: NodeJS.ProcessEnv = process.env, timeoutMs = 5000) =>
    detectEngine({ choice: { engine }, env, platform: 'linux', timeoutMs })

  /** A folder with a program of this name, as the only place that is searched. */
  async function program(name: string, script: string): Promise<NodeJS.ProcessEnv> {
    const place = await mkdtemp(path.join(folder, 'bin-'))
    await writeFile(path.join(place, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(place, name), 0o755)
    return { ...process.env, PATH: `${place}:/usr/sbin:/usr/bin:/sbin:/bin` }
  }

  it('is Podman when it answers', async () => {
    const { facts } = await detect('podman')
    assert.equal(facts.kind, 'podman')
    assert.match(facts.version, /^\d+\.\d+/)
    assert.ok(['x64', 'arm64'].includes(facts.architecture))
  })

  it('is found although a Docker client without a daemon is there', async () => {
    const env = await program(
      'docker',
      'echo "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?" >&2; exit 1',
    )
    assert.equal((await detect('auto', env)).facts.kind, 'podman')
  })

  it('is missed within a second when only a Docker client is there', async () => {
    const survey = await surveyEngines({ choice: { engine: 'docker' }, env: process.env, platform: 'linux' })
    // The real client where it is installed without a daemon, else one that says the same.
    const words =
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
    const isReal = survey[0]?.error?.code === 'engine-not-running'
    const env = isReal ? process.env : await program('docker', `echo "${words}" >&2; exit 1`)
    const started = performance.now()
    await assert.rejects(detect('docker', env, 1000), (error) => {
      const info = toErrorInfo(error)
      assert.equal(info.code, 'engine-not-running')
      assert.match(info.message, /no Docker daemon answers/)
      return true
    })
    assert.ok(performance.now() - started < 1500)
  })

  it('is given up on after its time when it hangs', async () => {
    const env = await program('docker', 'exec sleep 30')
    const started = performance.now()
    await assert.rejects(detect('docker', env, 500), { code: 'engine-not-running' })
    assert.ok(performance.now() - started < 1500)
  })

  it('is recognized when Podman goes by the name of Docker', async () => {
    const place = await mkdtemp(path.join(folder, 'bin-'))
    await symlink('/usr/bin/podman', path.join(place, 'docker'))
    const { facts } = await detect('docker', { ...process.env, PATH: `${place}:/usr/bin:/bin:/usr/sbin` })
    assert.equal(facts.kind, 'podman')
  })

  it('is said to be missing when there is none', async () => {
    await assert.rejects(detect(path.join(folder, 'nothing')), { code: 'engine-not-found' })
    await assert.rejects(detect('opencode-no-such-engine'), { code: 'engine-not-found' })
    await assert.rejects(detect('./podman'), { code: 'engine-not-found' })
  })

  it('is said to be forbidden when its socket belongs to others', async () => {
    const words =
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock'
    const env = await program('docker', `echo "${words}" >&2; exit 1`)
    await assert.rejects(detect('docker', env), { code: 'forbidden' })
  })

  it('can be surveyed for the Doctor', async () => {
    const found = await surveyEngines({
      choice: { engine: 'auto' },
      env: process.env,
      platform: 'linux',
      timeoutMs: 5000,
    })
    assert.deepEqual(
      found.map(({ name }) => name),
      ['docker', 'podman'],
    )
    assert.ok(found[1]?.engine)
  })

  describe('behind a socket', () => {
    let service: ChildProcess
    let url: string

    before(async () => {
      const socket = path.join(folder, 'podman.sock')
      url = `unix://${socket}`
      service = spawn('/usr/bin/podman', ['system', 'service', '--time', '0', url], { stdio: 'ignore' })
      for (let tries = 0; tries < 100 && !(await isThere(socket)); tries++) await sleep(50)
    })
    after(() => end(service))

    it('is found by the name of a Podman connection', async () => {
      const env = { ...process.env, XDG_CONFIG_HOME: path.join(folder, 'config') }
      await promisify(execFile)('/usr/bin/podman', ['system', 'connection', 'add', 'lab', url], { env })
      const choice = { engine: 'podman', context: 'lab' }
      const { facts } = await detectEngine({ choice, env, platform: 'linux', timeoutMs: 5000 })
      assert.deepEqual([facts.isRemote, facts.contextArgs], [true, ['--connection', 'lab']])
      const wrong = { engine: 'podman', context: 'nowhere' }
      await assert.rejects(detectEngine({ choice: wrong, env, platform: 'linux', timeoutMs: 5000 }), {
        code: 'engine-not-running',
      })
    })

    it('runs containers by the Docker client and one of its contexts', async function () {
      const docker = await findDocker()
      if (docker === undefined) return notApplicable(this, 'no Docker client is installed')
      const env = { ...process.env, DOCKER_CONFIG: path.join(folder, 'docker') }
      await promisify(execFile)(docker, ['context', 'create', 'lab', '--docker', `host=${url}`], { env })
      const choice = { engine: docker, context: 'lab' }
      const engine = await detectEngine({ choice, env, platform: 'linux', timeoutMs: 5000 })
      assert.deepEqual([engine.facts.kind, engine.facts.contextArgs], ['docker', ['--context', 'lab']])
      const launcher = lab.launcher({}, { engine: () => Promise.resolve(engine) })
      const handle = await launcher.launch(new AbortController().signal)
      const connection = await lab.connect(handle)
      const session = await connection.createSession(lab.lab.project)
      assert.equal(session.directory, lab.lab.project)
      await connection.close()
      await handle.leave()
      const again = await launcher.launch(new AbortController().signal)
      assert.deepEqual([again.id, again.isAdopted], [handle.id, true])
      await lab.podman('kill', '--signal', 'KILL', again.id)
      assert.equal((await again.exited).reason?.code, 'server-killed')
      assert.equal(await engine.state(again.id), undefined)
    })

    it('runs containers as the one next door, and says so when it stops', async () => {
      const remote = () =>
        detectEngine({
          choice: { engine: 'podman' },
          env: { ...process.env, CONTAINER_HOST: url },
          platform: 'linux',
          timeoutMs: 5000,
        })
      assert.equal((await remote()).facts.isRemote, true)
      const launcher = new ContainerLauncher({
        settings: () => defaultSettings(lab.lab.project, lab.image),
        engine: remote,
        log: { debug() {}, info() {}, warn() {} },
      })
      const handle = await launcher.launch(new AbortController().signal)
      await (await lab.connect(handle)).close()
      await end(service)
      const exit = await handle.exited
      assert.equal(exit.reason?.code, 'engine-not-running')
      await handle.stop()
      await assert.rejects(remote(), { code: 'engine-not-running' })
    })
  })
})

/** The real client, where it is installed. */
async function findDocker(): Promise<string | undefined> {
  const places = ['/usr/bin/docker', '/usr/local/bin/docker']
  const found = await Promise.all(places.map(isThere))
  return places.find((_, index) => found[index])
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
