import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderSnapshots, snapshotLimits } from '../../../src/review/folderSnapshots.ts'
import { Git } from '../../../src/server/isolation/git.ts'

describe('review: snapshots of a folder', () => {
  let root: string
  let folder: string
  let snapshots: FolderSnapshots

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'snapshots-')))
    folder = join(root, 'work')
    await mkdir(folder)
    snapshots = new FolderSnapshots(new Git(), folder, join(root, 'storage', 'review.git'))
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
    const changes = await snapshots.changes(first, await snapshots.take())
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
    const changes = await snapshots.changes(first, await snapshots.take())
    assert.deepEqual(changes.map(({ path }) => path.slice(folder.length + 1)).sort(), ['a.txt', 'b.txt'])
    await put('a.txt', 'a\n')
    assert.deepEqual(
      [git('status', '--porcelain'), (await readdir(join(folder, '.git'))).sort().join()],
      before,
    )
    assert.equal(await snapshots.covers(join(folder, 'x.log')), false)
    assert.equal(await snapshots.covers(join(folder, 'new.txt')), true)
  })

  it('knows programs, and goes on after a window that ended in the middle', async () => {
    await put('run.sh', '#!/bin/sh\n')
    await chmod(join(folder, 'run.sh'), 0o755)
    const first = await snapshots.take()
    await rm(join(folder, 'run.sh'))
    const [change] = await snapshots.changes(first, await snapshots.take())
    assert.equal(change?.wasExecutable, true)
    await put('../storage/review.git/index.lock', '')
    const next = new FolderSnapshots(new Git(), folder, join(root, 'storage', 'review.git'))
    const later = await next.take()
    assert.equal(
      await next.contentAt(first, join(folder, 'run.sh')),
      undefined,
      'what was remembered is pruned',
    )
    await put('b.txt', 'b')
    assert.equal((await next.changes(later, await next.take())).length, 1)
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
    assert.deepEqual(await snapshots.changes(first, await snapshots.take()), [])
  })

  it('keeps to its limits', async () => {
    await put('small.txt', 'small\n')
    await put('large.bin', Buffer.alloc(2_000))
    const limits = { ...snapshotLimits, files: 2, fileBytes: 1_000 }
    const small = new FolderSnapshots(new Git(), folder, join(root, 'small.git'), limits)
    const first = await small.take()
    await put('large.bin', Buffer.alloc(3_000))
    assert.deepEqual(await small.changes(first, await small.take()), [])
    await rm(join(folder, 'large.bin'))
    assert.equal(await small.covers(join(folder, 'large.bin')), false, 'it is gone, and was never held')
    await rm(join(folder, 'small.txt'))
    assert.equal(await small.covers(join(folder, 'small.txt')), true)
    await put('large.bin', 'small by now')
    await small.take()
    await rm(join(folder, 'large.bin'))
    assert.equal(await small.covers(join(folder, 'large.bin')), true)
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
