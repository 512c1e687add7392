import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { bytesOf, contentOf } from '../../../src/review/content.ts'
import { FolderSnapshots } from '../../../src/review/folderSnapshots.ts'
import { isDecided, pendingIn, undoFile } from '../../../src/review/reviewedFile.ts'
import type { ReviewScope } from '../../../src/review/reviewedFile.ts'
import { ReviewLedger } from '../../../src/review/reviewLedger.ts'
import { TurnRecorder } from '../../../src/review/turnRecorder.ts'
import { Git } from '../../../src/server/isolation/git.ts'

const id = 'ses_1' as SessionID
const other = 'ses_2' as SessionID
const nothing = (): Promise<[]> => Promise.resolve([])
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

describe('review: recording turns', () => {
  let root: string
  let folder: string
  let ledger: ReviewLedger
  let recorder: TurnRecorder
  /** What the tools of each session name. */
  let touched: Map<SessionID, Set<string>>

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'recorder-')))
    folder = join(root, 'work')
    await mkdir(folder)
    ledger = new ReviewLedger()
    const snapshots = new FolderSnapshots(new Git(), folder, join(root, 'storage'))
    touched = new Map()
    recorder = new TurnRecorder({
      ledger,
      log,
      snapshots: () => snapshots,
      touched: (session) => Promise.resolve(touched.get(session) ?? new Set()),
      now: () => 7,
    })
  })

  afterEach(() => rm(root, { recursive: true, force: true }))

  it('knows the bytes of before the turn and of before the session', async () => {
    await put('a.txt', 'one\r\ntwo\r\nthree')
    await turn(() => put('a.txt', 'one\r\nTWO\r\nthree'))
    await put('a.txt', 'mine\r\none\r\nTWO\r\nthree')
    await turn(() => put('a.txt', 'mine\r\none\r\nTWO\r\nTHREE'))
    assert.equal(await undone('a.txt', 'turn'), 'mine\r\none\r\nTWO\r\nthree')
    assert.equal(await undone('a.txt', 'session'), 'mine\r\none\r\ntwo\r\nthree')
  })

  it('does not take what the user saves during a turn for the work of the agent', async () => {
    await put('a.txt', '1\n2\n3\n4\n5\n')
    await put('own.txt', 'old\n')
    await turn(async () => {
      await put('a.txt', '1\nagent\n3\n4\n5\n')
      await saved('a.txt', '1\nagent\n3\n4\nuser\n')
      await saved('own.txt', 'new\n')
      await put('a.txt', 'agent\nagent\n3\n4\nuser\n')
    })
    assert.equal(await undone('a.txt', 'session'), '1\n2\n3\n4\nuser\n')
    assert.equal(ledger.get(id)?.files.has(join(folder, 'own.txt')), false)
  })

  it('does not take what the user names, makes, moves and deletes during a turn for the work of the agent', async () => {
    const bytes = Buffer.from('text\n')
    const at = (name: string): string => join(folder, name)
    for (const name of ['deleted.txt', 'old.txt', 'over.txt']) await put(name, 'text\n')
    await turn(async () => {
      // An untitled text that gets a name, one of them that of another file.
      await put('named.txt', 'mine\n')
      await recorder.foreignWrite(at('named.txt'), 'known', Buffer.from('mine\n'))
      await put('over.txt', 'mine\n')
      await recorder.foreignWrite(at('over.txt'), 'known', Buffer.from('mine\n'))
      await put('late.txt', '')
      await recorder.progress(id)
      // Heard of after it was seen.
      await recorder.foreignWrite(at('late.txt'), undefined, Buffer.from(''))
      await rm(at('deleted.txt'))
      await recorder.foreignWrite(at('deleted.txt'), bytes, undefined)
      await rename(at('old.txt'), at('new.txt'))
      await recorder.foreignWrite(at('old.txt'), bytes, undefined)
      await recorder.foreignWrite(at('new.txt'), undefined, bytes)
      await put('agent.txt', 'agent\n')
    })
    const waiting = [...(ledger.get(id)?.files.values() ?? [])].filter((file) => !isDecided(file))
    assert.deepEqual(
      waiting.map(({ path }) => path),
      [at('agent.txt')],
    )
  })

  it('follows a folder that the user moves', async () => {
    await mkdir(join(folder, 'sub'))
    await put('sub/a.txt', 'a\n')
    await turn(() => put('sub/a.txt', 'A\n'))
    await rename(join(folder, 'sub'), join(folder, 'moved'))
    ledger.move(join(folder, 'sub'), join(folder, 'moved'))
    assert.equal(await undone('moved/a.txt', 'session'), 'a\n')
  })

  it('follows a file that is moved, and moved back', async () => {
    await put('old.txt', 'one\ntwo\nthree\nfour\n')
    await turn(() => rename(join(folder, 'old.txt'), join(folder, 'new.txt')))
    assert.equal(ledger.get(id)?.files.get(join(folder, 'new.txt'))?.from, join(folder, 'old.txt'))
    await turn(async () => put('new.txt', 'one\nTWO\nthree\nfour\n'))
    assert.equal(await undone('new.txt', 'session'), 'one\ntwo\nthree\nfour\n')
    await turn(() => rename(join(folder, 'new.txt'), join(folder, 'old.txt')))
    const back = ledger.get(id)?.files.get(join(folder, 'old.txt'))
    assert.ok(back)
    assert.equal(back.from, undefined)
    assert.equal(await undone('old.txt', 'session'), 'one\ntwo\nthree\nfour\n')
  })

  it('knows a move again of which it saw only one half at a time, whichever came first', async () => {
    const [old, next] = [join(folder, 'old.txt'), join(folder, 'next.txt')]
    for (const isGoneFirst of [true, false]) {
      await put('old.txt', 'one\ntwo\n')
      await rm(next, { force: true })
      await recorder.started(id, folder)
      if (isGoneFirst) await rm(old)
      else await put('next.txt', 'one\ntwo\n')
      await recorder.progress(id)
      if (isGoneFirst) await put('next.txt', 'one\ntwo\n')
      else await rm(old)
      await recorder.end(id, nothing)
      const files = ledger.get(id)?.files
      assert.deepEqual([...(files?.keys() ?? [])], [next])
      assert.equal(files?.get(next)?.from, old)
      ledger.forget(id)
    }
  })

  it('uses the patches of the server for files that no snapshot holds, and says what nobody knows', async () => {
    await put('.gitignore', '.env\nimage.bin\n')
    await put('.env', 'A=1\nB=3\n')
    await put('image.bin', Buffer.from([0, 1, 0]))
    const patch = '--- a/.env\n+++ b/.env\n@@ -1,2 +1,2 @@\n A=1\n-B=2\n+B=3\n'
    const counts = { additions: 1, deletions: 1, status: 'modified' as const }
    await recorder.started(id, folder)
    await recorder.end(id, async () => [
      { path: join(folder, '.env'), patch, ...counts },
      { path: join(folder, 'image.bin'), ...counts },
    ])
    assert.equal(await undone('.env', 'session'), 'A=1\nB=2\n')
    assert.deepEqual(ledger.get(id)?.unknown, [{ path: join(folder, 'image.bin') }])
  })

  it('tells of a large file that is gone, which no snapshot holds', async () => {
    await put('large.bin', Buffer.alloc(6 * 1024 * 1024))
    await recorder.started(id, folder)
    await rm(join(folder, 'large.bin'))
    await recorder.end(id, () =>
      Promise.resolve([
        { path: join(folder, 'large.bin'), additions: 0, deletions: 1, status: 'deleted' as const },
      ]),
    )
    assert.deepEqual(ledger.get(id)?.unknown, [
      { path: join(folder, 'large.bin'), kind: 'large', before: 6 * 1024 * 1024 },
    ])
  })

  it('joins what command lines do to a large file over turns, and forgets one that came and went', async () => {
    const at = (name: string, sizes: object): object => ({
      path: join(folder, name),
      kind: 'large',
      ...sizes,
    })
    const mb = (count: number): Buffer => Buffer.alloc(count * 1024 * 1024)
    const six = mb(6).length
    await put('old.bin', mb(6))
    await turn(async () => {
      await put('old.bin', mb(7))
      await put('new.bin', mb(6))
    })
    assert.deepEqual(ledger.get(id)?.unknown, [
      at('old.bin', { before: six, after: mb(7).length }),
      at('new.bin', { after: six }),
    ])
    await turn(async () => {
      await rm(join(folder, 'old.bin'))
      await rm(join(folder, 'new.bin'))
    })
    assert.deepEqual(ledger.get(id)?.unknown, [at('old.bin', { before: six })])
  })

  it('does not take ignored and large files that the user saves during a turn for new ones of the agent', async () => {
    const large = 'x'.repeat(6 * 1024 * 1024)
    await put('.gitignore', '.env\n')
    await put('.env', 'A=1\n')
    await put('large.txt', large)
    await put('shrinks.txt', large)
    await turn(async () => {
      await saved('.env', 'A=2\n')
      await saved('large.txt', `${large}y`)
      await saved('shrinks.txt', 'small by now\n')
    })
    assert.deepEqual(changedIn(id), [])
    assert.equal(ledger.get(id), undefined)
  })

  it('uses the patches for files of a repository within the folder, and for large ones with any name', async () => {
    await mkdir(join(folder, 'inner'))
    await new Git().read(['init', '--quiet'], { cwd: join(folder, 'inner') })
    await put('inner/a.txt', 'b\n')
    const large = 'größe.txt'
    const rest = `${'x'.repeat(1023)}\n`.repeat(6 * 1024)
    await put(large, `b\n${rest}`)
    const counts = { additions: 1, deletions: 1, status: 'modified' as const }
    const patch = '--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-a\n+b\n'
    await recorder.started(id, folder)
    await recorder.end(id, async () =>
      ['inner/a.txt', large].map((name) => ({ path: join(folder, name), patch, ...counts })),
    )
    assert.equal(await undone('inner/a.txt', 'session'), 'a\n')
    assert.equal(await undone(large, 'session'), `a\n${rest}`)
  })

  it('asks git about no file that it recorded already', async () => {
    const asked: string[] = []
    const snapshots = new FolderSnapshots(new Git(), folder, join(root, 'counted'))
    const covers = snapshots.covers.bind(snapshots)
    snapshots.covers = (path, snapshot) => {
      asked.push(path)
      return covers(path, snapshot)
    }
    const counting = new TurnRecorder({ ledger, log, snapshots: () => snapshots })
    const names = ['a.txt', 'b.txt', 'c.txt']
    await counting.started(id, folder)
    for (const name of names) await put(name, name)
    const counts = { additions: 1, deletions: 0, status: 'added' as const }
    await counting.end(id, () =>
      Promise.resolve(names.map((name) => ({ path: join(folder, name), ...counts }))),
    )
    assert.deepEqual(asked, [])
    assert.deepEqual(changedIn(id), names)
  })

  it('records what was done so far while the run goes on', async () => {
    await put('a.txt', 'a\n')
    await recorder.started(id, folder)
    await put('a.txt', 'b\n')
    await recorder.progress(id)
    assert.equal(await undone('a.txt', 'turn'), 'a\n')
    await put('a.txt', 'c\n')
    await recorder.end(id, nothing)
    assert.equal(await undone('a.txt', 'turn'), 'a\n')
  })

  it('does not lose a turn that begins while the server is still asked about the one before', async () => {
    await put('a.txt', 'a\n')
    await recorder.started(id, folder)
    await put('a.txt', 'b\n')
    let answer: (() => void) | undefined
    const ended = recorder.end(id, () => new Promise((resolve) => (answer = () => resolve([]))))
    await recorder.prepare(id, folder)
    await recorder.started(id, folder)
    while (!answer) await new Promise((resolve) => setTimeout(resolve, 5))
    answer()
    await ended
    await put('a.txt', 'c\n')
    await recorder.end(id, nothing)
    assert.equal(await undone('a.txt', 'turn'), 'b\n')
    assert.equal(await undone('a.txt', 'session'), 'a\n')
  })

  it('gives each of two sessions in one folder what its own tools name, and both what no tool names', async () => {
    await put('a.txt', 'a\n')
    await put('b.txt', 'b\n')
    await recorder.started(id, folder)
    await recorder.started(other, folder)
    touched.set(id, new Set([join(folder, 'a.txt')]))
    touched.set(other, new Set([join(folder, 'b.txt')]))
    await put('a.txt', 'A\n')
    await recorder.progress(other)
    await put('b.txt', 'B\n')
    await put('shell.txt', 'by a command line\n')
    await recorder.end(id, nothing)
    await recorder.end(other, nothing)
    assert.deepEqual(changedIn(id), ['a.txt', 'shell.txt'])
    assert.deepEqual(changedIn(other), ['b.txt', 'shell.txt'])
  })

  it('does not charge a session with what one beside it did before it ended', async () => {
    await put('a.txt', 'a\n')
    await recorder.started(id, folder)
    await recorder.started(other, folder)
    touched.set(id, new Set([join(folder, 'a.txt')]))
    await put('a.txt', 'A\n')
    await recorder.end(id, nothing)
    await put('b.txt', 'B\n')
    await recorder.end(other, nothing)
    assert.deepEqual(changedIn(id), ['a.txt'])
    assert.deepEqual(changedIn(other), ['b.txt'])
  })

  it('catches up with a run before something is decided', async () => {
    await put('a.txt', 'a\n')
    await recorder.started(id, folder)
    await put('a.txt', 'b\n')
    await recorder.catchUp([join(root, 'elsewhere.txt')])
    assert.equal(ledger.get(id), undefined)
    await recorder.catchUp([join(folder, 'a.txt')])
    assert.equal(await undone('a.txt', 'turn'), 'a\n')
  })

  it('knows which folders came with new files, and which were there, empty or ignored', async () => {
    await mkdir(join(folder, 'empty'))
    await mkdir(join(folder, 'ignored/deep'), { recursive: true })
    await mkdir(join(folder, 'known'))
    await put('.gitignore', 'ignored/**/*.log\n')
    await put('ignored/deep/a.log', 'log\n')
    await put('known/a.txt', 'one\ntwo\nthree\n')
    await turn(async () => {
      for (const name of ['empty', 'ignored/deep', 'known', 'known/größer/b c', 'new', 'moved/to'])
        await mkdir(join(folder, name), { recursive: true })
      for (const name of ['empty', 'ignored/deep', 'known', 'known/größer/b c', 'new'])
        await put(`${name}/fresh.txt`, `${name}\n`)
      await rename(join(folder, 'known/a.txt'), join(folder, 'moved/to/a.txt'))
    })
    const folders = (ledger.get(id)?.folders ?? []).map((path) => relative(folder, path)).sort()
    assert.deepEqual(folders, ['known/größer', 'known/größer/b c', 'moved', 'moved/to', 'new'])
  })

  function changedIn(session: SessionID): readonly string[] {
    return [...(ledger.get(session)?.files.keys() ?? [])].map((path) => relative(folder, path)).sort()
  }

  async function turn(work: () => Promise<void>): Promise<void> {
    await recorder.started(id, folder)
    await work()
    await recorder.end(id, nothing)
  }

  async function saved(name: string, content: string): Promise<void> {
    const before = await readFile(join(folder, name))
    await put(name, content)
    await recorder.foreignWrite(join(folder, name), before, Buffer.from(content))
  }

  async function undone(name: string, scope: ReviewScope): Promise<string | undefined> {
    const file = ledger.get(id)?.files.get(join(folder, name))
    assert.ok(file, `${name} is not there`)
    const now = contentOf(await readFile(join(folder, name)))
    assert.notEqual(pendingIn(file, scope, now).kind, 'none')
    return bytesOf(undoFile(file, scope, now).now)?.toString()
  }

  async function put(name: string, content: string | Buffer): Promise<void> {
    await writeFile(join(folder, name), content)
  }
})
