import assert from 'node:assert/strict'
import { V1Roots } from '../../../../src/client/v1/roots.ts'
import type { V1Routes } from '../../../../src/client/v1/routes.ts'
import { toSessionID } from '../../../../src/opencode/ids.ts'
import type { FileChange } from '../../../../src/session/model.ts'

const id = toSessionID('ses_1')
const change = (path: string): FileChange => ({ path, additions: 0, deletions: 0, status: 'modified' })

function setUp(directory: string, project: object) {
  let questions = 0
  const routes = {
    ofSession: () => Promise.resolve({ body: { directory } }),
    in: () => {
      questions++
      return Promise.resolve({ body: project })
    },
  } as unknown as V1Routes
  const roots = new V1Roots(routes)
  const resolve = async (...paths: string[]) =>
    (await roots.resolve(id, paths.map(change))).map(({ path }) => path)
  return { resolve, questions: () => questions }
}

describe('The root of diffs', () => {
  it('is that of the repository, asked once for a folder', async () => {
    const { resolve, questions } = setUp('/repo/app', { vcs: 'git', worktree: '/repo' })
    assert.deepEqual(await resolve('app/a.ts', '/else/b.ts'), ['/repo/app/a.ts', '/else/b.ts'])
    assert.deepEqual(await resolve('c.ts'), ['/repo/c.ts'])
    assert.equal(questions(), 1)
  })

  it('is the folder itself outside of a repository, with its own kind of separator', async () => {
    assert.deepEqual(await setUp('C:\\work', { worktree: '/' }).resolve('a/b.ts'), ['C:\\work\\a\\b.ts'])
    assert.deepEqual(await setUp('/', { worktree: '/' }).resolve('a'), ['/a'])
  })

  it('is not asked for where all paths are absolute', async () => {
    const { resolve, questions } = setUp('/repo', {})
    assert.deepEqual(await resolve('/a', 'D:/b'), ['/a', 'D:/b'])
    assert.equal(questions(), 0)
  })
})
