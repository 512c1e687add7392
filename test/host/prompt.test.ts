import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { problemPlace } from '../../src/commands/editor/editorPlaces.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { Attachment, PromptTarget } from '../../src/prompt/attachment.ts'
import { fileAttachment } from '../../src/prompt/filePart.ts'
import { refreshAttachments } from '../../src/prompt/refresh.ts'
import { editorAttachments, selectionAttachments } from '../../src/prompt/selectionPart.ts'
import { attachmentsOf, valuesOf } from '../../src/prompt/subject.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

let target: PromptTarget

describe('A selection', () => {
  before(() => {
    target = { sees: () => true, directory: projectUri().fsPath }
  })
  afterEach(closeEditors)

  it('of a saved file goes as a reference with its lines', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(0, 1, 1, 2)
    const [attachment] = await selectionAttachments(target)
    const part = contentOf(attachment)
    assert.ok(part.type === 'file')
    assert.equal(part.path, projectUri('a.txt').fsPath)
    assert.deepEqual(part.lines, { start: 1, end: 2 })
    assert.equal(attachment?.item.label, 'a.txt:1–2')
    assert.match(hiddenOf(attachment), /lines 1–2 of a\.txt \(plaintext/)
  })

  it('of a file outside of the directory is named to the model as its server names it', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(0, 0, 0, 3)
    const elsewhere = projectUri('src').fsPath
    const toServer = (path: string) => path.replace(projectUri().fsPath, '/work')
    const [attachment] = await selectionAttachments({ ...target, directory: elsewhere, toServer })
    assert.match(hiddenOf(attachment), /lines 1 of \/work\/a\.txt /)
    assert.match(attachment?.item.detail ?? '', /^\/(?!work).*a\.txt/)
  })

  it('that ends at the start of a line does not take that line', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(0, 0, 2, 0)
    const part = contentOf((await selectionAttachments(target))[0])
    assert.ok(part.type === 'file')
    assert.deepEqual(part.lines, { start: 1, end: 2 })
  })

  it('of an unsaved buffer goes as the text on the screen', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'unsaved '))
    editor.selection = new vscode.Selection(0, 0, 0, 5)
    const [attachment] = await selectionAttachments(target)
    assert.equal(textOf(attachment), 'unsaved one')
    assert.match(attachment?.item.detail ?? '', /unsaved/)
  })

  it('goes as text when the server is on another disk', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    assert.equal(textOf((await selectionAttachments({ ...target, sees: () => false }))[0]), 'two')
  })

  it('in several places becomes one chip for each', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selections = [new vscode.Selection(0, 0, 0, 3), new vscode.Selection(2, 0, 2, 3)]
    const attachments = await selectionAttachments(target)
    assert.deepEqual(
      attachments.map(({ item }) => item.label),
      ['a.txt:1', 'a.txt:3'],
    )
  })

  it('that is empty stands for the line, and for nothing on a blank one', async () => {
    const document = await vscode.workspace.openTextDocument({
      content: 'first\n\nthird',
      language: 'plaintext',
    })
    const at = (line: number) => [new vscode.Selection(line, 0, line, 0)]
    assert.equal(textOf((await editorAttachments(document, at(2), target))[0]), 'third')
    await assert.rejects(editorAttachments(document, at(1), target), hasCode('invalid-argument'))
  })

  it('of an untitled document goes as text, with its language', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'SELECT 1;', language: 'sql' })
    const [attachment] = await editorAttachments(document, [new vscode.Selection(0, 0, 0, 9)], target)
    assert.equal(textOf(attachment), 'SELECT 1;')
    assert.match(hiddenOf(attachment), /\(sql/)
  })

  it('keeps Windows line ends', async () => {
    const uri = projectUri('windows.txt')
    await vscode.workspace.fs.writeFile(uri, Buffer.from('one\r\ntwo\r\nthree\r\n'))
    const editor = await openEditor(uri)
    await editor.edit((edit) => edit.insert(new vscode.Position(2, 0), '+'))
    editor.selection = new vscode.Selection(0, 0, 1, 3)
    assert.equal(textOf((await selectionAttachments(target))[0]), 'one\r\ntwo')
  })

  it('in a notebook names its cell', async () => {
    const data = new vscode.NotebookData([
      new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, '# Title', 'markdown'),
      new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'x = 1\ny = 2', 'python'),
    ])
    const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', data)
    const document = notebook.cellAt(1).document
    const [attachment] = await editorAttachments(document, [new vscode.Selection(0, 0, 1, 5)], target)
    assert.equal(attachment?.item.kind, 'cell')
    assert.match(attachment.item.label, /cell 2:1–2$/)
    assert.equal(textOf(attachment), 'x = 1\ny = 2')
  })

  it('says why when there is no editor', async () => {
    await closeEditors()
    await assert.rejects(selectionAttachments(target), hasCode('invalid-argument'))
  })

  it('that was saved when it was added and is not when it is sent goes as the newer text', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(0, 0, 0, 3)
    const attachments = await selectionAttachments(target)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'newer '))
    const moved = attachments.map((each) => ({
      ...each,
      anchor: each.anchor && { ...each.anchor, text: 'newer one' },
    }))
    assert.equal(textOf((await refreshAttachments(moved as Attachment[], target))[0]), 'newer one')
  })

  it('that moved since is found where it is, and goes as it was when it is gone', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    const attachments = await selectionAttachments(target)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'zero\n'))
    const [moved] = await refreshAttachments(attachments, target)
    assert.deepEqual([moved?.anchor?.lines, textOf(moved)], [{ start: 3, end: 3 }, 'two'])
    await editor.edit((edit) => edit.delete(new vscode.Range(2, 0, 3, 0)))
    const [gone] = await refreshAttachments(attachments, target)
    assert.equal(textOf(gone), 'two')
    assert.match(hiddenOf(gone), /changed or removed since/)
  })

  it('is followed in the drafts while one edits, and its chip says when it is gone', async () => {
    const { services } = await activated()
    const { drafts } = services
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    drafts.add('follow', await selectionAttachments(target))
    const chip = () => drafts.get('follow').items[0]
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'zero\n'))
    await until('the chip moved', () => chip()?.label === 'a.txt:3')
    await editor.edit((edit) => edit.delete(new vscode.Range(2, 0, 3, 0)))
    await until('the chip is stale', () => chip()?.stale !== undefined)
    await vscode.commands.executeCommand('undo')
    await until('the chip is well again', () => chip()?.stale === undefined)
    drafts.clear('follow')
  })

  it('of an untitled document that is thrown away is stale, and goes as it was', async () => {
    const { drafts } = (await activated()).services
    await vscode.commands.executeCommand('workbench.action.files.newUntitledFile')
    const editor = vscode.window.activeTextEditor
    assert.ok(editor?.document.isUntitled)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'one\nnever saved\n'))
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    drafts.add('untitled', await selectionAttachments(target))
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
    const chip = () => drafts.get('untitled').items[0]
    await until('the chip is stale', () => chip()?.stale !== undefined, 20_000)
    const attachments = drafts.attachments('untitled', [chip()?.id ?? ''])
    assert.equal(textOf((await refreshAttachments(attachments, target))[0]), 'never saved')
    drafts.clear('untitled')
  })

  it('goes with its file, and its chip and that of the file say what others do to it on the disk', async () => {
    const { drafts } = (await activated()).services
    const write = (name: string, text: string) =>
      vscode.workspace.fs.writeFile(projectUri(name), Buffer.from(text))
    await write('chips/old.txt', 'one\ntwo\nthree\n')
    await vscode.commands.executeCommand('vscode.open', projectUri('chips/old.txt'))
    const editor = vscode.window.activeTextEditor
    assert.ok(editor)
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    drafts.add('disk', await selectionAttachments(target))
    drafts.add('disk', [await fileAttachment(projectUri('chips/old.txt'), target)])
    await closeEditors()
    const chips = () => drafts.get('disk').items
    const labels = () => chips().map(({ label }) => label)
    const edit = new vscode.WorkspaceEdit()
    edit.renameFile(projectUri('chips'), projectUri('chips-moved'))
    edit.renameFile(projectUri('chips-moved/old.txt'), projectUri('chips-moved/new.txt'))
    assert.ok(await vscode.workspace.applyEdit(edit))
    await until('the chips are renamed', () => labels().join() === 'new.txt:2,new.txt')
    assert.match(chips()[0]?.detail ?? '', /^chips-moved\/new\.txt · /)
    const sent = async () =>
      refreshAttachments(
        drafts.attachments(
          'disk',
          chips().map(({ id }) => id),
        ),
        target,
      )
    const [lines, file] = (await sent()).map(contentOf)
    assert.ok(lines?.type === 'file' && file?.type === 'file')
    assert.deepEqual(
      [lines.name, file.path],
      ['chips-moved/new.txt', projectUri('chips-moved/new.txt').fsPath],
    )
    await write('chips-moved/new.txt', 'zero\none\ntwo\nthree\n')
    await until('the lines moved', () => labels()[0] === 'new.txt:3')
    await vscode.workspace.fs.delete(projectUri('chips-moved'), { recursive: true })
    await until('both are stale', () => chips().every(({ stale }) => stale !== undefined))
    const texts = (await sent()).map((each) => hiddenOf(each))
    assert.match(texts[0] ?? '', /changed or removed since/)
    assert.match(texts[1] ?? '', /^new\.txt was attached here and is not there any more\.$/)
    await write('chips-moved/new.txt', 'two\n')
    await until('both are well again', () => chips().every(({ stale }) => stale === undefined))
    assert.deepEqual(labels(), ['new.txt:1', 'new.txt'])
    drafts.clear('disk')
    await vscode.workspace.fs.delete(projectUri('chips-moved'), { recursive: true })
  })
})

describe('A file', () => {
  afterEach(closeEditors)

  it('goes as a reference, a folder too', async () => {
    const file = contentOf(await fileAttachment(projectUri('src/greeting.ts'), target))
    assert.ok(file.type === 'file' && file.lines === undefined)
    assert.equal(file.name, 'src/greeting.ts')
    const folder = contentOf(await fileAttachment(projectUri('src'), target))
    assert.ok(folder.type === 'file')
    assert.equal(folder.mime, 'application/x-directory')
  })

  it('with unsaved changes goes as text', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'x'))
    assert.match(textOf(await fileAttachment(projectUri('a.txt'), target)), /^xone/)
  })

  it('with unsaved changes goes as it is when it is sent, also when it was saved meanwhile', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    const type = (text: string) => editor.edit((edit) => edit.insert(new vscode.Position(0, 0), text))
    await type('x')
    const added = await fileAttachment(projectUri('a.txt'), target)
    await type('y')
    const [typed] = await refreshAttachments([added], target)
    assert.match(textOf(typed), /^yx/)
    assert.equal(typed?.item.id, added.item.id)
    await vscode.commands.executeCommand('undo')
    await vscode.commands.executeCommand('undo')
    await editor.document.save()
    const [saved] = await refreshAttachments([added], target)
    assert.equal(contentOf(saved).type, 'file')
  })

  it('that is too large, binary or missing is refused with its own reason', async () => {
    const write = (name: string, bytes: Uint8Array) => vscode.workspace.fs.writeFile(projectUri(name), bytes)
    await write('big.txt', Buffer.alloc(11 * 1024 * 1024, 'a'))
    await write('binary.bin', Buffer.from([1, 0, 2]))
    await assert.rejects(fileAttachment(projectUri('big.txt'), target), hasCode('too-large'))
    await assert.rejects(fileAttachment(projectUri('binary.bin'), target), hasCode('invalid-argument'))
    await assert.rejects(fileAttachment(projectUri('missing.txt'), target), hasCode('not-found'))
    await vscode.workspace.fs.delete(projectUri('big.txt'))
  })

  it('that is an image goes as one', async () => {
    await vscode.workspace.fs.writeFile(projectUri('dot.png'), Buffer.from('89504e470d0a1a0a00', 'hex'))
    const attachment = await fileAttachment(projectUri('dot.png'), { ...target, sees: () => false })
    const part = contentOf(attachment)
    assert.ok(part.type === 'inline' && part.mime === 'image/png')
    assert.equal(attachment.item.kind, 'image')
  })
})

describe('A problem', () => {
  it('carries severity, source, code, message and place, and the code around it', async () => {
    const { document } = await openEditor(projectUri('src/greeting.ts'))
    const problem = new vscode.Diagnostic(
      new vscode.Range(1, 2, 1, 8),
      'Not so.',
      vscode.DiagnosticSeverity.Warning,
    )
    problem.source = 'lint'
    problem.code = { value: 'no-greeting', target: vscode.Uri.parse('https://example.org') }
    const collection = vscode.languages.createDiagnosticCollection('test')
    collection.set(document.uri, [problem])
    const selections = [new vscode.Selection(1, 0, 1, 0)]
    const place = problemPlace({ kind: 'selections', document, selections })
    const attachments = await attachmentsOf(place, target)
    const values = await valuesOf(place, target, { used: new Set(), attachments })
    assert.equal(values.file, 'src/greeting.ts')
    assert.match(
      values.diagnostics ?? '',
      /^- src\/greeting\.ts:2:3-2:9 warning \(lint no-greeting\): Not so\.$/,
    )
    const folder = problemPlace({ kind: 'files', uris: [projectUri('src')] })
    assert.deepEqual(folder, { kind: 'problems', files: [{ uri: document.uri, problems: [problem] }] })
    assert.match(hiddenOf(attachments[0]), /src\/greeting\.ts:2:3-2:9 warning \(lint no-greeting\): Not so\./)
    const code = contentOf(attachments[1])
    assert.ok(code.type === 'file' && code.lines?.start === 1)
    collection.dispose()
    assert.throws(
      () => problemPlace({ kind: 'files', uris: [projectUri('docs')] }),
      hasCode('invalid-argument'),
    )
  })
})

describe('Problems', () => {
  it('of files that are gone or shorter by now are told, those of cells with their notebook', async () => {
    const collection = vscode.languages.createDiagnosticCollection('test')
    const problem = (line: number) => new vscode.Diagnostic(new vscode.Range(line, 0, line, 3), 'Not so.')
    const cell = vscode.Uri.from({ scheme: 'vscode-notebook-cell', path: projectUri('src/b.ipynb').path })
    collection.set(projectUri('src/gone.ts'), [problem(4)])
    collection.set(projectUri('src/greeting.ts'), [problem(900)])
    collection.set(cell, [problem(0)])
    const place = problemPlace({ kind: 'files', uris: [projectUri('src')] })
    const [list, ...code] = await attachmentsOf(place, target)
    assert.match(hiddenOf(list), /^- src\/gone\.ts:5:1-5:4 error: Not so\.$/m)
    assert.match(hiddenOf(list), /^- b\.ipynb:1:1/m)
    const { document } = await openEditor(projectUri('src/greeting.ts'))
    assert.equal(code.length, 1)
    assert.ok((code[0]?.anchor?.lines.end ?? Infinity) <= document.lineCount)
    collection.dispose()
    await closeEditors()
  })
})

function contentOf(attachment: Attachment | undefined) {
  const part = attachment?.parts.find(({ type }) => type !== 'text')
  assert.ok(part && part.type !== 'text')
  return part
}

function textOf(attachment: Attachment | undefined): string {
  const part = contentOf(attachment)
  assert.ok(part.type === 'inline')
  return Buffer.from(part.base64, 'base64').toString()
}

function hiddenOf(attachment: Attachment | undefined): string {
  return attachment?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n') ?? ''
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OpencodeError && error.code === code
}
