import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describeEnd } from '../../../../src/server/container/containerEnd.ts'
import { environmentScript } from '../../../../src/server/container/containerOwner.ts'
import { parseList, parseState } from '../../../../src/server/container/engineAnswers.ts'
import type { ContainerState } from '../../../../src/server/container/engineAnswers.ts'
import { engineFailure, recognizeFailure } from '../../../../src/server/container/engineFailure.ts'

describe('The words of container engines', () => {
  const said: readonly (readonly [string, string])[] = [
    [
      'engine-not-running',
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    ],
    [
      'engine-not-running',
      'error during connect: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/_ping": open //./pipe/docker_engine',
    ],
    ['engine-not-running', 'Cannot connect to Podman. Please verify your connection to the Linux system'],
    [
      'forbidden',
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
    ],
    [
      'port-taken',
      'driver failed programming external connectivity: Bind for 127.0.0.1:80 failed: port is already allocated',
    ],
    [
      'port-taken',
      'Error: cannot listen on the TCP port: listen tcp4 127.0.0.1:80: bind: address already in use',
    ],
    ['disk-full', 'Error: writing blob: write /var/tmp/x: no space left on device'],
    ['mount-failed', 'invalid mount config for type "bind": bind source path does not exist: /x'],
    ['mount-failed', 'Error: statfs /x: no such file or directory'],
    ['mount-failed', 'Mounts denied: The path /x is not shared from the host'],
    ['image-missing', 'Error: initializing source docker://localhost/x:1: pinging container registry'],
    ['image-missing', 'Error response from daemon: No such image: x:latest'],
    ['image-missing', 'Error: x:1: image not known'],
    ['not-found', 'Error: no container with name or ID "x" found: no such container'],
    ['not-found', 'Error response from daemon: No such container: x'],
  ]
  for (const [code, words] of said) {
    it(`are understood: ${words.slice(0, 60)}`, () => {
      assert.equal(recognizeFailure(words)?.code, code)
    })
  }

  it('are kept as a detail, without secrets, when nobody knows them', () => {
    const error = engineFailure('Starting', { code: 125, stdout: '', stderr: 'boom token="sesame-open"' })
    assert.equal(error.code, 'launch-failed')
    assert.match(error.message, /Starting failed \(exit code 125\)/)
    assert.ok(error.detail.includes('boom') && !error.detail.includes('sesame'))
  })

  it('about a container are read alike for both kinds, and nonsense gives nothing', () => {
    const docker = JSON.stringify([
      {
        Id: 'abc',
        Name: '/n',
        State: { Running: true, ExitCode: 0, OOMKilled: false, Error: '' },
        Config: { Labels: { a: 'b' } },
        HostConfig: { Memory: 1048576 },
        NetworkSettings: {
          Ports: { '4096/tcp': [{ HostIp: '127.0.0.1', HostPort: '32768' }] },
          Networks: { bridge: { IPAddress: '172.17.0.2' } },
        },
      },
    ])
    const state = parseState(docker)
    assert.deepEqual(
      [
        state?.name,
        state?.isRunning,
        state?.ports['4096/tcp'],
        state?.addresses['bridge'],
        state?.memoryLimit,
      ],
      ['n', true, 32768, '172.17.0.2', 1048576],
    )
    assert.deepEqual(parseList(docker), [{ id: 'abc', name: 'n', isRunning: true, labels: { a: 'b' } }])
    for (const text of ['', '{}', '[]', 'oops']) assert.equal(parseState(text), undefined)
  })
})

describe('The end of a container', () => {
  const ended: ContainerState = {
    id: 'x',
    name: 'n',
    isRunning: false,
    exitCode: 1,
    isOutOfMemory: false,
    error: '',
    labels: {},
    ports: {},
    addresses: {},
    hostPort: undefined,
    memoryLimit: 0,
  }
  const code = (state: Partial<ContainerState> | undefined, tail = ''): string =>
    describeEnd(state && { ...ended, ...state }, tail).code

  it('has its own code for each cause', () => {
    assert.equal(code(undefined), 'server-killed')
    assert.equal(code({ isOutOfMemory: true, exitCode: 137 }), 'out-of-memory')
    assert.equal(code({ exitCode: 137 }, 'opencode-start: The server ran out of memory.'), 'out-of-memory')
    assert.equal(code({ exitCode: 137 }), 'server-killed')
    assert.equal(code({ exitCode: 143 }), 'server-killed')
    assert.equal(code({ exitCode: 1 }, 'Error: ENOSPC: no space left on device'), 'disk-full')
    assert.equal(code({ exitCode: 1 }, 'Error: Unexpected error ServeError'), 'port-taken')
    assert.equal(code({ exitCode: 1 }, 'whatever'), 'launch-failed')
  })

  it('repeats what the start script said', () => {
    const { message, detail } = describeEnd(
      { ...ended, exitCode: 73 },
      'opencode-start: The volume at /data is not writable.',
    )
    assert.equal(message, 'The volume at /data is not writable.')
    assert.ok(detail)
  })
})

describe('The environment for a container', () => {
  it('passes any value through a shell unchanged', async () => {
    const values = { A: "it's $HOME `x` \\n", B: 'two\nlines\n', C: '', _d1: '"quoted"' }
    const script = `${environmentScript(values)}printf '%s|' "$A" "$B" "$C" "$_d1"`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script])
    assert.equal(stdout, `${Object.values(values).join('|')}|`)
  })

  it('refuses what is no name', () => {
    for (const name of ['', '1A', 'A-B', 'A;rm', 'A B']) {
      assert.throws(() => environmentScript({ [name]: 'x' }), { code: 'invalid-argument' })
    }
  })
})
