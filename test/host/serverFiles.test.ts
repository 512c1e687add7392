import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { ServerFiles } from '../../src/client/files.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { activated, closeEditors, projectUri } from './support.ts'

const text = 'one\ntwo\nof the server, ü\n'

/** A server that has one file more than this machine. */
function filesOf(name: string, bytes: Uint8Array): ServerFiles {
  const { fsPath: directory } = projectUri('.')
  return {
    place: () => Promise.resolve({ directory, worktree: directory }),
    list: () => Promise.resolve([name]),
    read: (_, path) =>
      path === projectUri(name).fsPath
        ? Promise.resolve(bytes)
        : Promise.reject(new OpencodeError('not-found', 'The server has no such file.')),
  }
}

describe('A file that the transcript names', () => {
  afterEach(closeEditors)
  const named = (path: string, line?: number) => ({ path, line, directory: projectUri('.').fsPath })

  it('opens as the server has it where it is not on this machine, and cannot be changed', async () => {
    const { services } = await activated()
    await services.serverFiles.open(named('far.ts', 3), filesOf('far.ts', Buffer.from(text)))
    const editor = vscode.window.activeTextEditor
    assert.ok(editor)
    assert.equal(editor.document.getText(), text)
    assert.equal(editor.document.languageId, 'typescript')
    assert.equal(editor.selection.active.line, 2)
    await assert.rejects(async () => vscode.workspace.fs.writeFile(editor.document.uri, Buffer.from('mine')))
    assert.equal(vscode.workspace.fs.isWritableFileSystem(editor.document.uri.scheme), false)
  })

  it('opens from the disk where it is there, whatever the server has', async () => {
    const { services } = await activated()
    const uri = projectUri('near.txt')
    await vscode.workspace.fs.writeFile(uri, Buffer.from('of the disk\n'))
    await services.serverFiles.open(named('near.txt'), filesOf('near.txt', Buffer.from(text)))
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString())
  })

  it('is not found where neither has it, or where the server gives no files', async () => {
    const { services } = await activated()
    const files = filesOf('far.ts', Buffer.from(text))
    const { read: _, ...without } = files
    for (const each of [files, without, undefined])
      await assert.rejects(services.serverFiles.open(named('nowhere.txt'), each), { code: 'not-found' })
  })
})
