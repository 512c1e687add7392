import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SessionID } from '../../src/opencode/ids.ts'
import { contentOf, missing } from '../../src/review/content.ts'
import { FolderSnapshots } from '../../src/review/folderSnapshots.ts'
import { ReviewLedger } from '../../src/review/reviewLedger.ts'
import { TurnRecorder } from '../../src/review/turnRecorder.ts'
import { Git } from '../../src/server/isolation/git.ts'
import { DisposableStore } from '../../src/util/lifecycle.ts'
import { ReviewDecisions } from '../../src/views/review/reviewDecisions.ts'
import { ReviewDocuments } from '../../src/views/review/reviewDocuments.ts'
import { ReviewState } from '../../src/views/review/reviewState.ts'
import { projectUri } from './support.ts'

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

describe('Undoing many files', function () {
  this.timeout(60_000)
  const id = 'ses_many' as SessionID
  const directory = projectUri('many').fsPath
  let store: DisposableStore
  let ledger: ReviewLedger
  let state: ReviewState
  let decisions: ReviewDecisions

  beforeEach(async () => {
    store = new DisposableStore()
    await mkdir(directory)
    ledger = store.add(new ReviewLedger())
    state = store.add(new ReviewState(ledger))
    const documents = store.add(new ReviewDocuments(state))
    const snapshots = new FolderSnapshots(new Git(), directory, projectUri('snapshots').fsPath)
    const recorder = new TurnRecorder({ ledger, log, snapshots: () => snapshots })
    decisions = store.add(new ReviewDecisions({ ledger, recorder, state, documents }))
  })
  afterEach(async () => {
    store.dispose()
    await rm(directory, { recursive: true, force: true })
  })

  it('puts a file back where a folder stands now, and a folder where a file stands', async () => {
    await put('was-folder', 'f\n')
    await put('was-file/made.txt', 'made\n')
    const changes: Changes = {
      'was-file': ['file\n', undefined],
      'was-file/made.txt': [undefined, 'made\n'],
      'was-folder': [undefined, 'f\n'],
      'was-folder/inner.txt': ['inner\n', undefined],
    }
    record(changes, [join(directory, 'was-file')])
    await undoAll()
    assert.equal(await text('was-file'), 'file\n')
    assert.equal(await text('was-folder/inner.txt'), 'inner\n')
    assert.deepEqual(state.reviews, [])
  })

  it('goes on after a file that cannot be written, which goes on waiting, and says which', async () => {
    await put('blocked-1/theirs.txt', 'of somebody else\n')
    await put('blocked-2/theirs.txt', 'of somebody else\n')
    await put('last.txt', 'LAST\n')
    record({
      'blocked-1': ['text\n', undefined],
      'blocked-2': ['text\n', undefined],
      'last.txt': ['last\n', 'LAST\n'],
    })
    await assert.rejects(undoAll(), {
      code: 'conflict',
      message:
        '2 files could not be undone and still wait: blocked-1, blocked-2. blocked-1 could not be written: a folder or a file stands in its way.',
    })
    assert.equal(await text('last.txt'), 'last\n')
    assert.deepEqual(await readdir(join(directory, 'blocked-1')), ['theirs.txt'])
    assert.deepEqual(waiting(), ['blocked-1', 'blocked-2'])
  })

  it('tells the views of hundreds of files a few times only', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `${index}.txt`)
    await Promise.all(names.map((name) => put(name, 'NEW\n')))
    record(Object.fromEntries(names.map((name) => [name, ['old\n', 'NEW\n']])))
    let told = 0
    store.add(ledger.onDidChange(() => told++))
    await undoAll()
    assert.ok(told <= 3, `${told} times`)
    assert.deepEqual(new Set(await Promise.all(names.map(text))), new Set(['old\n']))
    assert.deepEqual(state.reviews, [])
  })

  type Changes = Readonly<Record<string, readonly [string | undefined, string | undefined]>>

  function record(changes: Changes, folders: readonly string[] = []): void {
    const content = (value: string | undefined) =>
      value === undefined ? missing : contentOf(Buffer.from(value))
    const steps = Object.entries(changes).map(([name, [start, end]]) => ({
      path: join(directory, name),
      start: content(start),
      end: content(end),
    }))
    ledger.record({ id, directory }, steps, 1, folders)
  }

  async function undoAll(): Promise<void> {
    await state.refresh()
    await decisions.undoFiles(state.files(id, 'session'), 'session')
  }

  function waiting(): readonly string[] {
    return state.files(id, 'session').map(({ file }) => file.path.slice(directory.length + 1))
  }

  async function put(name: string, content: string): Promise<void> {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }

  function text(name: string): Promise<string> {
    return readFile(join(directory, name), 'utf8')
  }
})
