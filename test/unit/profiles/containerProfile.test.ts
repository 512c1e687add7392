import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import type { ContainerProfile } from '../../../src/opencode/profile.ts'
import { containerSettings } from '../../../src/profiles/containerProfile.ts'
import { defaultSettings } from '../../support/containerSettings.ts'

const build = { kind: 'build', folder: '/ext/container', version: '1.18.33' } as const

function settingsOf(changes: Partial<ContainerProfile> = {}) {
  const profile = { kind: 'container', id: 'user:C', name: 'C', source: 'user', ...changes } as const
  return containerSettings(profile, '/home/ada/app', build)
}

describe('A container profile', () => {
  it('that says nothing means the image that ships with the extension and sensible defaults', () => {
    assert.deepEqual(settingsOf(), defaultSettings('/home/ada/app', build))
  })

  it('passes on what it says', () => {
    const settings = settingsOf({
      extraPackages: ['python3'],
      memory: '2g',
      cpus: 2,
      network: 'provider',
      providerHosts: ['api.example.com'],
      mounts: [{ source: '~/.gitconfig', target: '/data/home/.gitconfig', isReadOnly: true }],
      environment: { NAME: 'value' },
      user: '1000:100',
      isReadOnly: true,
      workspaceTarget: '/src',
      port: 5000,
    })
    assert.deepEqual(settings, {
      workspace: '/home/ada/app',
      workspaceTarget: '/src',
      image: { ...build, extraPackages: ['python3'] },
      network: { kind: 'provider', hosts: ['api.example.com'] },
      user: { uid: 1000, gid: 100 },
      mounts: [{ source: `${homedir()}/.gitconfig`, target: '/data/home/.gitconfig', isReadOnly: true }],
      environment: { NAME: 'value' },
      isReadOnly: true,
      memory: '2g',
      cpus: 2,
      port: 5000,
    })
  })

  it('may name an image to fetch instead', () => {
    assert.deepEqual(settingsOf({ image: 'ghcr.io/ada/opencode:1' }).image, {
      kind: 'pull',
      name: 'ghcr.io/ada/opencode:1',
    })
  })

  it('is refused with a user that nobody knows', () => {
    assert.throws(() => settingsOf({ user: 'ada' }), { code: 'invalid-argument' })
  })
})
