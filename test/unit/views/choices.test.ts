import assert from 'node:assert/strict'
import type { Catalog, Model } from '../../../src/opencode/catalog.ts'
import { toSessionID } from '../../../src/opencode/ids.ts'
import { StoredValue } from '../../../src/platform/storage.ts'
import type { Session } from '../../../src/session/model.ts'
import { Choices } from '../../../src/views/models/choices.ts'

const folder = '/project'
const catalog: Catalog = {
  agents: [
    { name: 'build', mode: 'primary' },
    { name: 'plan', mode: 'primary' },
    { name: 'explore', mode: 'subagent' },
  ],
  models: [model('small'), { ...model('large'), variants: ['high'] }],
  commands: [],
  defaultAgent: 'build',
  defaultModel: { providerID: 'p', modelID: 'small' },
}

describe('Choices', () => {
  it("start with the server's defaults", () => {
    const { agent, model: picked } = setUp().resolve(catalog, folder, undefined)
    assert.equal(agent?.name, 'build')
    assert.equal(picked?.modelID, 'small')
  })

  it('remember a pick for the session and for new ones of the folder', async () => {
    const choices = setUp()
    await choices.pick(folder, session().id, {
      model: { providerID: 'p', modelID: 'large', variant: 'high' },
    })
    assert.equal(choices.resolve(catalog, folder, session()).variant, 'high')
    assert.equal(choices.resolve(catalog, folder, undefined).model?.modelID, 'large')
    assert.equal(choices.resolve(catalog, '/other', undefined).model?.modelID, 'small')
  })

  it('follow what a session used last where nothing was picked for it', async () => {
    const choices = setUp()
    await choices.pick(folder, undefined, { agent: 'build' })
    const used = session({ agent: 'plan', model: { providerID: 'p', modelID: 'large' } })
    const { agent, model: picked } = choices.resolve(catalog, folder, used)
    assert.equal(agent?.name, 'plan')
    assert.equal(picked?.modelID, 'large')
  })

  it('pass over models and agents that are gone', async () => {
    const choices = setUp()
    await choices.pick(folder, undefined, { agent: 'explore', model: { providerID: 'p', modelID: 'gone' } })
    const { agent, model: picked } = choices.resolve(catalog, folder, undefined)
    assert.equal(agent?.name, 'build')
    assert.equal(picked?.modelID, 'small')
  })

  it('say when there is no model at all, and when nothing is known yet', () => {
    assert.equal(setUp().resolve({ ...catalog, models: [] }, folder, undefined).hasNoModels, true)
    assert.equal(setUp().resolve(undefined, folder, undefined).isKnown, false)
  })
})

function setUp(): Choices {
  let value: unknown
  const memento = {
    keys: () => [],
    get: () => value as never,
    update: (_key: string, next: unknown) => {
      value = next
      return Promise.resolve()
    },
  }
  return new Choices(new StoredValue(memento, 'choices'))
}

function model(modelID: string): Model {
  return {
    providerID: 'p',
    providerName: 'P',
    modelID,
    name: modelID,
    reasoning: false,
    inputs: [],
    variants: [],
    contextLimit: 0,
    outputLimit: 0,
  }
}

function session(changes: Partial<Session> = {}): Session {
  return {
    id: toSessionID('ses_1'),
    title: 'One',
    untitled: false,
    directory: folder,
    created: 1,
    updated: 1,
    ...changes,
  }
}
