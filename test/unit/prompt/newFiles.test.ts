import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newFilesDiff } from '../../../src/prompt/newFiles.ts'

describe('Files that Git does not know', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'new-files-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const write = (name: string, content: string | Uint8Array) =>
    writeFileSync(path.join(folder, name), content)

  it('are a diff that Git itself can apply, byte by byte', async () => {
    const files = {
      'ended.txt': 'one\ntwo\n',
      'open end.txt': 'one',
      'windows.txt': 'a\r\nb\r\n',
      'ünï.txt': 'ä\n',
    }
    for (const [name, text] of Object.entries(files)) write(name, text)
    const diff = await newFilesDiff(folder, Object.keys(files))
    const other = mkdtempSync(path.join(tmpdir(), 'new-files-'))
    const patch = `${diff.join('\n')}\n`
    execFileSync('git', ['apply', '-'], { cwd: other, input: patch })
    for (const name of Object.keys(files)) {
      execFileSync('cmp', [path.join(folder, name), path.join(other, name)])
    }
    rmSync(other, { recursive: true })
  })

  it('are named alone when they are no text, too large, a link, or too many', async () => {
    write('picture.bin', Buffer.from([1, 0, 2]))
    write('large.txt', 'x'.repeat(200_000))
    symlinkSync('/etc/hostname', path.join(folder, 'link'))
    assert.deepEqual(await newFilesDiff(folder, ['picture.bin', 'large.txt', 'link', 'gone.txt']), [
      'Untracked: picture.bin',
      'Untracked: large.txt',
      'Untracked: link',
      'Untracked: gone.txt',
    ])
    write('a.txt', 'a\n')
    const many = await newFilesDiff(
      folder,
      Array.from({ length: 500 }, () => 'a.txt'),
    )
    assert.match(many[39] ?? '', /^\+a$/m)
    assert.deepEqual([many[40], many.at(-1)], ['Untracked: a.txt', '[… 200 more untracked files]'])
  })

  it('of another folder keep its path', async () => {
    write('a.txt', '')
    write('b.bin', Buffer.from([0]))
    assert.deepEqual(await newFilesDiff(folder, ['a.txt', 'b.bin'], '/other/'), [
      'diff --git /other/a.txt /other/a.txt\nnew file mode 100644',
      'Untracked: /other/b.bin',
    ])
  })
})
