import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ServerPlace } from '../../../src/client/paths/pathMap.ts'
import { viewOf } from '../../../src/profiles/folderView.ts'

describe('How a server sees a folder', () => {
  let root: string
  let repository: string
  let plain: string

  before(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), 'folder-view-')))
    repository = path.join(root, 'shop')
    plain = path.join(root, 'notes')
    await mkdir(path.join(repository, '.git'), { recursive: true })
    await mkdir(path.join(repository, 'web'))
    await mkdir(plain)
    await writeFile(path.join(plain, 'todo.md'), '')
  })
  after(() => rm(root, { recursive: true }))

  it('is the same where it finds the same git root at the same path', async () => {
    assert.deepEqual(await viewOf(server('/home/ada', { worktrees: [repository] }), repository), {
      kind: 'same',
    })
    const inner = path.join(repository, 'web')
    assert.deepEqual(await viewOf(server('/home/ada', { worktrees: [repository] }), inner), { kind: 'same' })
  })

  it('is the same where it has a file of a folder without git', async () => {
    assert.deepEqual(await viewOf(server('/', { files: ['todo.md'] }), plain), { kind: 'same' })
  })

  it('is proposed by the name of its root where the server works in one of that name', async () => {
    assert.deepEqual(await viewOf(server('/srv/shop', { own: '/srv/shop' }), repository), {
      kind: 'elsewhere',
      rule: { host: repository, server: '/srv/shop' },
    })
  })

  it('is for the user to say where nothing fits', async () => {
    const view = await viewOf(server('/home/ada'), plain)
    assert.deepEqual(view, { kind: 'elsewhere', rule: undefined })
  })
})

interface Disk {
  /** Git roots that the server has. */
  readonly worktrees?: readonly string[]
  readonly files?: readonly string[]
  /** Git root of the server's own directory. */
  readonly own?: string
}

function server(
  directory: string,
  { worktrees = [], files = [], own }: Disk = {},
): Parameters<typeof viewOf>[0] {
  const of = (asked: string): Promise<ServerPlace> => {
    const worktree = worktrees.find((each) => asked === each || asked.startsWith(`${each}/`))
    return Promise.resolve(worktree === undefined ? { directory: asked } : { directory: asked, worktree })
  }
  return {
    places: {
      own: () => Promise.resolve(own === undefined ? { directory } : { directory, worktree: own }),
      of,
    },
    findFiles: (_directory, name) => Promise.resolve(files.filter((file) => file.includes(name))),
  }
}
