import assert from 'node:assert/strict'
import { readPermission } from '../../../../src/client/v1/requests.ts'

const patchOf = (path: string): string =>
  `Index: ${path}\n===\n--- ${path}\n+++ ${path}\n@@ -1,1 +1,1 @@\n-a\n+b\n`

describe('The files of a permission', () => {
  it('are the one of an edit or a write, with its patch', () => {
    const request = read({ filepath: '/p/a.txt', diff: patchOf('/p/a.txt') })
    const change = { path: '/p/a.txt', patch: patchOf('/p/a.txt'), additions: 1, deletions: 1 }
    assert.deepEqual(request?.files, [{ ...change, status: 'modified' }])
  })

  it('are all of a patch, whose path is only a list of names', () => {
    const file = (name: string, type: string) => ({
      filePath: `/p/${name}`,
      relativePath: name,
      type,
      patch: patchOf(`/p/${name}`),
      additions: 1,
      deletions: 1,
    })
    const request = read({
      filepath: 'a.txt, b.txt, c.txt',
      diff: patchOf('/p/a.txt'),
      files: [file('a.txt', 'update'), file('b.txt', 'add'), file('c.txt', 'delete')],
    })
    assert.deepEqual(
      request?.files?.map(({ path, status }) => `${path} ${status}`),
      ['/p/a.txt modified', '/p/b.txt added', '/p/c.txt deleted'],
    )
  })

  it('are none of a command', () => {
    assert.equal(read({ command: 'ls' })?.files, undefined)
  })
})

function read(metadata: object) {
  const wire = { id: 'per_1', sessionID: 'ses_1', permission: 'edit', patterns: [], always: [], metadata }
  return readPermission(wire, '/p')
}
