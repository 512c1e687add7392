import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { InlineThread } from '../../src/editor/inlineThread.ts'
import type { TestSeam } from '../../src/extension.ts'
import { activated, backendOf, closeEditors, openEditor, projectUri, until } from './support.ts'

const run = (command: string, ...args: readonly unknown[]) =>
  vscode.commands.executeCommand(`opencodeSessions.${command}`, ...args)

describe('A question at the cursor', function () {
  this.timeout(180_000)
  let seam: TestSeam
  before(async () => {
    seam = await activated()
  })
  afterEach(async () => {
    while (seam.inline.last) seam.inline.discard(seam.inline.last.thread)
    await closeEditors()
  })
  after(() => backendOf(seam.services).access.stop())

  let files = 0

  /** Makes a file of its own, since it may be saved by itself, selects its second line and opens the zone. */
  async function start(
    content: string | Uint8Array = 'one\ntwo\nthree\n',
  ): Promise<{ readonly editor: vscode.TextEditor; readonly own: InlineThread }> {
    const uri = projectUri(`inline${++files}.txt`)
    await vscode.workspace.fs.writeFile(uri, Buffer.from(content))
    const editor = await openEditor(uri)
    editor.selection = new vscode.Selection(1, 0, 2, 0)
    return { editor, own: await seam.inline.start(editor) }
  }
  const answer = (text: string) => `Change it. [[text:Done.\\n\`\`\`\\n${text}\\n\`\`\`]]`

  it('is answered by a change that stays a proposal until it is accepted, in one step', async () => {
    const { editor, own } = await start()
    assert.deepEqual([own.lines, own.asked], [{ start: 2, end: 2 }, 'two'])
    await seam.inline.ask(own.thread, answer('TWO\\nand a half'))
    assert.equal(own.proposal, 'TWO\nand a half')
    assert.match(
      bodyOf(own.thread.comments.at(-1)),
      /Done\.[\s\S]*```diff\n- two\n\+ TWO\n\+ and a half\n```/,
    )
    assert.equal(editor.document.isDirty, false)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'zero\n'))
    await run('acceptInline', own.thread)
    assert.match(editor.document.getText(), /^zero\none\nTWO\nand a half\nthree/)
    assert.equal(seam.inline.last, undefined)
    await vscode.commands.executeCommand('undo')
    assert.match(editor.document.getText(), /^zero\none\ntwo\nthree/)
  })

  it('never goes over what was typed into its lines meanwhile: it is compared instead', async () => {
    const { editor, own } = await start()
    const asking = seam.inline.ask(own.thread, `[[wait:1500]]${answer('TWO')}`)
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 3), ' mine'))
    await asking
    assert.match(own.thread.label ?? '', /Changed meanwhile/)
    await run('acceptInline', own.thread)
    assert.match(editor.document.getText(), /^one\ntwo mine\nthree/)
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
    assert.ok(input instanceof vscode.TabInputTextDiff)
    const shown = await vscode.workspace.openTextDocument(input.modified)
    assert.match(shown.getText(), /^one\nTWO\nthree/)
    await run('discardCode')
    assert.equal(own.proposal, 'TWO')
  })

  it('stays with its lines when the file is closed, changed on the disk and opened again', async () => {
    const { editor, own } = await start('}\ntwo\n}\n')
    const { uri } = editor.document
    await seam.inline.ask(own.thread, `[[wait:800]]${answer('TWO')}`)
    await closeEditors()
    await forgetDocuments()
    await until('the document is closed', () => editor.document.isClosed)
    await vscode.workspace.fs.writeFile(uri, Buffer.from('two\n}\n}\ntwo\n}\n'))
    const again = await openEditor(uri)
    await until('the file is read again', () => again.document.lineCount === 6)
    assert.notEqual(again.document, editor.document)
    await until('the zone has moved', () => own.thread.range?.start.line === 3)
    await run('acceptInline', own.thread)
    assert.equal(again.document.getText(), 'two\n}\n}\nTWO\n}\n')
    assert.equal(seam.inline.last, undefined)
  })

  it('goes with its file when that is renamed while the answer is on its way', async () => {
    const { editor, own } = await start()
    const asking = seam.inline.ask(own.thread, `[[wait:2500]]${answer('TWO')}`)
    await until('it is under way', () => seam.services.quietRuns.size > 0)
    const edit = new vscode.WorkspaceEdit()
    const to = projectUri(`renamed${files}.txt`)
    edit.renameFile(editor.document.uri, to)
    await vscode.workspace.applyEdit(edit)
    await until('the zone is in the renamed file', () => own.thread.uri.fsPath === to.fsPath)
    const renamed = await openEditor(to)
    await renamed.edit((each) => each.insert(new vscode.Position(0, 0), 'zero\n'))
    await asking
    assert.deepEqual([own.thread.contextValue, own.lines], ['proposed', { start: 3, end: 3 }])
    assert.match(bodyOf(own.thread.comments.at(-1)), /TWO/)
    await run('acceptInline', own.thread)
    assert.equal(renamed.document.getText(), 'zero\none\nTWO\nthree\n')
  })

  it('is of no lines that only look the same, and of its own again after an undo', async () => {
    const { editor, own } = await start('}\n}\n}\n')
    await seam.inline.ask(own.thread, answer('END'))
    await editor.edit((edit) => edit.delete(new vscode.Range(1, 0, 2, 0)))
    await until('the lines are gone', () => own.lines === undefined)
    await run('acceptInline', own.thread)
    assert.equal(editor.document.getText(), '}\n}\n')
    await assert.rejects(seam.inline.ask(own.thread, 'And now? [[text:No.]]'), { code: 'conflict' })
    assert.match(bodyOf(own.thread.comments.at(-1)), /gone/)
    await openEditor(editor.document.uri)
    await vscode.commands.executeCommand('undo')
    await until('the lines are back', () => own.lines?.start === 2)
    // Another program wrote the file anew.
    const whole = new vscode.WorkspaceEdit()
    whole.replace(editor.document.uri, new vscode.Range(0, 0, 9, 0), 'new\n}\n}\n}\n')
    await vscode.workspace.applyEdit(whole)
    await until('the lines are found in the new text', () => own.lines !== undefined)
  })

  it('can be asked on in the same session, about the lines as they are by then', async () => {
    const { editor, own } = await start()
    await seam.inline.ask(own.thread, answer('TWO'))
    const { sessionID } = own
    assert.ok(sessionID)
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 3), '!'))
    await seam.inline.ask(own.thread, answer('TWO!'))
    assert.deepEqual([own.sessionID, own.proposal, own.isAsAsked], [sessionID, 'TWO!', true])
    await seam.inline.ask(own.thread, 'Why? [[text:Because.]]')
    assert.deepEqual([own.proposal, bodyOf(own.thread.comments.at(-1))], [undefined, 'Because.'])
    const connection = await backendOf(seam.services).access.ensure()
    const { messages } = await connection.readMessages(sessionID, 20)
    assert.equal(messages.filter(({ role }) => role === 'user').length, 3)
  })

  it('keeps line ends and encoding of the file, byte by byte', async () => {
    const text = 'one\r\nzwö\r\nthree\r\n'
    const encodings = [
      [Buffer.from(`\uFEFF${text}`), Buffer.from('\uFEFFone\r\nZWÖ\r\nund mehr\r\nthree\r\n')],
      [
        Buffer.from(`\uFEFF${text}`, 'utf16le'),
        Buffer.from('\uFEFFone\r\nZWÖ\r\nund mehr\r\nthree\r\n', 'utf16le'),
      ],
    ] as const
    for (const [before, after] of encodings) {
      const { editor, own } = await start(before)
      assert.equal(own.asked, 'zwö')
      await seam.inline.ask(own.thread, answer('ZWÖ\\nund mehr'))
      await run('acceptInline', own.thread)
      assert.equal(editor.document.isDirty, true)
      await editor.document.save()
      const bytes = await vscode.workspace.fs.readFile(editor.document.uri)
      assert.deepEqual(Buffer.from(bytes), after)
    }
  })

  it('may be asked several times at once, each about its own lines', async () => {
    const { editor, own } = await start()
    editor.selection = new vscode.Selection(2, 1, 2, 1)
    const other = await seam.inline.start(editor)
    assert.deepEqual([own.asked, other.asked], ['two', 'three'])
    await Promise.all([
      seam.inline.ask(own.thread, `[[wait:800]]${answer('TWO\\nand a half')}`),
      seam.inline.ask(other.thread, answer('THREE')),
    ])
    await run('acceptInline', own.thread)
    assert.deepEqual(other.lines, { start: 4, end: 4 })
    await run('acceptInline', other.thread)
    assert.match(editor.document.getText(), /^one\nTWO\nand a half\nTHREE\n/)
    await vscode.commands.executeCommand('undo')
    assert.match(editor.document.getText(), /^one\nTWO\nand a half\nthree\n/)
  })

  it('says in its zone what went wrong, and can be asked again', async () => {
    const { own } = await start()
    await assert.rejects(seam.inline.ask(own.thread, 'Fail. [[error:400]]'))
    assert.match(bodyOf(own.thread.comments.at(-1)), /^\*.+\*$/)
    assert.deepEqual([own.thread.contextValue, own.thread.canReply], ['answered', true])
    await seam.inline.ask(own.thread, answer('TWO'))
    assert.equal(own.proposal, 'TWO')
  })

  it('stops when it is discarded, and says so when its lines are gone', async () => {
    const { editor, own } = await start()
    const asking = seam.inline.ask(own.thread, '[[hang]]')
    await until('it is under way', () => seam.services.quietRuns.size > 0)
    await run('discardInline', own.thread)
    await assert.rejects(asking, { code: 'aborted' })
    const next = await seam.inline.start(editor)
    await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 3, 0)))
    assert.equal(next.lines, undefined)
    assert.match(next.thread.label ?? '', /gone/)
  })
})

/** VS Code keeps the newest fifty documents that extensions opened. */
async function forgetDocuments(): Promise<void> {
  for (let index = 0; index < 60; index++) {
    const uri = projectUri(`other/${index}.txt`)
    await vscode.workspace.fs.writeFile(uri, Buffer.from('other\n'))
    await vscode.workspace.openTextDocument(uri)
  }
  await vscode.workspace.fs.delete(projectUri('other'), { recursive: true })
}

function bodyOf(comment: vscode.Comment | undefined): string {
  const body = comment?.body ?? ''
  return typeof body === 'string' ? body : body.value
}
