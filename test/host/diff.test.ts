import assert from 'node:assert/strict'
import { createPatch } from 'diff'
import * as vscode from 'vscode'
import { activated, closeEditors, projectUri } from './support.ts'

const before = 'one\ntwo\nthree\n'
const after = 'one\nTWO\nthree\n'
const patch = createPatch('diff.txt', before, after)
const change = { path: 'diff.txt', patch, additions: 1, deletions: 1, status: 'modified' as const }

describe('The diff editor', () => {
  afterEach(closeEditors)

  it('shows a change that is done against the file itself', async () => {
    const { services } = await activated()
    const uri = await write(after)
    await services.documents.openDone({ path: uri.fsPath, change })
    const { original, modified } = activeDiff()
    assert.equal(await textOf(original), before)
    assert.equal(modified.toString(), uri.toString())
  })

  it('shows a proposed change with the file on the left', async () => {
    const { services } = await activated()
    const uri = await write(before)
    await services.documents.openProposed(uri.fsPath, patch)
    const { original, modified } = activeDiff()
    assert.equal(original.toString(), uri.toString())
    assert.equal(await textOf(modified), after)
  })

  it('goes by what stands on the disk when an editor has not caught up', async () => {
    const { services } = await activated()
    const uri = await write('old\n')
    await vscode.workspace.openTextDocument(uri)
    await vscode.workspace.fs.writeFile(uri, Buffer.from(before))
    await services.documents.openProposed(uri.fsPath, patch)
    assert.equal(activeDiff().original.toString(), uri.toString())
  })

  it('shows the changed places alone when the file has moved on', async () => {
    const { services } = await activated()
    const uri = await write('nothing of it is left\n')
    await services.documents.openDone({ path: uri.fsPath, change })
    const { original, modified } = activeDiff()
    assert.match(await textOf(original), /two/)
    assert.match(await textOf(modified), /TWO/)
  })

  it('compares with what stands in the editor, not on the disk', async () => {
    const { services } = await activated()
    const uri = await write(after)
    const editor = await vscode.window.showTextDocument(uri)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'unsaved\n'))
    await services.documents.openDone({ path: uri.fsPath, change })
    assert.equal(await textOf(activeDiff().original), `unsaved\n${before}`)
    await vscode.commands.executeCommand('workbench.action.files.revert')
  })
})

let files = 0

/** A file of its own for each test: an editor may hold the text of another one for a while. */
async function write(text: string): Promise<vscode.Uri> {
  const uri = projectUri(`diff${++files}.txt`)
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text))
  return uri
}

function activeDiff(): vscode.TabInputTextDiff {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
  assert.ok(input instanceof vscode.TabInputTextDiff)
  return input
}

async function textOf(uri: vscode.Uri): Promise<string> {
  return (await vscode.workspace.openTextDocument(uri)).getText()
}
