import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { readCatalog } from '../../../../src/client/v1/catalog.ts'
import { fingerprint } from '../../../../src/client/providerID.ts'
import { readCredential, readStoredLogin } from '../../../../src/client/v1/credentials.ts'
import { readProviderList } from '../../../../src/client/v1/providers.ts'

describe('catalog and credentials of the 1.x wire', () => {
  const model = {
    id: 'm',
    providerID: 'p',
    name: 'M',
    capabilities: { reasoning: true, input: { text: true, pdf: false } },
    limit: { context: 9 },
  }
  const providers = {
    providers: [
      {
        id: 'p',
        name: 'P',
        key: 'sk-1',
        options: { apiKey: 'sk-2' },
        models: { m: model, old: { ...model, id: 'old', status: 'deprecated' } },
      },
    ],
    default: { p: 'm' },
  }

  it('hide hidden agents, deprecated models and every key', () => {
    const agents = [
      { name: 'title', mode: 'primary', hidden: true, prompt: 'secret prompt' },
      { name: 'own', mode: 'primary', options: { token: 'sk-3' } },
      { name: 'helper', mode: 'subagent' },
    ]
    const catalog = readCatalog({
      providers,
      agents,
      commands: [{ name: 'init', template: 'long' }, {}],
      config: { model: 'x/unknown' },
    })
    assert.deepEqual(
      catalog.agents.map((agent) => agent.name),
      ['own', 'helper'],
    )
    assert.deepEqual(
      catalog.models.map((item) => [item.modelID, item.inputs]),
      [['m', ['text']]],
    )
    assert.deepEqual([catalog.defaultModel, catalog.defaultAgent], [{ providerID: 'p', modelID: 'm' }, 'own'])
    assert.deepEqual(catalog.commands, [{ name: 'init' }])
    assert.doesNotMatch(JSON.stringify(catalog), /sk-|secret|long/)
    assert.deepEqual(readCatalog({ providers: 1, agents: null, commands: {}, config: [] }), {
      agents: [],
      models: [],
      commands: [],
    })
  })

  it('list providers with where their credential comes from, without the credential', () => {
    const openai = { one: { api: { npm: '@ai-sdk/openai', url: '' } } }
    const listed = [
      { id: 'a', name: 'A', env: ['A_KEY'], models: openai },
      { id: 'b' },
      { id: 'c' },
      { id: 'd' },
      { id: 'e' },
      { id: 'f' },
      { id: 'g' },
      5,
    ]
    const usable = [
      { id: 'a', source: 'api', key: 'sk-1' },
      { id: 'b', source: 'env', key: 'sk-2' },
      { id: 'c', source: 'config', options: { apiKey: 'sk-3' } },
      { id: 'd', source: 'custom', options: { apiKey: 'public' } },
      { id: 'g', source: 'config', options: { apiKey: 'sk-of-a-login-4' } },
    ]
    const config = { provider: { c: { options: { apiKey: 'sk-3' } }, g: { options: {} } } }
    const all = { all: listed, connected: ['e'] }
    const infos = readProviderList({ all, usable: { providers: usable }, config })
    assert.deepEqual(
      infos.map(({ id, source }) => [id, source?.kind]),
      [
        ['a', 'key'],
        ['b', 'environment'],
        ['c', 'configuration'],
        ['d', 'free'],
        ['e', 'login'],
        ['f', undefined],
        ['g', 'login'],
      ],
    )
    assert.deepEqual(infos[0], {
      id: 'a',
      name: 'A',
      environment: ['A_KEY'],
      source: { kind: 'key', fingerprint: fingerprint('sk-1') },
      keyCheck: { url: 'https://api.openai.com/v1/models', header: 'authorization' },
    })
    assert.doesNotMatch(JSON.stringify(infos), /sk-/)
  })

  it('know how a key is checked only where the interface is known', () => {
    const check = (wire: object): unknown =>
      readProviderList({ all: { all: [{ id: 'p', ...wire }] }, usable: {} })[0]?.keyCheck
    const model = (npm: string, url: string): object => ({ models: { m: { api: { npm, url } } } })
    assert.deepEqual(
      check({ ...model('@ai-sdk/openai-compatible', ''), options: { baseURL: 'http://127.0.0.1:1/v1/' } }),
      {
        url: 'http://127.0.0.1:1/v1/models',
        header: 'authorization',
      },
    )
    assert.equal(check(model('@ai-sdk/openai-compatible', '')), undefined)
    assert.equal(check(model('@ai-sdk/amazon-bedrock', 'https://b')), undefined)
    assert.equal(check({}), undefined)
  })

  it('tell where a credential is', () => {
    const of = (provider: object): unknown =>
      readCredential({ providers: [{ id: 'p', models: {}, ...provider }] }, 'p')
    assert.deepEqual(of({ source: 'api', key: 'k' }), { kind: 'stored', fingerprint: fingerprint('k') })
    assert.deepEqual(of({ source: 'config', key: 'k' }), { kind: 'stored', fingerprint: fingerprint('k') })
    assert.deepEqual(of({ source: 'env', key: 'k' }), { kind: 'elsewhere' })
    assert.deepEqual(of({ source: 'config', options: { apiKey: 'k' } }), { kind: 'elsewhere' })
    assert.deepEqual(of({ source: 'config', options: {} }), { kind: 'none' })
    assert.deepEqual(of({ source: 'custom', options: {} }), { kind: 'stored', fingerprint: undefined })
    assert.deepEqual(of({ source: 'custom', options: { apiKey: 'public' } }), { kind: 'none' })
    assert.equal(readCredential({ providers: [] }, 'p'), undefined)
    assert.deepEqual(readStoredLogin({ connected: ['p'] }, 'p'), { kind: 'stored', fingerprint: undefined })
    assert.deepEqual(readStoredLogin({}, 'p'), { kind: 'none' })
    assert.deepEqual(readStoredLogin({ all: [{ id: 'p' }], connected: [] }, 'p'), { kind: 'none' })
    assert.deepEqual(readStoredLogin({ all: [{ id: 'q' }], connected: ['q'] }, 'p'), { kind: 'hidden' })
    assert.match(fingerprint('k'), /^[0-9a-f]{64}$/)
  })
})
