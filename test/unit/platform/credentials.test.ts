import assert from 'node:assert/strict'
import type { SecretStorage, SecretStorageChangeEvent } from 'vscode'
import { Credentials } from '../../../src/platform/credentials.ts'
import { Redactor } from '../../../src/platform/redactor.ts'
import { Emitter } from '../../../src/util/event.ts'

const work = 'user:Work'
const login = { profileID: work, url: 'https://a', username: 'anna' }

describe('Credentials', () => {
  it('gives a password out for just the profile, place and user that it was entered for', async () => {
    const { credentials } = setUp()
    await credentials.setPassword(login, 'first-password')
    assert.equal(await credentials.password(login), 'first-password')
    assert.equal(await credentials.password({ ...login, username: 'bert' }), undefined)
    assert.equal(await credentials.password({ ...login, url: 'https://evil' }), undefined)
    assert.equal(await credentials.password({ ...login, profileID: 'workspace:Work' }), undefined)
  })

  it('lists the providers that a profile has keys for, also after several were set at once', async () => {
    const { credentials } = setUp()
    await Promise.all(['x', 'y', 'z'].map((id) => credentials.setProviderKey(work, id, `key-of-${id}`)))
    await credentials.setProviderKey('user:Home', 'w', 'key-of-w')
    await credentials.removeProviderKey(work, 'y')
    assert.deepEqual([...(await credentials.providers(work))].sort(), ['x', 'z'])
    assert.equal(await credentials.providerKey(work, 'y'), undefined)
  })

  it('makes what it reads known to the redactor', async () => {
    const { map, open } = setUp()
    await open().credentials.setProviderKey(work, 'x', 'sk-from-last-week')
    assert.equal(map.size, 1)
    const { credentials, redactor } = open()
    await credentials.providerKey(work, 'x')
    assert.equal(redactor.redact('got sk-from-last-week'), 'got ***')
  })

  it('forgets all secrets of a profile with it, and those of no other', async () => {
    const { credentials, map } = setUp()
    await credentials.setPassword(login, 'first-password')
    await credentials.setPassphrase(work, '/k.pem', 'a-passphrase')
    await credentials.setProviderKey(work, 'x', 'key-of-x')
    await credentials.setProviderKey('user:Home', 'x', 'another-key')
    await credentials.forget(work)
    assert.deepEqual([...map.values()], ['another-key'])
  })

  it('forgets everything, also what an older version stored', async () => {
    const { credentials, map } = setUp()
    await credentials.setPassword(login, 'first-password')
    map.set('index', '{broken')
    assert.equal(await credentials.count(), 2)
    await credentials.forgetAll()
    assert.equal(map.size, 0)
  })

  it('tells of a password that another window changed or removed, and not of its own changes', async () => {
    const { open } = setUp()
    const [here, there] = [open(), open()]
    const heard: string[] = []
    here.credentials.onDidChangeLogin((id) => heard.push(`here ${id}`))
    there.credentials.onDidChangeLogin((id) => heard.push(`there ${id}`))
    await here.credentials.setPassword(login, 'first-password')
    await settled()
    assert.deepEqual(heard.splice(0), [`there ${work}`])
    assert.equal(await there.credentials.password(login), 'first-password')
    await there.credentials.forget(work)
    await settled()
    assert.deepEqual(heard.splice(0), [`here ${work}`])
  })

  it('tells of a provider key that changed anywhere, with the profile that it belongs to', async () => {
    const { open } = setUp()
    const [here, there] = [open(), open()]
    const heard: string[] = []
    there.credentials.onDidChangeProviderKeys((id) => heard.push(id))
    await here.credentials.setProviderKey(work, 'x', 'key-of-x')
    await settled()
    assert.deepEqual(heard, [work])
  })
})

/** Windows of one user: what they store is shared, and each change is told to all. */
function setUp() {
  const map = new Map<string, string>()
  const changes = new Emitter<SecretStorageChangeEvent>()
  const secrets: SecretStorage = {
    keys: () => Promise.resolve([...map.keys()]),
    get: (key) => Promise.resolve(map.get(key)),
    store: (key, value) => {
      map.set(key, value)
      changes.fire({ key })
      return Promise.resolve()
    },
    delete: (key) => {
      map.delete(key)
      changes.fire({ key })
      return Promise.resolve()
    },
    onDidChange: changes.event,
  }
  const open = () => {
    const redactor = new Redactor()
    return { credentials: new Credentials(secrets, redactor), redactor }
  }
  return { ...open(), open, map }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
