import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Memento } from 'vscode'
import { BlobStore } from '../../../src/platform/blobs.ts'
import { StoredValue } from '../../../src/platform/storage.ts'
import { inlinePart } from '../../../src/prompt/attachment.ts'
import type { Attachment } from '../../../src/prompt/attachment.ts'
import { Drafts } from '../../../src/views/composer/drafts.ts'

describe('Drafts', () => {
  let directory: string
  let blobs: BlobStore
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'drafts-'))
    blobs = new BlobStore(directory, ['drafts'])
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('come back after a crash with text, chips and their content', async () => {
    const memento = fakeMemento()
    const drafts = new Drafts(new StoredValue(memento, 'drafts'), blobs)
    drafts.type('ses_1', 'half a thought')
    drafts.add('ses_1', [attachment('a.ts')])
    await drafts.flush()
    const next = new Drafts(new StoredValue(memento, 'drafts'), blobs)
    assert.equal(next.get('ses_1').text, 'half a thought')
    assert.deepEqual(next.attachments('ses_1', ['a.ts']), [
      attachment('a.ts', drafts.attachments('ses_1', ['a.ts'])[0]),
    ])
  })

  it('keep their revision while one types, and never share one', () => {
    const drafts = new Drafts(new StoredValue(fakeMemento(), 'drafts'), blobs)
    const { revision } = drafts.get('one')
    drafts.type('one', 'text')
    assert.equal(drafts.get('one').revision, revision)
    drafts.clear('one')
    assert.notEqual(drafts.get('one').revision, revision)
    assert.notEqual(drafts.get('one').revision, drafts.get('two').revision)
  })

  it('keep what was written and added while a prompt was sent', () => {
    const drafts = new Drafts(new StoredValue(fakeMemento(), 'drafts'), blobs)
    drafts.type('new:/p', 'first')
    drafts.add('new:/p', [attachment('a.ts')])
    drafts.type('new:/p', 'second')
    drafts.add('new:/p', [attachment('b.ts')])
    drafts.sent('new:/p', { text: 'first', items: ['a.ts'] }, 'ses_1')
    assert.equal(drafts.get('new:/p').text, '')
    assert.equal(drafts.get('new:/p').items.length, 0)
    assert.equal(drafts.get('ses_1').text, 'second')
    assert.deepEqual(
      drafts.get('ses_1').items.map(({ id }) => id),
      ['b.ts'],
    )
    const { revision } = drafts.get('ses_1')
    drafts.sent('ses_1', { text: 'third', items: ['b.ts'] }, 'ses_1')
    assert.equal(drafts.get('ses_1').text, 'second')
    assert.equal(drafts.get('ses_1').items.length, 0)
    assert.equal(drafts.get('ses_1').revision, revision)
    drafts.sent('ses_1', { text: 'second', items: [] }, 'ses_1')
    assert.equal(drafts.get('ses_1').text, '')
  })

  it('follow their writer to an empty place, and stay where something stands already', () => {
    const drafts = new Drafts(new StoredValue(fakeMemento(), 'drafts'), blobs)
    drafts.type('ses_1', 'half a thought')
    drafts.add('ses_1', [attachment('a.ts')])
    drafts.carry('ses_1', 'new:/p')
    assert.equal(drafts.get('new:/p').text, 'half a thought')
    assert.equal(drafts.attachments('new:/p', ['a.ts']).length, 1)
    assert.equal(drafts.get('ses_1').text, '')
    drafts.type('ses_2', 'another')
    drafts.carry('new:/p', 'ses_2')
    assert.equal(drafts.get('ses_2').text, 'another')
    assert.equal(drafts.get('new:/p').text, 'half a thought')
  })

  it('take the same selection only once', () => {
    const drafts = new Drafts(new StoredValue(fakeMemento(), 'drafts'), blobs)
    const same = (id: string): Attachment => ({
      ...attachment(id),
      item: { ...attachment('x').item, id },
      source: 'file:///a#1',
    })
    drafts.add('one', [same('1')])
    drafts.add('one', [same('2')])
    assert.deepEqual(
      drafts.get('one').items.map(({ id }) => id),
      ['1'],
    )
  })

  it('keep huge attachments in files, over a reload, and only as long as they are needed', async () => {
    const memento = fakeMemento()
    const drafts = new Drafts(new StoredValue(memento, 'drafts'), blobs)
    drafts.add('one', [{ ...attachment('big'), parts: [inlinePart('big', 'x'.repeat(700_000))] }])
    await drafts.flush()
    assert.ok(JSON.stringify(memento.get('drafts')).length < 1_000)
    const again = new BlobStore(directory, ['drafts'])
    const next = new Drafts(new StoredValue(memento, 'drafts'), again)
    assert.deepEqual(next.attachments('one', ['big']), drafts.attachments('one', ['big']))
    next.clear('one')
    await next.flush()
    assert.deepEqual(await readdir(directory), [])
  })

  it('drop an attachment whose content is gone, and keep the text', async () => {
    const memento = fakeMemento()
    const drafts = new Drafts(new StoredValue(memento, 'drafts'), blobs)
    drafts.type('one', 'words')
    drafts.add('one', [{ ...attachment('big'), parts: [inlinePart('big', 'x'.repeat(700_000))] }])
    await drafts.flush()
    await rm(directory, { recursive: true })
    const next = new Drafts(new StoredValue(memento, 'drafts'), new BlobStore(directory, ['drafts']))
    assert.deepEqual([next.get('one').text, next.get('one').items], ['words', []])
  })

  it('that make no sense are dropped', () => {
    const memento = fakeMemento()
    void memento.update('drafts', { good: { text: 'a', revision: 1, attachments: [] }, bad: { text: 7 } })
    const drafts = new Drafts(new StoredValue(memento, 'drafts'), blobs)
    assert.equal(drafts.get('good').text, 'a')
    assert.equal(drafts.get('bad').text, '')
  })
})

function attachment(name: string, like?: Attachment): Attachment {
  const parts = like?.parts ?? [inlinePart(name, 'content')]
  return { item: { id: name, kind: 'selection', label: name, detail: name }, parts }
}

function fakeMemento(): Memento {
  const map = new Map<string, unknown>()
  return {
    keys: () => [...map.keys()],
    get: <T>(key: string, otherwise?: T) => (map.has(key) ? structuredClone(map.get(key)) : otherwise) as T,
    update: (key: string, value: unknown) => {
      map.set(key, structuredClone(value))
      return Promise.resolve()
    },
  }
}
