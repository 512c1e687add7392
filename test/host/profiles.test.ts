import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as vscode from 'vscode'
import type { UrlProfile } from '../../src/opencode/profile.ts'
import { StoredValue } from '../../src/platform/storage.ts'
import { ServerProfiles } from '../../src/profiles/serverProfiles.ts'
import { thisMachineID } from '../../src/profiles/thisMachine.ts'
import { startLab, type Lab, type LabServer } from '../support/opencodeLab.ts'
import { activated, backendOf, projectUri, until } from './support.ts'

const folder = projectUri().fsPath

async function configure(key: string, value: unknown): Promise<void> {
  await vscode.workspace
    .getConfiguration('opencodeSessions')
    .update(key, value, vscode.ConfigurationTarget.Global)
}

afterEach(async () => {
  const { services } = await activated()
  await services.profiles.pick([folder], undefined)
  await configure('server.profiles', undefined)
  await configure('server.profile', undefined)
})

describe('Server profiles', () => {
  it('come from the settings, beside this machine, and one bad entry spoils no other', async () => {
    const { profiles } = (await activated()).services
    assert.deepEqual(
      profiles.all.map(({ id }) => id),
      [thisMachineID],
    )
    await configure('server.profiles', [
      { name: 'Bad', kind: 'url' },
      { name: 'Good', kind: 'url', url: 'https://opencode.example' },
    ])
    assert.deepEqual(
      profiles.all.map(({ id }) => id),
      [thisMachineID, 'user:Good'],
    )
    assert.match(profiles.problems[0]?.sentence ?? '', /"Bad" .*"url" is missing/)
  })

  it('are picked for a folder by hand, else by the name in the settings', async () => {
    const { profiles, backends } = (await activated()).services
    await configure('server.profiles', [
      { name: 'One', kind: 'url', url: 'https://one.example' },
      { name: 'Two', kind: 'url', url: 'https://two.example' },
    ])
    assert.equal(profiles.for(folder).id, thisMachineID)
    await configure('server.profile', 'Two')
    assert.equal(profiles.for(folder).id, 'user:Two')
    await profiles.pick([folder], profiles.find('user:One'))
    assert.equal(backends.for(folder).profile.id, 'user:One')
    assert.equal(backends.for(folder).id, 'user:One')
    await profiles.pick([folder], undefined)
    assert.equal(backends.for(folder).profile.id, 'user:Two')
  })

  it('that are picked and broken, or gone, are not replaced by another server', async () => {
    const { profiles, backends } = (await activated()).services
    await configure('server.profiles', [{ name: 'One', kind: 'url', url: 'https://one.example' }])
    await profiles.pick([folder], profiles.find('user:One'))
    await configure('server.profiles', [{ name: 'One', kind: 'url', url: 'ftp://one.example' }])
    assert.match(profiles.for(folder).problem ?? '', /"url" is not usable/)
    await configure('server.profiles', [])
    assert.match(profiles.for(folder).problem ?? '', /no server profile "One" any more/)
    await assert.rejects(backends.for(folder).access.ensure(), { code: 'profile-invalid' })
    const { status } = backends.for(folder).server
    assert.ok(status.kind === 'failed' && /"One"/.test(status.error.message))
    await configure('server.profile', 'Nobody')
    await profiles.pick([folder], undefined)
    assert.match(profiles.for(folder).problem ?? '', /no server profile "Nobody"/)
  })

  it('that change while their server is awaited are not waited for as they were', async () => {
    const { profiles, backends } = (await activated()).services
    const asked = Promise.withResolvers<undefined>()
    const silent = createServer(() => asked.resolve(undefined)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    await configure('server.profiles', [{ name: 'Slow', kind: 'url', url: `http://127.0.0.1:${port}` }])
    await profiles.pick([folder], profiles.find('user:Slow'))
    const { access, server } = backends.for(folder)
    const refused = assert.rejects(access.ensure(), { code: 'aborted' })
    await asked.promise
    assert.equal(server.status.kind, 'starting')
    await configure('server.profiles', [])
    await refused
    await assert.rejects(access.ensure(), { code: 'profile-invalid' })
    silent.closeAllConnections()
    silent.close()
  })

  it('are written without touching entries that cannot be read', async () => {
    const { profiles } = (await activated()).services
    const bad = { name: 'Bad', kind: 'url', comment: 'mine' }
    await configure('server.profiles', [bad])
    const profile: UrlProfile = {
      kind: 'url',
      id: 'user:New',
      source: 'user',
      name: 'New',
      url: 'https://new.example',
    }
    await profiles.save(profile)
    await profiles.pick([folder], profile)
    await profiles.save({ ...profile, id: 'user:Newer', name: 'Newer' }, 'New')
    assert.equal(profiles.for(folder).id, 'user:Newer')
    const value = () => vscode.workspace.getConfiguration('opencodeSessions').get('server.profiles')
    assert.deepEqual(value(), [bad, { kind: 'url', name: 'Newer', url: 'https://new.example' }])
    await profiles.remove({ ...profile, id: 'user:Newer', name: 'Newer' })
    assert.deepEqual(value(), [bad])
    assert.equal(profiles.for(folder).id, thisMachineID)
  })

  it('count as removed when they stay away from the settings', async () => {
    const { context } = await activated()
    const picks = new StoredValue(context.workspaceState, 'test:picks')
    const watching = new ServerProfiles({ picks, removalDelayMs: 3_000 })
    const removed: string[] = []
    watching.onDidRemove((id) => removed.push(id))
    const one = { name: 'One', kind: 'url', url: 'https://one.example' }
    await configure('server.profiles', [one, { ...one, name: 'Two' }])
    await until('both', () => watching.all.length === 3)
    await configure('server.profiles', [{ ...one, name: 'Two', url: '' }])
    await configure('server.profiles', [])
    await configure('server.profiles', [one])
    await until('the removal', () => removed.length > 0)
    assert.deepEqual(removed, ['user:Two'])
    watching.dispose()
  })
})

describe('Secrets of a server profile', function () {
  this.timeout(180_000)
  let lab: Lab
  let server: LabServer
  const name = 'Lab'
  const profileID = `user:${name}`

  before(async () => {
    lab = await startLab()
    server = await lab.startServer()
  })
  after(() => lab.dispose())

  /** What the secret storage holds the password by; another window writes there without asking this one. */
  const key = (): string => JSON.stringify(['password', profileID, `opencode@${server.url}`])

  it('are followed when another window changes them, and go with the profile', async () => {
    const { services, credentials, context } = await activated()
    const { profiles, backends } = services
    await credentials.setPassword({ profileID, url: server.url, username: 'opencode' }, server.password)
    await configure('server.profiles', [{ name, kind: 'url', url: server.url }])
    await profiles.pick([folder], profiles.find(profileID))
    const backend = backends.for(folder)
    const connection = await backend.access.ensure()
    assert.equal(connection.url, server.url)
    await context.secrets.store(key(), 'not-the-password')
    await until('the refusal', () => backend.server.status.kind === 'failed')
    assert.equal(backend.server.status.kind === 'failed' && backend.server.status.error.code, 'unauthorized')
    await context.secrets.store(key(), server.password)
    await until('the login', () => backend.server.status.kind === 'running')
    await credentials.setProviderKey(profileID, 'x', 'sk-of-the-profile')
    await credentials.setProviderKey(thisMachineID, 'x', 'sk-of-this-machine')
    await credentials.forget(profileID)
    assert.deepEqual(await credentials.providers(profileID), [])
    assert.equal(await context.secrets.get(key()), undefined)
    assert.deepEqual(await credentials.providers(thisMachineID), ['x'])
    await credentials.forgetAll()
    assert.equal(await credentials.count(), 0)
    // The password of a server that windows share is none of the user's.
    const left = (await context.secrets.keys()).filter((each) => !each.startsWith('["lease",'))
    assert.deepEqual(left, [])
  })

  it('are not given to the address that a changed profile points to', async () => {
    const { services, credentials } = await activated()
    const { profiles, backends } = services
    await credentials.setPassword({ profileID, url: server.url, username: 'opencode' }, server.password)
    const other = await lab.startServer({ password: server.password })
    await configure('server.profiles', [{ name, kind: 'url', url: server.url }])
    await profiles.pick([folder], profiles.find(profileID))
    const backend = backends.for(folder)
    await backend.access.ensure()
    await configure('server.profiles', [{ name, kind: 'url', url: other.url }])
    await until('the refusal', () => backend.server.status.kind === 'failed')
    assert.equal(backend.server.status.kind === 'failed' && backend.server.status.error.code, 'unauthorized')
    await credentials.forgetAll()
    await profiles.pick([folder], undefined)
    assert.equal(backendOf(services).profile.id, thisMachineID)
  })
})
