import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { BlobStore } from '../../../src/platform/blobs.ts'
import { StoredValue } from '../../../src/platform/storage.ts'
import { bytesOf, contentOf, missing } from '../../../src/review/content.ts'
import { keepFile } from '../../../src/review/reviewedFile.ts'
import { ReviewLedger } from '../../../src/review/reviewLedger.ts'
import { nestFiles } from '../../../src/views/review/fileNesting.ts'
import type { FileNode } from '../../../src/views/review/fileNesting.ts'
import type { PendingFile } from '../../../src/views/review/reviewState.ts'
import { ReviewStorage } from '../../../src/views/review/reviewStorage.ts'

const session = { id: 'ses_1' as SessionID, directory: '/work' }
const image = contentOf(Buffer.from([0, 1, 2, 0, 0]))
const wide = contentOf(Buffer.from('\ufeffa\r\nb', 'utf16le'))

describe('What waits for a decision', () => {
  let folder: string
  let value: unknown

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'review-'))
    value = undefined
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is there again after a reload, byte for byte', async () => {
    const ledger = new ReviewLedger()
    ledger.record(session, [{ path: '/work/a', start: image, end: wide }], 1)
    ledger.record(session, [{ path: '/work/b', start: missing, end: wide }], 2)
    ledger.beginTurn(session.id)
    ledger.record(session, [{ path: '/work/c', from: '/work/b', start: wide, end: wide }], 3)
    ledger.recordUnknown(session, [{ path: '/elsewhere', kind: 'large', before: 7 }], 4)
    const storage = create()
    storage.save(ledger.reviews, session.id)
    await storage.flush()
    const [review] = create().load()
    assert.ok(review)
    assert.deepEqual([...review.files.keys()], ['/work/a', '/work/c'])
    assert.deepEqual(review.unknown, [{ path: '/elsewhere', kind: 'large', before: 7 }])
    const file = review.files.get('/work/a')
    assert.ok(file)
    assert.deepEqual(bytesOf(file.session.before), bytesOf(image))
    assert.deepEqual(bytesOf(file.session.after), bytesOf(wide))
    assert.equal(file.turn, undefined)
    assert.equal(review.files.get('/work/c')?.session.before.kind, 'missing')
    assert.ok(review.files.get('/work/c')?.turn)
  })

  it('keeps only the last of many writes, and no content that nobody needs', async () => {
    const storage = create()
    const ledger = new ReviewLedger()
    for (let step = 0; step < 20; step++) {
      ledger.record(
        session,
        [{ path: '/work/a', start: image, end: contentOf(Buffer.from([0, step, 0])) }],
        step,
      )
      storage.save(ledger.reviews, session.id)
    }
    await storage.flush()
    assert.equal((await readdir(join(folder, 'blobs'))).length, 2)
    ledger.dismiss(session.id, '/work/a')
    storage.save(ledger.reviews, session.id)
    await storage.flush()
    assert.deepEqual(create().load(), [])
    assert.deepEqual(await readdir(join(folder, 'blobs')), [])
  })

  it('has a content again that was not needed for a while', async () => {
    const storage = create()
    const ledger = new ReviewLedger()
    ledger.record(session, [{ path: '/work/a', start: image, end: wide }], 1)
    const review = ledger.get(session.id)
    const file = review?.files.get('/work/a')
    assert.ok(review && file)
    const save = async (): Promise<void> => {
      storage.save(ledger.reviews, session.id)
      await storage.flush()
    }
    await save()
    ledger.decide(session.id, keepFile(file, 'session'))
    await save()
    assert.deepEqual(create().load(), [])
    ledger.restore(review, file)
    await save()
    assert.equal(create().load()[0]?.files.size, 1)
  })

  it('is not read when it makes no sense', async () => {
    value = [{ sessionID: 'x', files: 'y' }]
    assert.deepEqual(create().load(), [])
    await writeFile(join(folder, 'review.json'), '[{"half":')
    assert.deepEqual(create().load(), [])
  })

  it('is kept of two windows that show the same folder, whichever writes last', async () => {
    const other = { id: 'ses_2' as SessionID, directory: '/work' }
    const [one, two] = [create(), create()]
    const [first, second] = [new ReviewLedger(), new ReviewLedger(two.load())]
    first.record(session, [{ path: '/work/a', start: image, end: wide }], 1)
    one.save(first.reviews, session.id)
    await one.flush()
    second.record(other, [{ path: '/work/b', start: wide, end: image }], 2)
    two.save(second.reviews, other.id)
    first.record(session, [{ path: '/work/c', start: missing, end: image }], 3)
    one.save(first.reviews, session.id)
    await Promise.all([one.flush(), two.flush()])
    assert.deepEqual(
      create()
        .load()
        .map(({ files }) => [...files.keys()]),
      [['/work/a', '/work/c'], ['/work/b']],
    )
    // One window is done with all; what the other needs stays, and what it lacks is written again.
    for (const { path } of first.get(session.id)?.files.values() ?? []) first.dismiss(session.id, path)
    one.save(first.reviews, session.id)
    await one.flush()
    await rm(join(folder, 'blobs'), { recursive: true })
    second.record(other, [{ path: '/work/d', start: wide, end: image }], 4)
    two.save(second.reviews, other.id)
    await two.flush()
    const left = create().load()
    assert.deepEqual(
      left.map(({ files }) => [...files.keys()]),
      [['/work/b', '/work/d']],
    )
  })

  it('is taken over from where earlier versions kept it', async () => {
    const ledger = new ReviewLedger()
    ledger.record(session, [{ path: '/work/a', start: image, end: wide }], 1)
    const storage = create()
    storage.save(ledger.reviews, session.id)
    await storage.flush()
    assert.equal(value, undefined)
    value = JSON.parse(await readFile(join(folder, 'review.json'), 'utf8'))
    await rm(join(folder, 'review.json'))
    assert.equal(create().load()[0]?.files.size, 1)
  })

  function create(): ReviewStorage {
    const memento = {
      keys: () => [],
      get: () => value,
      update: (_: string, next: unknown) => {
        value = structuredClone(next)
        return Promise.resolve()
      },
    }
    return new ReviewStorage({
      file: join(folder, 'review.json'),
      stored: new StoredValue(memento, 'review'),
      blobs: new BlobStore(join(folder, 'blobs'), ['review']),
    })
  }
})

describe('The tree of changed files', () => {
  it('folds folders with nothing but one folder, and names files outside by themselves', () => {
    const files = [
      '/work/z.ts',
      '/work/src/deep/a.ts',
      '/work/src/deep/b.ts',
      '/other/c.ts',
      '/work/..d/e.ts',
    ]
    const nodes = nestFiles(
      files.map((path) => ({ file: { path } }) as PendingFile),
      '/work',
    )
    assert.deepEqual(nodes.map(shape), [
      ['..d', [['/work/..d/e.ts']]],
      ['src/deep', [['/work/src/deep/a.ts'], ['/work/src/deep/b.ts']]],
      ['/work/z.ts'],
      ['/other/c.ts'],
    ])
  })
})

function shape(node: FileNode): unknown[] {
  return node.kind === 'file' ? [node.file.file.path] : [node.name, node.children.map(shape)]
}
