import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmod,
  cp,
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { branchSlug } from '../../../../src/server/isolation/buildTree.ts'
import { Git } from '../../../../src/server/isolation/git.ts'
import { IsolatedTree } from '../../../../src/server/isolation/isolatedTree.ts'
import { listRecords } from '../../../../src/server/isolation/treeRecord.ts'
import { createUserRepository, type UserRepository } from './support/userRepository.ts'

const exec = promisify(execFile)

describe('An isolated tree', () => {
  let user: UserRepository

  beforeEach(async () => {
    user = await createUserRepository()
  })
  afterEach(() => user.dispose())

  /** Git as a tool inside would run it. */
  const inside = async (tree: IsolatedTree, ...args: readonly string[]): Promise<string> =>
    (await exec('git', args, { cwd: tree.root, env: user.env })).stdout.trim()

  describe('when it is made', () => {
    it('has the files of the last commit, on a branch of its own, with a git that works', async () => {
      await user.write('a.txt', 'changed, not committed\n')
      const tree = await user.isolate({ name: 'Fix the login!' })
      assert.equal(tree.record.branch, 'opencode/fix-the-login')
      assert.match(await readFile(path.join(tree.root, 'a.txt'), 'utf8'), /^one\n/)
      assert.equal(await inside(tree, 'symbolic-ref', '--short', 'HEAD'), 'opencode/fix-the-login')
      assert.equal(await inside(tree, 'status', '--porcelain'), '')
      assert.equal(await inside(tree, 'log', '--format=%s'), 'Start')
      await writeFile(path.join(tree.root, 'new.txt'), 'new\n')
      await inside(tree, 'add', '-A')
      await inside(tree, 'commit', '-qm', 'Inside')
      assert.equal(await inside(tree, 'log', '-1', '--format=%an %s'), 'Ada Inside')
      assert.deepEqual(
        (await tree.changes()).files.map(({ path }) => path),
        ['new.txt'],
      )
    })

    it('has the uncommitted changes when they are wanted, with or without new files', async () => {
      await user.write('a.txt', 'changed\n')
      await rm(path.join(user.root, 'src/b.ts'))
      await user.write('new file.txt', 'new\n')
      await user.write('build/out.js', 'ignored\n')
      await user.write('staged.txt', 'staged\n')
      await user.run('add', 'staged.txt')
      const before = await user.fingerprint()
      const some = await user.isolate({ base: 'changes' })
      const all = await user.isolate({ base: 'changes-and-new' })
      assert.deepEqual(await user.fingerprint(), before)
      const names = async (tree: IsolatedTree) => (await readdir(tree.root)).sort()
      assert.deepEqual(await names(some), ['.git', '.gitignore', 'a.txt', 'src', 'staged.txt'])
      assert.deepEqual(await names(all), ['.git', '.gitignore', 'a.txt', 'new file.txt', 'src', 'staged.txt'])
      assert.deepEqual(await readdir(path.join(all.root, 'src')), ['deep'])
      assert.equal(await readFile(path.join(all.root, 'a.txt'), 'utf8'), 'changed\n')
      assert.deepEqual((await all.changes()).files, [], 'what came along is no change')
      assert.equal(await inside(all, 'log', '-1', '--format=%s'), 'Uncommitted changes on main')
    })

    it('starts from the commit itself when nothing is changed', async () => {
      const tree = await user.isolate({ base: 'changes-and-new' })
      assert.equal(tree.record.base, tree.record.head)
    })

    it('finds a branch name that is free', async () => {
      const first = await user.isolate()
      const second = await user.isolate()
      await user.run('branch', 'opencode/isolated-3')
      const third = await user.isolate()
      const branches = [first, second, third].map(({ record }) => record.branch)
      assert.deepEqual(branches, ['opencode/isolated-1', 'opencode/isolated-2', 'opencode/isolated-4'])
    })

    it('goes without the folder of branches when a branch is in its way', async () => {
      await user.run('branch', 'opencode')
      assert.equal((await user.isolate({ name: 'x' })).record.branch, 'opencode-x')
    })

    it('knows the folder below the top that it was made for', async () => {
      const tree = await user.isolate({ folder: path.join(user.root, 'src', 'deep') })
      assert.equal(tree.directory, path.join(tree.root, 'src', 'deep'))
      assert.deepEqual(await readdir(tree.directory), ['c.ts'])
    })

    it('works with a detached HEAD', async () => {
      await user.run('checkout', '-q', '--detach')
      await user.write('a.txt', 'changed\n')
      const tree = await user.isolate({ base: 'changes' })
      assert.match(await inside(tree, 'log', '-1', '--format=%s'), /^Uncommitted changes on [0-9a-f]{10}$/)
    })

    it('takes over who the user is, whatever the name', async () => {
      await user.run('config', 'user.name', 'Ada "the \\ first" # ; Löve')
      const tree = await user.isolate()
      assert.equal(await inside(tree, 'config', 'user.name'), 'Ada "the \\ first" # ; Löve')
    })

    it('works from a linked worktree, whose .git is a file', async () => {
      const linked = path.join(user.root, '..', 'linked')
      await user.run('worktree', 'add', '-q', '-b', 'side', linked)
      await writeFile(path.join(linked, 'a.txt'), 'on the side\n')
      const before = await user.fingerprint()
      const tree = await user.isolate({ folder: linked, base: 'changes' })
      assert.equal(await readFile(path.join(tree.root, 'a.txt'), 'utf8'), 'on the side\n')
      assert.equal(tree.record.root, await realpath(linked))
      assert.deepEqual(await user.fingerprint(), before)
    })

    it('works from a shallow clone and from one that borrows its objects', async () => {
      await user.commit('Second')
      for (const [name, args] of [
        ['shallow', ['--depth', '1', `file://${user.root}`]],
        ['borrowing', ['--shared', user.root]],
      ] as const) {
        const clone = path.join(user.root, '..', name)
        await user.run('clone', '-q', ...args, clone)
        const tree = await user.isolate({ folder: clone })
        assert.equal(await inside(tree, 'fsck', '--connectivity-only'), '', name)
        assert.equal(
          await inside(tree, 'log', '--format=%s'),
          name === 'shallow' ? 'Second' : 'Second\nStart',
        )
        assert.equal(tree.borrowedObjects().length, name === 'shallow' ? 1 : 2)
      }
    })

    it('works with hostile names of files and folders', async () => {
      const names = [
        '-rf',
        'new\nline',
        'quo"te',
        "it's",
        'ünï',
        ' space ',
        '$(touch x)',
        'a\tb',
        'back\\slash',
      ]
      for (const name of names) await user.write(`${name}/${name}`, `${name}\n`)
      const odd = Buffer.concat([Buffer.from(`${user.root}/latin-`), Buffer.from([0xe9])])
      await writeFile(odd, 'not UTF-8\n')
      await user.commit()
      for (const name of names) await user.write(`${name}/${name}`, 'changed\n')
      const tree = await user.isolate({ base: 'changes' })
      for (const name of names) {
        assert.equal(await readFile(path.join(tree.root, name, name), 'utf8'), 'changed\n')
        await writeFile(path.join(tree.root, name, name), 'again\n')
      }
      assert.deepEqual(
        (await tree.changes()).files.map(({ path }) => path.split('/')[0]).sort(),
        names.sort(),
      )
    })

    it('works when the repository lies at a path with odd letters', async () => {
      const odd = path.join(user.root, '..', 'a b\'"ü#;:')
      await rename(user.root, odd)
      const tree = await user.isolate({ folder: odd })
      assert.match(await readFile(path.join(tree.root, 'a.txt'), 'utf8'), /^one\n/)
      await rename(odd, user.root)
    })

    it('says that submodules and large files are not in it', async () => {
      await user.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n')
      await user.commit()
      const other = await createUserRepository()
      await user.run('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'sub')
      await user.commit('Add a submodule')
      const tree = await user.isolate()
      await other.dispose()
      assert.deepEqual(tree.record.lacks, ['submodules', 'lfs'])
      await writeFile(path.join(tree.root, 'sub', 'x'), 'in the empty folder\n')
      assert.deepEqual((await tree.changes()).files, [])
    })

    it('refuses where there is nothing to start from, and leaves nothing behind', async () => {
      const empty = await createUserRepository({})
      await assert.rejects(user.isolate({ folder: path.dirname(user.root) }), { code: 'no-repository' })
      await assert.rejects(user.isolate({ folder: empty.root }), { code: 'unsupported' })
      await assert.rejects(user.isolate({ folder: path.join(user.root, '.git') }), { code: 'no-repository' })
      await empty.dispose()
      const git = new Git('no-such-git', user.env)
      const options = { folder: user.root, storage: user.storage, kind: 'worktree', base: 'head' } as const
      await assert.rejects(IsolatedTree.create(git, options), { code: 'git-not-found' })
      assert.deepEqual(await readdir(user.storage).catch(() => []), [])
    })

    it('refuses the uncommitted changes of an unfinished merge', async () => {
      await user.run('checkout', '-q', '-b', 'side')
      await user.write('a.txt', 'side\n')
      await user.commit()
      await user.run('checkout', '-q', 'main')
      await user.write('a.txt', 'main\n')
      await user.commit()
      await assert.rejects(user.run('merge', 'side'))
      const before = await user.fingerprint()
      await assert.rejects(user.isolate({ base: 'changes' }), { code: 'conflict' })
      await user.isolate({ base: 'head' })
      assert.deepEqual(await user.fingerprint(), before)
    })

    it('can be called off and leaves nothing behind', async () => {
      for (const delay of [0, 15, 40]) {
        const controller = new AbortController()
        setTimeout(() => controller.abort(), delay)
        await assert.rejects(user.isolate({ signal: controller.signal }), { code: 'aborted' })
      }
      assert.deepEqual(await readdir(user.storage).catch(() => []), [])
    })
  })

  describe('tells what changed', () => {
    it('file by file, with lines, kinds, renames and binary ones', async () => {
      const tree = await user.isolate()
      const at = (name: string) => path.join(tree.root, name)
      await writeFile(at('a.txt'), 'one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n')
      await rename(at('src/b.ts'), at('src/renamed.ts'))
      await rm(at('src/deep/c.ts'))
      await writeFile(at('image.bin'), Buffer.from([0, 1, 2, 255]))
      await symlink('a.txt', at('link'))
      await writeFile(at('ignored.log'), 'ignored\n')
      const { files } = await tree.changes()
      const plain = { additions: 0, deletions: 0, isBinary: false, isLink: false }
      assert.deepEqual(files, [
        { ...plain, path: 'a.txt', status: 'modified', additions: 2, deletions: 1 },
        { ...plain, path: 'image.bin', status: 'added', isBinary: true },
        { ...plain, path: 'link', status: 'added', additions: 1, isLink: true },
        { ...plain, path: 'src/deep/c.ts', status: 'deleted', deletions: 1 },
        { ...plain, path: 'src/renamed.ts', from: 'src/b.ts', status: 'renamed' },
      ])
      assert.equal(String(await tree.textOfBase('src/b.ts')), 'export const b = 1\n')
      assert.equal(await tree.textOfBase('image.bin'), undefined)
    })

    it('also when a folder became a link or a file, or changed its mode', async () => {
      const tree = await user.isolate()
      await rm(path.join(tree.root, 'src'), { recursive: true })
      await symlink('/etc', path.join(tree.root, 'src'))
      await chmod(path.join(tree.root, 'a.txt'), 0o755)
      const { files } = await tree.changes()
      assert.deepEqual(
        files.map(({ path, status }) => [path, status]),
        [
          ['a.txt', 'modified'],
          ['src', 'added'],
          ['src/b.ts', 'deleted'],
          ['src/deep/c.ts', 'deleted'],
        ],
      )
    })

    it('and runs nothing that the repository inside asks for', async () => {
      const other = await createUserRepository()
      await user.run('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'sub')
      await user.write('.gitattributes', '*.txt filter=evil diff=evil merge=evil\n')
      await user.commit()
      const tree = await user.isolate()
      const mark = path.join(user.root, '..', 'ran')
      const evil = `touch '${mark}'`
      for (const folder of [tree.root, path.join(tree.root, 'sub'), path.join(tree.root, 'nested')]) {
        await mkdir(folder, { recursive: true })
        await exec('git', ['init', '-q'], { cwd: folder, env: user.env })
        const settings = {
          'core.fsmonitor': evil,
          'core.sshCommand': evil,
          'core.pager': evil,
          'core.editor': evil,
          'diff.external': evil,
          'filter.evil.clean': evil,
          'filter.evil.smudge': evil,
          'diff.evil.textconv': evil,
          'uploadpack.packObjectsHook': evil,
          'core.hooksPath': path.join(tree.root, 'hooks'),
        }
        for (const [key, value] of Object.entries(settings)) {
          await exec('git', ['config', key, value], { cwd: folder, env: user.env })
        }
      }
      await mkdir(path.join(tree.root, 'hooks'))
      for (const hook of ['post-index-change', 'reference-transaction', 'pre-commit', 'post-checkout']) {
        await writeFile(path.join(tree.root, 'hooks', hook), `#!/bin/sh\n${evil}\n`, { mode: 0o755 })
      }
      await writeFile(path.join(tree.root, 'a.txt'), 'changed\n')
      const { files } = await tree.changes()
      assert.deepEqual(
        files.map(({ path }) => path).filter((name) => !name.startsWith('hooks/')),
        ['a.txt'],
      )
      await assert.rejects(readFile(mark), { code: 'ENOENT' })
      // The trap is a real one.
      await exec('git', ['status'], { cwd: tree.root, env: user.env })
      await readFile(mark)
      await other.dispose()
    })
  })

  it('is found again later, and gone without a trace when it is removed', async () => {
    const before = await user.fingerprint()
    const tree = await user.isolate({ name: 'later' })
    const again = IsolatedTree.open(user.git, tree.folder)
    assert.deepEqual(again.record, tree.record)
    assert.deepEqual(
      (await listRecords(user.storage)).map(({ branch }) => branch),
      ['opencode/later'],
    )
    await cp(path.join(tree.root, 'src'), path.join(tree.root, 'copy'), { recursive: true })
    await again.remove()
    assert.deepEqual(await readdir(user.storage), [])
    assert.deepEqual(await user.fingerprint(), before)
    assert.throws(() => IsolatedTree.open(user.git, tree.folder), { code: 'not-found' })
  })
})

describe('The name of a branch', () => {
  it('is made of letters that every git takes', () => {
    assert.equal(branchSlug('  Füge die Größe hinzu / ..lock~^: '), 'fuge-die-gro-e-hinzu-lock')
    assert.equal(branchSlug('日本'), '')
    assert.equal(branchSlug('x'.repeat(60)).length, 40)
  })
})
