import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmod,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { IsolatedTree } from '../../../../src/server/isolation/isolatedTree.ts'
import { bringAsBranch } from '../../../../src/server/isolation/toBranch.ts'
import { planPatch } from '../../../../src/server/isolation/toWorkingTree.ts'
import { createUserRepository, type UserRepository } from './support/userRepository.ts'

const exec = promisify(execFile)

describe('Changes of an isolated tree', () => {
  let user: UserRepository
  let tree: IsolatedTree

  beforeEach(async () => {
    user = await createUserRepository()
    tree = await user.isolate({ name: 'task' })
  })
  afterEach(() => user.dispose())

  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await mkdir(path.dirname(path.join(tree.root, name)), { recursive: true })
    await writeFile(path.join(tree.root, name), content)
  }
  const inside = async (...args: readonly string[]): Promise<string> =>
    (await exec('git', args, { cwd: tree.root, env: user.env })).stdout.trim()
  const apply = async (): Promise<readonly string[]> => {
    const plan = await planPatch(tree)
    try {
      await plan.apply()
      return plan.files
    } finally {
      await plan.dispose()
    }
  }

  describe('as a branch', () => {
    it('come as one commit, and neither the working tree nor the index notice', async () => {
      await user.write('a.txt', 'mine, not committed\n')
      await user.write('staged.txt', 'staged\n')
      await user.run('add', 'staged.txt')
      const before = await user.fingerprint()
      await write('a.txt', 'theirs\n')
      await write('new/file.txt', 'new\n')
      const { branch, commits } = await bringAsBranch(tree, { message: 'Do the task' })
      assert.deepEqual([branch, commits], ['opencode/task', 1])
      const after = await user.fingerprint()
      assert.deepEqual(after.files, before.files)
      assert.equal(after.repository['index'], before.repository['index'])
      assert.equal(after.repository['HEAD'], before.repository['HEAD'])
      assert.equal(
        await user.run('log', '--format=%an: %s', 'opencode/task'),
        'Ada: Do the task\nAda: Start\n',
      )
      assert.equal(await user.run('show', 'opencode/task:new/file.txt'), 'new\n')
      assert.equal(await user.run('fsck', '--strict'), '')
    })

    it('keep the commits that were made inside, with one more for the rest', async () => {
      await write('a.txt', 'first\n')
      await inside('commit', '-qam', 'First inside')
      await inside('checkout', '-qb', 'other-name')
      await write('b.txt', 'second\n')
      await inside('add', '-A')
      await inside('commit', '-qm', 'Second inside')
      await inside('gc', '-q')
      await write('c.txt', 'rest\n')
      const { commits } = await bringAsBranch(tree, { message: 'The rest' })
      assert.equal(commits, 3)
      const log = await user.run('log', '--format=%s', 'opencode/task')
      assert.equal(log, 'The rest\nSecond inside\nFirst inside\nStart\n')
    })

    it('come as one commit when those inside do not build on the beginning', async () => {
      await inside('checkout', '-q', '--orphan', 'elsewhere')
      await write('b.txt', 'second\n')
      await inside('add', '-A')
      await inside('commit', '-qm', 'Unrelated')
      const { commits } = await bringAsBranch(tree, { message: 'All' })
      assert.equal(commits, 1)
      assert.equal(await user.run('log', '--format=%s', 'opencode/task'), 'All\nStart\n')
    })

    it('come as one commit when the repository inside was tampered with', async () => {
      await write('b.txt', 'second\n')
      await inside('add', '-A')
      await inside('commit', '-qm', 'Inside')
      const other = await createUserRepository({ 'secret.txt': 'secret\n' })
      const file = path.join(tree.root, '.git', 'objects', 'info', 'alternates')
      await writeFile(file, `${await readFile(file, 'utf8')}${other.root}/.git/objects\n`)
      assert.equal((await bringAsBranch(tree, { message: 'All' })).commits, 1)
      await rm(path.join(tree.root, '.git'), { recursive: true })
      await symlink(path.join(other.root, '.git'), path.join(tree.root, '.git'))
      await write('c.txt', 'more\n')
      assert.equal((await bringAsBranch(tree, { message: 'All' })).commits, 1)
      assert.equal(await user.run('log', '--format=%s', 'opencode/task'), 'All\nStart\n')
      await other.dispose()
    })

    it('can be brought again, and the branch moves on as long as nobody else changed it', async () => {
      await write('b.txt', '1\n')
      await bringAsBranch(tree, { message: 'One' })
      await write('b.txt', '2\n')
      await bringAsBranch(tree, { message: 'Two' })
      assert.equal(await user.run('show', 'opencode/task:b.txt'), '2\n')
      await user.run('branch', '-f', 'opencode/task', 'main')
      await write('b.txt', '3\n')
      await assert.rejects(bringAsBranch(tree, { message: 'Three' }), { code: 'conflict' })
      assert.equal(await user.run('rev-parse', 'opencode/task'), await user.run('rev-parse', 'main'))
      const { branch } = await bringAsBranch(tree, { message: 'Three', branch: 'opencode/other' })
      assert.equal(branch, 'opencode/other')
    })

    it('never move a branch that is checked out or belongs to somebody else', async () => {
      await write('b.txt', '1\n')
      await user.run('checkout', '-qb', 'opencode/task')
      await assert.rejects(bringAsBranch(tree, { message: 'x' }), { code: 'conflict' })
      await assert.rejects(bringAsBranch(tree, { message: 'x', branch: 'main' }), { code: 'conflict' })
      for (const branch of ['-x', 'a..b', 'a b', 'x.lock', '']) {
        await assert.rejects(
          bringAsBranch(tree, { message: 'x', branch }),
          { code: 'invalid-argument' },
          branch,
        )
      }
    })

    it('hold the uncommitted changes that the tree began with as a commit of their own', async () => {
      await user.write('a.txt', 'mine\n')
      tree = await user.isolate({ name: 'with', base: 'changes' })
      await write('b.txt', 'theirs\n')
      assert.equal((await bringAsBranch(tree, { message: 'Theirs' })).commits, 2)
      const log = await user.run('log', '--format=%s', 'opencode/with')
      assert.equal(log, 'Theirs\nUncommitted changes on main\nStart\n')
      assert.equal(await user.read('a.txt'), 'mine\n')
    })

    it('are refused when there are none', async () => {
      await assert.rejects(bringAsBranch(tree, { message: 'x' }), { code: 'not-found' })
      assert.equal(await user.run('branch', '--list', 'opencode/*'), '')
    })
  })

  describe('as a patch', () => {
    it('are merged with changes of the user in other places, and nothing is staged', async () => {
      await write('a.txt', 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nNINE\n')
      await write('new/file.txt', 'new\n')
      await rm(path.join(tree.root, 'src/deep/c.ts'))
      await rename(path.join(tree.root, 'src/b.ts'), path.join(tree.root, 'src/renamed.ts'))
      await user.write('a.txt', 'ONE\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n')
      await user.write('src/b.ts', 'export const b = 1\n// mine\n')
      await user.run('add', 'src/b.ts')
      const before = await user.fingerprint()
      const files = await apply()
      assert.deepEqual([...files].sort(), [
        'a.txt',
        'new/file.txt',
        'src/b.ts',
        'src/deep/c.ts',
        'src/renamed.ts',
      ])
      assert.equal(await user.read('a.txt'), 'ONE\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nNINE\n')
      assert.equal(await user.read('src/renamed.ts'), 'export const b = 1\n// mine\n')
      assert.deepEqual(await readdir(path.join(user.root, 'src')), ['renamed.ts'], 'no empty folder stays')
      const after = await user.fingerprint()
      assert.deepEqual(after.repository, before.repository)
    })

    it('come with binary files, modes, links and hostile names', async () => {
      const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))
      await write('image.bin', bytes)
      await chmod(path.join(tree.root, 'a.txt'), 0o755)
      await symlink('a.txt', path.join(tree.root, 'link'))
      for (const name of ['-rf', 'new\nline', 'quo"te', 'ünï', ' sp ', 'a\tb'])
        await write(`${name}/${name}`, name)
      await writeFile(Buffer.concat([Buffer.from(`${tree.root}/l-`), Buffer.from([0xe9])]), 'x')
      await apply()
      assert.deepEqual(await readFile(path.join(user.root, 'image.bin')), bytes)
      assert.equal(await readlink(path.join(user.root, 'link')), 'a.txt')
      assert.equal((await stat(path.join(user.root, 'a.txt'))).mode & 0o111, 0o111)
      for (const name of ['-rf', 'new\nline', 'quo"te', 'ünï', ' sp ', 'a\tb']) {
        assert.equal(await user.read(`${name}/${name}`), name)
      }
      assert.equal(
        String(await readFile(Buffer.concat([Buffer.from(`${user.root}/l-`), Buffer.from([0xe9])]))),
        'x',
      )
      assert.deepEqual((await planPatch(tree)).files, [], 'what is there already is not written again')
    })

    it('exchange files and folders', async () => {
      await rm(path.join(tree.root, 'src'), { recursive: true })
      await write('src', 'now a file\n')
      await rm(path.join(tree.root, 'a.txt'))
      await write('a.txt/inside.txt', 'now a folder\n')
      await apply()
      assert.equal(await user.read('src'), 'now a file\n')
      assert.equal(await user.read('a.txt/inside.txt'), 'now a folder\n')
    })

    it('keep the line ends that the user has', async () => {
      await user.write('crlf.txt', 'one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n')
      await user.write('.gitattributes', 'crlf.txt text eol=crlf\n')
      await user.commit()
      tree = await user.isolate()
      const inner = await readFile(path.join(tree.root, 'crlf.txt'), 'utf8')
      await write('crlf.txt', inner.replace('five', 'FIVE'))
      await user.write('crlf.txt', 'ONE\r\ntwo\r\nthree\r\nfour\r\nfive\r\n')
      await apply()
      assert.equal(await user.read('crlf.txt'), 'ONE\r\ntwo\r\nthree\r\nfour\r\nFIVE\r\n')
    })

    it('fit a tree that began with uncommitted changes', async () => {
      await user.write('a.txt', 'mine\n')
      tree = await user.isolate({ base: 'changes-and-new' })
      await write('a.txt', 'mine\nand theirs\n')
      await apply()
      assert.equal(await user.read('a.txt'), 'mine\nand theirs\n')
    })

    it('fit after the user went on and committed', async () => {
      await write('a.txt', 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nNINE\n')
      await user.write('a.txt', 'ONE\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n')
      await user.commit()
      await apply()
      assert.equal(await user.read('a.txt'), 'ONE\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nNINE\n')
    })

    const conflicts: Readonly<Record<string, () => Promise<void>>> = {
      'the same lines were changed': async () => {
        await write('a.txt', 'theirs\n')
        await user.write('a.txt', 'mine\n')
      },
      'a file that is changed was deleted': async () => {
        await write('a.txt', 'theirs\n')
        await rm(path.join(user.root, 'a.txt'))
      },
      'a file that is deleted was changed': async () => {
        await rm(path.join(tree.root, 'a.txt'))
        await user.write('a.txt', 'mine\n')
      },
      'both have a new file, and not the same': async () => {
        await write('new.txt', 'theirs\n')
        await user.write('new.txt', 'mine\n')
      },
      'an ignored file of the user stands in the way': async () => {
        await write('.gitignore', '')
        await write('build/out.js', 'theirs\n')
        await user.write('build/out.js', 'mine\n')
      },
      'a folder with files of the user stands in the way': async () => {
        await write('thing', 'a file\n')
        await user.write('thing/mine.txt', 'mine\n')
      },
      'a file of the user stands where a folder is needed': async () => {
        await write('thing/theirs.txt', 'theirs\n')
        await user.write('thing', 'mine\n')
      },
      'a link of the user leads out of the tree': async () => {
        await write('src/deep/more.ts', 'theirs\n')
        await rename(path.join(user.root, 'src'), path.join(user.root, '..', 'outside'))
        await symlink(path.join('..', 'outside'), path.join(user.root, 'src'))
      },
      'binary files differ': async () => {
        await write('image.bin', Buffer.from([0, 1, 2]))
        await user.write('image.bin', Buffer.from([0, 3, 4]))
      },
    }
    for (const [reason, arrange] of Object.entries(conflicts)) {
      it(`are refused as a whole when ${reason}`, async () => {
        await write('first.txt', 'fits\n')
        await write('z-last.txt', 'fits too\n')
        await arrange()
        const before = await user.fingerprint()
        await assert.rejects(apply(), { code: 'conflict' })
        assert.deepEqual(await user.fingerprint(), before)
        assert.deepEqual(await readdir(path.join(user.storage, tree.record.id, 'scratch')), [])
      })
    }

    it('name the files of a conflict', async () => {
      await conflicts['the same lines were changed']?.()
      await assert.rejects(planPatch(tree), /\(a\.txt\)/)
    })

    it('are refused when a file changes after the plan was made', async () => {
      await write('a.txt', 'theirs\n')
      await write('b.txt', 'theirs\n')
      const plan = await planPatch(tree)
      await user.write('b.txt', 'mine, just now\n')
      const before = await user.fingerprint()
      await assert.rejects(plan.apply(), { code: 'conflict' })
      assert.deepEqual(await user.fingerprint(), before)
      await plan.dispose()
    })

    it('are taken back as a whole when a file in the middle cannot be written', async function () {
      await write('a.txt', 'theirs\n')
      await write('new/x.txt', 'theirs\n')
      await rm(path.join(tree.root, 'src/deep/c.ts'))
      const before = await user.fingerprint()
      const plan = await planPatch(tree)
      const [staging] = (await readdir(path.join(user.root, '.git'))).filter((name) =>
        name.startsWith('opencode-'),
      )
      assert.ok(staging)
      await rm(path.join(user.root, '.git', staging, 'new', 'new', 'x.txt'))
      await assert.rejects(plan.apply())
      await plan.dispose()
      assert.deepEqual((await user.fingerprint()).status, before.status)
      assert.deepEqual(withoutTimes(await user.fingerprint()), withoutTimes(before))
    })
  })

  it('never change what is outside before they are brought back, whatever happens inside', async function () {
    this.timeout(60_000)
    await user.write('a.txt', 'not committed\n')
    await user.write('untracked.txt', 'new\n')
    const before = await user.fingerprint()
    let seed = 7
    const random = (limit: number): number => (seed = (seed * 48271) % 2147483647) % limit
    const names = ['a.txt', 'src/b.ts', 'src/deep/c.ts', 'x', 'x/y', 'ü "q', 'src']
    for (let round = 0; round < 12; round++) {
      tree = await user.isolate({
        base: (['head', 'changes', 'changes-and-new'] as const)[random(3)] ?? 'head',
      })
      for (let step = 0; step < 6; step++) {
        const place = path.join(tree.root, names[random(names.length)] ?? '')
        const actions = [
          () => rm(place, { recursive: true, force: true }),
          () => write(path.relative(tree.root, place), `${random(1e9)}\n`),
          () => symlink(user.root, place),
          () => inside('commit', '-qam', 'x', '--allow-empty'),
          () => inside('checkout', '-q', '--detach'),
          () => inside('gc', '-q', '--prune=now'),
        ]
        await actions[random(actions.length)]?.().catch(() => undefined)
      }
      await tree.changes()
      await planPatch(tree).then(
        (plan) => plan.dispose(),
        () => undefined,
      )
      if (random(2) === 0) await tree.remove()
    }
    assert.deepEqual(await user.fingerprint(), before)
  })
})

/** Files that were moved away and back are the same, but their folders have new times. */
function withoutTimes({
  files,
}: {
  files: Readonly<Record<string, string>>
}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replace(/ [\d.]+ /, ' ')]),
  )
}
