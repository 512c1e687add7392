import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderSnapshots, snapshotLimits } from '../../../src/review/folderSnapshots.ts'
import { describeProcess } from '../../../src/server/process/processTable.ts'
import { Git } from '../../../src/server/isolation/git.ts'

describe('review: snapshots of a folder', () => {
  let root: string
  let folder: string
  let snapshots: FolderSnapshots

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'snapshots-')))
    folder = join(root, 'work')
    await mkdir(folder)
    snapshots = new FolderSnapshots(new Git(), folder, join(root, 'storage'))
  })

  afterEach(() => rm(root, { recursive: true, force: true }))

  it('tells byte for byte what was changed, made, deleted and moved, without git in the folder', async () => {
    const utf16 = Buffer.from('\ufeffgröße\r\n', 'utf16le')
    const image = Buffer.from([0x89, 0x50, 0, 255, 0, 1])
    await put('.gitattributes', '* text=auto eol=lf\n*.png filter=lfs diff=lfs\n')
    await put('crlf.txt', 'a\r\nb\r\nno end')
    await put('wide.txt', utf16)
    await put('image.png', image)
    await put('old name.txt', 'one\ntwo\nthree\nfour\nfive\n')
    await put('gone.txt', 'gone\n')
    const first = await snapshots.take()
    await put('crlf.txt', 'a\r\nB\r\nno end')
    await put('wide.txt', Buffer.from('narrow\n'))
    await put('image.png', Buffer.from([0, 7]))
    await rename(join(folder, 'old name.txt'), join(folder, 'größe.txt'))
    await rm(join(folder, 'gone.txt'))
    await put('sub/new.txt', 'new')
    const { files: changes } = await snapshots.changes(first, await snapshots.take())
    const found = new Map(changes.map((change) => [change.path.slice(folder.length + 1), change]))
    assert.deepEqual([...found.keys()].sort(), [
      'crlf.txt',
      'gone.txt',
      'größe.txt',
      'image.png',
      'sub/new.txt',
      'wide.txt',
    ])
    assert.deepEqual(found.get('crlf.txt')?.before, Buffer.from('a\r\nb\r\nno end'))
    assert.deepEqual(found.get('crlf.txt')?.after, Buffer.from('a\r\nB\r\nno end'))
    assert.deepEqual(found.get('wide.txt')?.before, utf16)
    assert.deepEqual(found.get('image.png')?.before, image)
    assert.equal(found.get('größe.txt')?.from, join(folder, 'old name.txt'))
    assert.equal(found.get('gone.txt')?.after, undefined)
    assert.equal(found.get('sub/new.txt')?.before, undefined)
    assert.deepEqual(await snapshots.contentAt(first, join(folder, 'gone.txt')), Buffer.from('gone\n'))
    assert.equal(await snapshots.contentAt(first, join(root, 'elsewhere')), undefined)
  })

  it('leaves a repository of the user as it is and leaves out what it ignores', async () => {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
    git('init', '-q')
    await put('.gitignore', 'out/\n*.log\n')
    await put('a.txt', 'a\n')
    git('add', '-A')
    git('-c', 'user.name=n', '-c', 'user.email=e@x', 'commit', '-qm', 'one')
    await put('out/made.js', 'x')
    await put('b.txt', 'b\n')
    const before = [git('status', '--porcelain'), (await readdir(join(folder, '.git'))).sort().join()]
    const first = await snapshots.take()
    await put('a.txt', 'A\n')
    await put('out/made.js', 'y')
    await put('b.txt', 'B\n')
    const { files: changes } = await snapshots.changes(first, await snapshots.take())
    assert.deepEqual(changes.map(({ path }) => path.slice(folder.length + 1)).sort(), ['a.txt', 'b.txt'])
    await put('a.txt', 'a\n')
    assert.deepEqual(
      [git('status', '--porcelain'), (await readdir(join(folder, '.git'))).sort().join()],
      before,
    )
    assert.equal(await snapshots.covers(join(folder, 'x.log'), first), false)
    assert.equal(await snapshots.covers(join(folder, 'new.txt'), first), true)
  })

  it('knows programs', async () => {
    await put('run.sh', '#!/bin/sh\n')
    await chmod(join(folder, 'run.sh'), 0o755)
    const first = await snapshots.take()
    await rm(join(folder, 'run.sh'))
    const { files } = await snapshots.changes(first, await snapshots.take())
    assert.equal(files[0]?.wasExecutable, true)
  })

  it('keeps what another window remembers of the folder, and takes over what a window left that is gone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const ended = once(other, 'exit')
    const owner = await describeProcess(other.pid ?? 0)
    assert.ok(owner)
    const theirs = new FolderSnapshots(new Git(), folder, join(root, 'storage'), { owner })
    await put('a.txt', 'theirs\n')
    const first = await theirs.take()
    await put('a.txt', 'later\n')
    await put('b.txt', 'b\n')
    const [later] = await Promise.all([snapshots.take(), theirs.take()])
    assert.deepEqual(await theirs.contentAt(first, join(folder, 'a.txt')), Buffer.from('theirs\n'))
    assert.equal((await theirs.changes(first, await theirs.take())).files.length, 2)
    assert.equal((await readdir(join(root, 'storage'))).length, 2)
    other.kill('SIGKILL')
    await ended
    const [left] = (await readdir(join(root, 'storage'))).filter((name) => name.startsWith(`${owner.pid}-`))
    await put(`../storage/${left ?? ''}/index.lock`, '')
    // A window that opens now; that of this process is still there.
    const third = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const next = await describeProcess(third.pid ?? 0)
    assert.ok(next)
    const own = new FolderSnapshots(new Git(), folder, join(root, 'storage'), { owner: next })
    try {
      const now = await own.take()
      assert.equal(await own.contentAt(first, join(folder, 'a.txt')), undefined, 'it is pruned')
      await put('b.txt', 'B\n')
      assert.equal((await own.changes(now, await own.take())).files.length, 1)
      assert.deepEqual(await snapshots.contentAt(later, join(folder, 'a.txt')), Buffer.from('later\n'))
      assert.equal((await readdir(join(root, 'storage'))).length, 2)
    } finally {
      third.kill('SIGKILL')
    }
  })

  it('goes on when git tidied away what it had borrowed', async () => {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
    git('init', '-q')
    await put('a.txt', 'borrowed\n')
    await put('b.txt', 'b\n')
    git('add', '-A')
    await snapshots.take()
    git('rm', '-q', '--cached', '-r', '.')
    git('prune', '--expire=now')
    await put('b.txt', 'B\n')
    const next = await snapshots.take()
    assert.deepEqual(await snapshots.contentAt(next, join(folder, 'a.txt')), Buffer.from('borrowed\n'))
    await put('a.txt', 'new\n')
    assert.equal((await snapshots.changes(next, await snapshots.take())).files.length, 1)
  })

  it('tells of large files and links that they came, went or were written', async () => {
    const large = (size: number): Buffer => Buffer.alloc(size, 'x')
    const limits = { ...snapshotLimits, fileBytes: 1_000 }
    const small = new FolderSnapshots(new Git(), folder, join(root, 'small'), { limits })
    for (const name of ['gone', 'größe', 'shrunk', 'same']) await put(name, large(2_000))
    await put('grown', large(10))
    await put('to-link', 'text\n')
    await symlink('same', join(folder, 'old-link'))
    const first = await small.take()
    await rm(join(folder, 'gone'))
    await put('größe', large(3_000))
    await put('shrunk', large(20))
    await put('grown', large(4_000))
    await put('new', large(5_000))
    for (const name of ['to-link', 'old-link']) await rm(join(folder, name))
    await symlink('same', join(folder, 'to-link'))
    const { files, unknown } = await small.changes(first, await small.take())
    assert.deepEqual(
      unknown.map(({ path, ...rest }) => [path.slice(folder.length + 1), rest]).sort(),
      [
        ['gone', { kind: 'large', before: 2_000 }],
        ['größe', { kind: 'large', before: 2_000, after: 3_000 }],
        ['shrunk', { kind: 'large', before: 2_000, after: 20 }],
        ['grown', { kind: 'large', before: 10, after: 4_000 }],
        ['new', { kind: 'large', after: 5_000 }],
        ['old-link', { kind: 'link' }],
      ].sort(),
    )
    // Undoing a file that became a link brings the file back; one that was large must not pass for a new one.
    assert.deepEqual(
      files.map(({ path, before, after }) => [path.slice(folder.length + 1), before?.toString(), after]),
      [['to-link', 'text\n', undefined]],
    )
  })

  it('does not take a file for a new one when git tidied its old content away', async () => {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
    git('init', '-q')
    await put('a.txt', 'borrowed\n')
    git('add', '-A')
    const first = await snapshots.take()
    await put('a.txt', 'new\n')
    git('add', '-A')
    git('prune', '--expire=now')
    assert.deepEqual((await snapshots.changes(first, await snapshots.take())).files, [])
  })

  it('keeps to its limits', async () => {
    await put('small.txt', 'small\n')
    await put('large.bin', Buffer.alloc(2_000))
    const limits = { ...snapshotLimits, files: 2, fileBytes: 1_000 }
    const small = new FolderSnapshots(new Git(), folder, join(root, 'small'), { limits })
    const first = await small.take()
    await put('large.bin', Buffer.alloc(3_000))
    assert.deepEqual((await small.changes(first, await small.take())).files, [])
    let now = await small.take()
    await rm(join(folder, 'large.bin'))
    now = await small.take()
    assert.equal(await small.covers(join(folder, 'large.bin'), now), false, 'it is gone, and was never held')
    await rm(join(folder, 'small.txt'))
    assert.equal(await small.covers(join(folder, 'small.txt'), now), true)
    await put('large.bin', 'small by now')
    now = await small.take()
    await rm(join(folder, 'large.bin'))
    assert.equal(await small.covers(join(folder, 'large.bin'), now), true)
    await put('small.txt', 'small\n')
    for (const name of ['1', '2', '3']) await put(name, name)
    await assert.rejects(small.take(), { code: 'too-large' })
    await assert.rejects(new FolderSnapshots(new Git(), '/', join(root, 'root.git')).take(), {
      code: 'unsupported',
    })
  })

  async function put(name: string, content: string | Buffer): Promise<void> {
    const path = join(folder, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, content)
  }
})
