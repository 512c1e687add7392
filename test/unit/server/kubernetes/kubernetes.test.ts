import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, describe, it } from 'mocha'
import { connect } from '../../../../src/client/connect.ts'
import type { ServerEvent } from '../../../../src/client/connection.ts'
import { type ErrorCode, OpencodeError } from '../../../../src/opencode/errors.ts'
import { isListening } from '../../../../src/server/isListening.ts'
import { Kubectl } from '../../../../src/server/kubernetes/kubectl.ts'
import { kubectlFailure } from '../../../../src/server/kubernetes/kubectlFailure.ts'
import { KubernetesLauncher } from '../../../../src/server/kubernetes/kubernetesLauncher.ts'
import { passwordSource, podSpecOf, readTargets } from '../../../../src/server/kubernetes/objects.ts'
import type { ServerHandle } from '../../../../src/server/launcher.ts'
import { inRepository } from '../../../../scripts/lib/repository.ts'
import { startLab, type Lab } from '../../../support/opencodeLab.ts'
import { memoryLog } from '../../client/support/testServer.ts'
import { deployment, kubeConfig, pod, service, startApiServer } from './support/apiServer.ts'
import { scriptKubectl, type ScriptedKubectl } from './support/scriptedKubectl.ts'

const signal = new AbortController().signal
async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof OpencodeError, String(error))
  return error.code
}

describe('Kubernetes', function () {
  this.timeout(120_000)
  let lab: Lab
  let folder: string
  let scripted: ScriptedKubectl
  const opened: { stop(): Promise<void> }[] = []

  before(async () => {
    lab = await startLab()
    folder = await mkdtemp(path.join(tmpdir(), 'kubectl-'))
    scripted = await scriptKubectl(folder)
  })
  after(async () => {
    await lab.dispose()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    for (const item of opened.splice(0)) await item.stop()
    await scripted.refuseWith('')
  })

  const kubectl = (): Kubectl => new Kubectl({ path: scripted.path, env: process.env })

  function launcherOf(program: Kubectl, password = '', log = memoryLog()): KubernetesLauncher {
    return new KubernetesLauncher({
      kubectl: program,
      target: 'deployment/opencode',
      remotePort: 4096,
      supervisor: {
        execPath: process.execPath,
        path: inRepository('src/server/process/supervisor/main.ts'),
        cwd: path.join(folder, 'state'),
        env: process.env,
        host: process.pid,
      },
      log,
      username: 'opencode',
      password: async () => password,
      pathRules: [],
      timing: { firstDelayMs: 50, longestDelayMs: 200, giveUpMs: 1_500, openMs: 8_000 },
    })
  }

  async function launch(launcher: KubernetesLauncher): Promise<ServerHandle> {
    const handle = await launcher.launch(signal)
    opened.push(handle)
    return handle
  }

  it('names what can be forwarded to, the likeliest first', () => {
    const targets = readTargets({ items: [pod, service, deployment] })
    assert.deepEqual(
      targets.map(({ target, port, isLikely }) => [target, port, isLikely]),
      [
        ['deployment/opencode', 4096, true],
        ['service/opencode', 4096, true],
        ['pod/web-1', 80, false],
      ],
    )
    assert.equal(targets[0]?.description, '1 of 1 ready · port 4096')
  })

  it('finds the Secret of the password, given as a file or as a variable', () => {
    assert.deepEqual(passwordSource(podSpecOf(deployment)), { secret: 'opencode-password', key: 'password' })
    assert.deepEqual(passwordSource(podSpecOf(pod)), { secret: 'by-variable', key: 'word' })
    assert.equal(passwordSource(podSpecOf(service)), undefined)
  })

  it('follows a service to its pods, and reads the password only when told to', async () => {
    await scripted.answer('get service/opencode -o json', service)
    await scripted.answer('get pods -l app=opencode -o json', { items: [pod] })
    const data = { word: Buffer.from('the password').toString('base64') }
    await scripted.answer('get secret by-variable -o json', { data })
    const source = await kubectl().passwordSource('service/opencode')
    assert.deepEqual(source, { secret: 'by-variable', key: 'word' })
    assert.equal(await kubectl().readPassword(source), 'the password')
  })

  const sentences: readonly (readonly [ErrorCode, string])[] = [
    [
      'cluster-unreachable',
      'The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?',
    ],
    [
      'cluster-unreachable',
      'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    ],
    ['cluster-unreachable', 'Unable to connect to the server: dial tcp: lookup nowhere: no such host'],
    ['not-found', 'Error in configuration: context was not found for specified context: nope'],
    ['not-found', 'Error from server (NotFound): pods "x" not found'],
    ['forbidden', 'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods"'],
    ['forbidden', 'error: You must be logged in to the server (Unauthorized)'],
    ['not-running', 'error: unable to forward port because pod is not running. Current status=Pending'],
    ['port-taken', 'unable to listen on any of the requested ports: [{4000 4096}]'],
    ['launch-failed', 'something nobody has seen before'],
  ]
  for (const [code, words] of sentences) {
    it(`calls it ${code}: ${words.slice(0, 60)}`, () => {
      const error = kubectlFailure('Forwarding', words)
      assert.equal(error.code, code)
      assert.match(error.detail, new RegExp(words.slice(0, 10)))
    })
  }

  it('says which program is missing', async () => {
    const missing = new Kubectl({ path: path.join(folder, 'none'), env: process.env })
    assert.equal(await codeOf(missing.version()), 'kubectl-not-found')
    assert.equal(await codeOf(launcherOf(missing).launch(signal)), 'kubectl-not-found')
  })

  it('takes only names for a target, never options', async () => {
    for (const target of ['--kubeconfig=/tmp/x', 'pod/a b', 'secret/x']) {
      const launcher = new KubernetesLauncher({
        kubectl: kubectl(),
        target,
        remotePort: 4096,
        supervisor: { execPath: process.execPath, path: '', cwd: folder, env: {}, host: process.pid },
        log: memoryLog(),
        username: 'opencode',
        password: async () => '',
        pathRules: [],
      })
      assert.equal(await codeOf(launcher.launch(signal)), 'invalid-argument')
    }
  })

  it('connects to a real server through the forwarded port, and is back at the same port after a lost pod', async () => {
    const server = await lab.startServer()
    await scripted.connectTo(server.port)
    const log = memoryLog()
    const handle = await launch(launcherOf(kubectl(), server.password, log))
    const connection = await connect(handle.endpoint, { log })
    opened.push({ stop: () => connection.close() })
    const seen: ServerEvent['kind'][] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const event of connection.events(stop.signal)) {
        // Each failed attempt to reconnect is told as well.
        const isNew = event.kind !== seen.at(-1) && (event.kind === 'up' || event.kind === 'down')
        if (isNew) seen.push(event.kind)
        if (seen.join(' ') === 'up down up') stop.abort()
      }
    })()
    await untilTrue(() => seen.length === 1)
    await scripted.loseThePod()
    await reading
    assert.deepEqual(seen, ['up', 'down', 'up'])
    await connection.ping()
    assert.match(log.lines.join('\n'), /forwarded port is open again/)
    assert.doesNotMatch(log.lines.join('\n'), new RegExp(server.password))
    await handle.stop()
    assert.equal(await isListening(handle.endpoint.url), false)
  })

  it('gives up with the reason when the pod does not come back', async () => {
    const server = await lab.startServer()
    await scripted.connectTo(server.port)
    const handle = await launch(launcherOf(kubectl(), server.password))
    await scripted.refuseWith(
      'error: unable to forward port because pod is not running. Current status=Pending',
    )
    await scripted.loseThePod()
    assert.equal((await handle.exited).reason?.code, 'not-running')
  })

  it('ends kubectl at once when it is called off', async () => {
    const abort = new AbortController()
    const silent = path.join(folder, 'silent')
    await writeFile(silent, `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 60\n`, { mode: 0o755 })
    const launching = launcherOf(new Kubectl({ path: silent, env: process.env })).launch(abort.signal)
    setTimeout(() => abort.abort(), 700)
    assert.equal(await codeOf(launching), 'aborted')
    assert.throws(() => execFileSync('pgrep', ['-f', `${folder}/silent`]))
  })

  const real = findRealKubectl()
  if (real === undefined) {
    process.stdout.write(
      'Not applicable: the tests with the real kubectl, because there is none on this machine.\n',
    )
  } else {
    describe(`with the real kubectl (${real})`, () => {
      const configured = async (server: string): Promise<Kubectl> => {
        const file = path.join(folder, 'config')
        await writeFile(file, kubeConfig(server))
        return new Kubectl({ path: real, env: { ...process.env, KUBECONFIG: file, HOME: folder } })
      }

      it('reads version and contexts', async () => {
        const program = await configured('http://127.0.0.1:9')
        assert.match(await program.version(), /^v1\./)
        assert.deepEqual(await program.contexts(), { names: ['test'], current: 'test' })
      })

      it('says that the cluster cannot be reached', async () => {
        const program = await configured('http://127.0.0.1:9')
        assert.equal(await codeOf(program.targets()), 'cluster-unreachable')
        assert.equal(await codeOf(launcherOf(program).launch(signal)), 'cluster-unreachable')
        assert.equal(await codeOf(program.with({ context: 'nope' }).targets()), 'not-found')
      })

      it('lists what an API server has, and says what it forbids and does not have', async () => {
        const api = await startApiServer()
        try {
          const program = await configured(api.url)
          const targets = await program.targets()
          assert.deepEqual(
            targets.map(({ target }) => target),
            ['deployment/opencode', 'service/opencode', 'pod/web-1'],
          )
          assert.deepEqual(await program.passwordSource('deployment/opencode'), {
            secret: 'opencode-password',
            key: 'password',
          })
          assert.equal(await codeOf(program.namespaces()), 'forbidden')
          assert.equal(await codeOf(program.passwordSource('deployment/other')), 'not-found')
        } finally {
          await api.close()
        }
      })
    })
  }
})

function findRealKubectl(): string | undefined {
  try {
    return execFileSync('which', ['kubectl'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

async function untilTrue(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'It did not happen in time.')
    await sleep(20)
  }
}
