import assert from 'node:assert/strict'
import type { SecretStorage, SecretStorageChangeEvent } from 'vscode'
import { Credentials } from '../../../src/platform/credentials.ts'
import { Redactor } from '../../../src/platform/redactor.ts'
import { Emitter } from '../../../src/util/event.ts'

describe('Credentials', () => {
  it('keeps one password per server and user', async () => {
    const { credentials } = setUp()
    await credentials.setServerPassword('http://a', 'anna', 'first-password')
    await credentials.setServerPassword('http://b', 'anna', 'second-password')
    assert.equal(await credentials.serverPassword('http://a', 'anna'), 'first-password')
    assert.equal(await credentials.serverPassword('http://a', 'bert'), undefined)
  })

  it('lists the providers that have a key, also after two were set at once', async () => {
    const { credentials } = setUp()
    await Promise.all(['x', 'y', 'z'].map((id) => credentials.setProviderKey(id, `key-of-${id}`)))
    await credentials.removeProviderKey('y')
    assert.deepEqual([...(await credentials.providers())].sort(), ['x', 'z'])
    assert.equal(await credentials.providerKey('y'), undefined)
  })

  it('makes what it reads known to the redactor', async () => {
    const { credentials, redactor, map } = setUp()
    map.set('provider:x', 'sk-from-last-week')
    await credentials.providerKey('x')
    assert.equal(redactor.redact('got sk-from-last-week'), 'got ***')
  })

  it('takes an index that a broken keyring gave back for empty', async () => {
    const { credentials, map } = setUp()
    map.set('index', '{broken')
    assert.deepEqual(await credentials.providers(), [])
  })
})

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
      return Promise.resolve()
    },
    onDidChange: changes.event,
  }
  const redactor = new Redactor()
  return { credentials: new Credentials(secrets, redactor), redactor, map }
}
