import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
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
    storage.save(ledger.reviews)
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
      storage.save(ledger.reviews)
    }
    await storage.flush()
    assert.equal((await readdir(folder)).length, 2)
    ledger.dismiss(session.id, '/work/a')
    storage.save(ledger.reviews)
    await storage.flush()
    assert.deepEqual(create().load(), [])
    assert.deepEqual(await readdir(folder), [])
  })

  it('has a content again that was not needed for a while', async () => {
    const storage = create()
    const ledger = new ReviewLedger()
    ledger.record(session, [{ path: '/work/a', start: image, end: wide }], 1)
    const review = ledger.get(session.id)
    const file = review?.files.get('/work/a')
    assert.ok(review && file)
    const save = async (): Promise<void> => {
      storage.save(ledger.reviews)
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

  it('is not read when it makes no sense', () => {
    value = [{ sessionID: 'x', files: 'y' }]
    assert.deepEqual(create().load(), [])
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
    return new ReviewStorage(new StoredValue(memento, 'review'), new BlobStore(folder, ['review']))
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
