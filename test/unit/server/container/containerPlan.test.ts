import assert from 'node:assert/strict'
import {
  pathRules,
  runArguments,
  settingsHash,
  volumeName,
  workspaceInside,
} from '../../../../src/server/container/containerPlan.ts'
import { type ContainerSettings } from '../../../../src/server/container/containerSettings.ts'
import { defaultSettings } from '../../../support/containerSettings.ts'
import type { EngineFacts } from '../../../../src/server/container/engine.ts'

const podman: EngineFacts = {
  kind: 'podman',
  version: '4.3.1',
  path: '/usr/bin/podman',
  contextArgs: [],
  isRootless: false,
  isRemote: false,
  hasSelinux: false,
  architecture: 'x64',
}
const image = { kind: 'pull', name: 'x' } as const

function settings(changes: Partial<ContainerSettings> = {}): ContainerSettings {
  return { ...defaultSettings('/home/ada/app', image), ...changes }
}

function argumentsFor(
  changes: Partial<ContainerSettings> = {},
  engine: Partial<EngineFacts> = {},
  platform = 'linux',
) {
  const args = runArguments(settings(changes), {
    engine: { ...podman, ...engine },
    platform: platform as NodeJS.Platform,
    outside: { uid: 1000, gid: 100 },
    image: 'x',
    name: 'n',
    volume: 'v',
    labels: { a: 'b' },
  })
  return args.join(' ')
}

describe('The plan of a container', () => {
  it('mounts the workspace at its own path where that hides nothing', () => {
    assert.equal(workspaceInside({ workspace: '/home/ada/app/' }), '/home/ada/app')
    assert.equal(workspaceInside({ workspace: '/tmp/x' }), '/tmp/x')
    for (const workspace of ['/', '/usr', '/etc', '/tmp', '/data/app', '/proc/x', '/run']) {
      assert.match(workspaceInside({ workspace }), /^\/workspace\/\w+$/, workspace)
    }
    assert.equal(workspaceInside({ workspace: 'C:\\Users\\ada\\My App' }), '/workspace/My-App')
    assert.equal(workspaceInside({ workspace: '/home/ada/app', workspaceTarget: '/code' }), '/code')
  })

  it('tells the paths of the workspace and of all further mounts', () => {
    assert.deepEqual(
      pathRules(settings({ mounts: [{ source: '/opt/x', target: '/x' }, { source: '/opt/y' }] })),
      [
        { host: '/home/ada/app', server: '/home/ada/app' },
        { host: '/opt/x', server: '/x' },
        { host: '/opt/y', server: '/opt/y' },
      ],
    )
  })

  it('publishes on loopback only and gives away all rights', () => {
    const args = argumentsFor()
    assert.match(args, /--publish 127\.0\.0\.1::4096/)
    assert.match(argumentsFor({ port: 5000 }), /--publish 127\.0\.0\.1:5000:4096/)
    assert.match(args, /--cap-drop all --security-opt no-new-privileges/)
    assert.match(args, /--pull never/)
    assert.doesNotMatch(args, /label=disable/)
    assert.match(argumentsFor({}, { hasSelinux: true }), /--security-opt label=disable/)
  })

  it('chooses the user so that files belong to the one outside', () => {
    assert.match(argumentsFor(), / --user 1000:100 /)
    assert.doesNotMatch(argumentsFor(), /--userns/)
    assert.match(argumentsFor({}, { isRootless: true }), /--userns keep-id --user 1000:100/)
    assert.match(argumentsFor({}, { kind: 'docker', isRootless: true }), /--user 0:0/)
    assert.doesNotMatch(argumentsFor({}, { isRemote: true }, 'darwin'), /--user/)
    assert.doesNotMatch(argumentsFor({ user: 'image' }), /--user/)
    assert.match(argumentsFor({ user: { uid: 7, gid: 8 } }), /--user 7:8/)
  })

  it('sets limits and refuses nonsense', () => {
    assert.match(argumentsFor({ memory: '2g', cpus: 1.5 }), /--memory 2g --memory-swap 2g --cpus 1\.5/)
    assert.throws(() => argumentsFor({ memory: 'lots' }), { code: 'invalid-argument' })
    assert.throws(() => argumentsFor({ cpus: 0 }), { code: 'invalid-argument' })
    assert.throws(() => argumentsFor({ mounts: [{ source: '/x', target: 'relative' }] }), {
      code: 'invalid-argument',
    })
    assert.throws(() => argumentsFor({ mounts: [{ source: '/x', target: '/a/../etc' }] }), {
      code: 'invalid-argument',
    })
  })

  it('mounts folders with a comma in their names, and read-only where asked', () => {
    assert.match(argumentsFor({ workspace: '/home/a,b' }), /--volume \/home\/a,b:\/home\/a,b /)
    assert.match(argumentsFor({ isReadOnly: true }), /dst=\/home\/ada\/app,readonly /)
    assert.throws(() => argumentsFor({ workspace: '/home/a,b:c' }), { code: 'invalid-argument' })
  })

  it('listens on loopback in the network of the machine', () => {
    const args = argumentsFor({ network: { kind: 'host' } })
    assert.match(args, /--network host --env OPENCODE_HOSTNAME=127\.0\.0\.1/)
    assert.doesNotMatch(args, /--publish/)
  })

  it('holds no value of the environment', () => {
    assert.doesNotMatch(argumentsFor({ environment: { TOKEN: 'sesame' } }), /sesame|TOKEN/)
  })

  it('tells settings apart that need another container', () => {
    const hash = settingsHash(settings(), 'x')
    assert.equal(settingsHash(settings({ environment: {} }), 'x'), hash)
    for (const other of [{ memory: '1g' }, { environment: { A: '1' } }, { isReadOnly: true }]) {
      assert.notEqual(settingsHash(settings(other), 'x'), hash)
    }
    assert.notEqual(settingsHash(settings(), 'y'), hash)
  })

  it('keeps one volume for each workspace and user', () => {
    const facts = { engine: podman, platform: 'linux', outside: { uid: 1, gid: 1 } } as const
    const name = volumeName(settings(), facts)
    assert.match(name, /^opencode-sessions-app-[0-9a-f]{12}$/)
    assert.equal(volumeName(settings({ memory: '1g' }), facts), name)
    assert.notEqual(volumeName(settings(), { ...facts, outside: { uid: 2, gid: 2 } }), name)
    assert.notEqual(volumeName(settings({ workspace: '/other/app' }), facts), name)
  })
})
