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
  async function start(): Promise<{ readonly editor: vscode.TextEditor; readonly own: InlineThread }> {
    const uri = projectUri(`inline${++files}.txt`)
    await vscode.workspace.fs.writeFile(uri, Buffer.from('one\ntwo\nthree\n'))
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

function bodyOf(comment: vscode.Comment | undefined): string {
  const body = comment?.body ?? ''
  return typeof body === 'string' ? body : body.value
}
