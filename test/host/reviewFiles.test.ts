import assert from 'node:assert/strict'
import { rm, symlink } from 'node:fs/promises'
import * as vscode from 'vscode'
import { contentOf, missing } from '../../src/review/content.ts'
import { bytesOnDisk, contentNow, writeContent } from '../../src/views/review/reviewFiles.ts'
import { closeEditors, openEditor, projectUri, until } from './support.ts'

const content = (text: string) => contentOf(Buffer.from(text))

describe('A file that a decision is carried out in', () => {
  const uri = projectUri('decided.txt')
  const told: (string | undefined)[] = []
  const onWrite = (_path: string, _before: unknown, after: Uint8Array | undefined): Promise<void> => {
    told.push(after && Buffer.from(after).toString())
    return Promise.resolve()
  }

  beforeEach(async () => {
    told.length = 0
    await vscode.workspace.fs.writeFile(uri, Buffer.from('one\n'))
  })
  afterEach(async () => {
    await closeEditors()
    await vscode.workspace.fs.delete(uri).then(undefined, () => undefined)
  })

  it('is not deleted under unsaved text, and that is said', async () => {
    const editor = await openEditor(uri)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'mine\n'))
    const now = await contentNow(uri.fsPath)
    await assert.rejects(writeContent(uri.fsPath, { now, wanted: missing }, onWrite), {
      code: 'conflict',
      message: 'decided.txt has unsaved changes. Save or revert them, then try again.',
    })
    assert.equal((await bytesOnDisk(uri.fsPath))?.toString(), 'one\n')
    assert.equal(editor.document.getText(), 'mine\none\n')
    const wanted = content('mine\ntwo\n')
    await writeContent(uri.fsPath, { now, wanted }, onWrite)
    assert.equal(editor.document.getText(), 'mine\ntwo\n')
    assert.ok(editor.document.isDirty)
    assert.deepEqual(told, [])
  })

  it('loses nothing that is typed while a decision about many files is carried out', async () => {
    const editor = await openEditor(uri)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'mine\n'))
    const now = await contentNow(uri.fsPath)
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), 'more\n'))
    await assert.rejects(writeContent(uri.fsPath, { now, wanted: content('mine\ntwo\n') }, onWrite), {
      code: 'conflict',
    })
    assert.equal(editor.document.getText(), 'mine\nmore\none\n')
  })

  it('is written past a document that no editor shows, which follows it', async () => {
    const hidden = projectUri('hidden.txt')
    await vscode.workspace.fs.writeFile(hidden, Buffer.from('one\n'))
    const document = await vscode.workspace.openTextDocument(hidden)
    await writeContent(hidden.fsPath, { now: content('one\n'), wanted: content('two\n') }, onWrite)
    assert.deepEqual(told, ['two\n'])
    assert.equal((await bytesOnDisk(hidden.fsPath))?.toString(), 'two\n')
    await until('the document follows', () => document.getText() === 'two\n' && !document.isDirty)
    await vscode.workspace.fs.delete(hidden)
  })

  it('is edited in a tab of its own, so that the editor can take it back, also with many others', async () => {
    await openEditor(uri)
    await writeContent(
      uri.fsPath,
      { now: content('one\n'), wanted: content('two\n'), isOneOfMany: true },
      onWrite,
    )
    assert.deepEqual(told, [])
    assert.equal((await bytesOnDisk(uri.fsPath))?.toString(), 'two\n')
    await vscode.commands.executeCommand('undo')
    assert.equal(vscode.window.activeTextEditor?.document.getText(), 'one\n')
  })

  it('takes the place of a link that stands there, and leaves the file behind it', async () => {
    const link = projectUri('link.txt').fsPath
    await symlink('decided.txt', link)
    await writeContent(link, { now: missing, wanted: content('back\n') }, onWrite)
    assert.equal((await bytesOnDisk(link))?.toString(), 'back\n')
    assert.equal((await bytesOnDisk(uri.fsPath))?.toString(), 'one\n')
    await rm(link)
  })

  it('is left alone when somebody wrote it meanwhile', async () => {
    // A document that was closed just now may still be known.
    const fresh = projectUri('fresh.txt')
    await vscode.workspace.fs.writeFile(fresh, Buffer.from('one\n'))
    const now = content('older\n')
    await assert.rejects(writeContent(fresh.fsPath, { now, wanted: content('two\n') }, onWrite), {
      code: 'conflict',
    })
    assert.equal((await bytesOnDisk(fresh.fsPath))?.toString(), 'one\n')
    await writeContent(fresh.fsPath, { now: content('one\n'), wanted: content('two\n') }, onWrite)
    await writeContent(fresh.fsPath, { now: content('two\n'), wanted: missing }, onWrite)
    assert.equal(await bytesOnDisk(fresh.fsPath), undefined)
    assert.deepEqual(told, ['two\n', undefined])
  })
})
