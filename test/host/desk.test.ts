import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import * as vscode from 'vscode'
import { newBlockID, newMessageID } from '../../src/opencode/newIds.ts'
import type { GuardedEdit } from '../../src/protocol/desk.ts'
import type { PermissionRequest } from '../../src/session/model.ts'
import type { ChatSession } from '../../src/views/chat/chatSession.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const original = 'one\ntwo\nthree\nfour\nfive\n'

describe('An edit of a file with unsaved text', function () {
  this.timeout(120_000)
  let chat: ChatSession
  let uri: vscode.Uri
  let count = 0

  before(async () => {
    // In a browser VS Code saves by itself after a second.
    await autoSave('off')
    const { view } = await activated()
    await (await (await view.reveal()).whenReady()).backend.access.ensure()
  })
  after(() => autoSave(undefined))
  beforeEach(async () => {
    const { view } = await activated()
    chat = await (await view.reveal()).whenReady()
    await chat.show({ sessionID: undefined, directory: chat.directory })
    uri = projectUri(`desk-${++count}.txt`)
    await writeFile(uri.fsPath, original)
  })
  afterEach(async () => {
    if (chat.sessionID) await chat.backend.hub.connection?.abort(chat.sessionID)
    await until('the run ends', () => chat.state.session?.status.kind !== 'busy')
    await closeEditors()
  })

  it('is merged with it: both are saved, the agent is told, and the run goes on', async () => {
    await type(1, 'mine\n')
    await ask(edit('four', 'FOUR'))
    const { risks, canMerge, requestID } = await guarded()
    assert.deepEqual([risks, canMerge], [[{ path: uri.fsPath, kind: 'unsaved' }], true])
    const { services } = await activated()
    await services.desk.settle(requestID, 'merge')
    await ended()
    assert.equal(await onDisk(), 'one\nmine\ntwo\nthree\nFOUR\nfive\n')
    assert.equal(document().isDirty, false)
    assert.match(toolError(), /joined this edit.*desk-1\.txt.*do not repeat it/s)
    assert.equal(chat.state.desk, undefined)
  })

  it('is made again on top of it when it is saved first', async () => {
    await type(1, 'mine\n')
    await ask(edit('four', 'FOUR'), edit('four', 'FOUR'))
    const { services } = await activated()
    const first = await guarded()
    await services.desk.settle(first.requestID, 'redo')
    assert.equal(await onDisk(), 'one\nmine\ntwo\nthree\nfour\nfive\n')
    await until('it is asked for anew', () => chat.state.session?.requests[0]?.id !== first.requestID)
    const second = await waiting()
    assert.deepEqual(chat.state.desk, undefined)
    await chat.backend.hub.connection?.replyPermission(second, 'once')
    await ended()
    assert.equal(await onDisk(), 'one\nmine\ntwo\nthree\nFOUR\nfive\n')
    assert.match(toolError(), /text of their own in .*desk-2\.txt/)
  })

  it('leaves it in the editor when it is allowed anyway; then the two can be merged and saved', async () => {
    await type(1, 'mine\n')
    await ask(edit('four', 'FOUR'))
    const { services } = await activated()
    const { requestID } = await guarded()
    await services.desk.beforeAllow(requestID)
    await chat.backend.hub.connection?.replyPermission(await waiting(), 'once')
    await until('the conflict is told', () => (chat.state.desk?.conflicts.length ?? 0) > 0)
    await ended()
    assert.equal(await onDisk(), original.replace('four', 'FOUR'))
    assert.equal(document().getText(), 'one\nmine\ntwo\nthree\nfour\nfive\n')
    await services.desk.conflicts.answer(uri.fsPath, 'merge')
    assert.equal(document().getText(), 'one\nmine\ntwo\nthree\nFOUR\nfive\n')
    assert.equal(document().isDirty, true)
    assert.equal(chat.state.desk, undefined)
    assert.equal(await document().save(), true)
    assert.equal(await onDisk(), 'one\nmine\ntwo\nthree\nFOUR\nfive\n')
    assert.ok((await services.desk.backups.list()).some(({ text }) => text.includes('mine')))
  })

  it('marks lines that both changed, keeps mine, or takes theirs with a copy kept', async () => {
    const { services } = await activated()
    const { conflicts, backups } = services.desk
    await type(3, 'mine\n', 1)
    await written(original.replace('four', 'FOUR'))
    await conflicts.answer(uri.fsPath, 'merge')
    const marked = 'one\ntwo\nthree\n<<<<<<< Yours\nmine\n=======\nFOUR\n>>>>>>> OpenCode\nfive\n'
    assert.equal(document().getText(), marked)
    await type(0, 'ONE\n', 1)
    await written(original.replace('five', 'FIVE'))
    const mine = document().getText()
    await conflicts.answer(uri.fsPath, 'mine')
    assert.deepEqual([document().getText(), document().isDirty], [mine, true])
    await written(original)
    const last = document().getText()
    await conflicts.answer(uri.fsPath, 'theirs')
    assert.deepEqual([document().getText(), document().isDirty], [original, false])
    assert.equal((await backups.list())[0]?.text, last)
  })

  it('can be changed in its diff before it is applied', async () => {
    const { services } = await activated()
    await ask(edit('four', 'FOUR'))
    const request = await waiting()
    const proposal = await services.desk.proposals.need(request.id)
    await services.desk.proposals.show(proposal)
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
    assert.ok(input instanceof vscode.TabInputTextDiff)
    assert.deepEqual(
      [input.original.toString(), input.modified.scheme],
      [uri.toString(), 'opencode-proposal'],
    )
    const side = await vscode.workspace.openTextDocument(input.modified)
    assert.equal(side.getText(), original.replace('four', 'FOUR'))
    await change(side, 'FOUR', 'Four!')
    await until('the change is seen', () => chat.state.desk?.edits[0]?.isChanged)
    await vscode.commands.executeCommand('opencodeSessions.applyEdit')
    await ended()
    assert.equal(await onDisk(), original.replace('four', 'Four!'))
    assert.match(toolError(), /-FOUR\n\+Four!/)
    await until(
      'the diff is closed',
      () => !vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(isProposal)),
    )
  })

  it('is settled in its diff where both changed the same line, also when the diff was open before', async () => {
    const { services } = await activated()
    const { desk } = services
    await ask(edit('four', 'FOUR'))
    const { id } = await waiting()
    const proposal = await desk.proposals.need(id)
    await desk.proposals.show(proposal)
    await type(3, 'mine\n', 1)
    await guarded()
    await assert.rejects(desk.settle(id, 'merge'), { code: 'conflict' })
    const side = proposal.files[0]?.shown?.uri ?? assert.fail()
    const document = await vscode.workspace.openTextDocument(side)
    assert.match(document.getText(), /<<<<<<< Yours\nmine\n=======\nFOUR\n>>>>>>> OpenCode/)
    await assert.rejects(desk.settle(id, 'mine'), { code: 'conflict' })
    await change(document, '<<<<<<< Yours\nmine\n=======\nFOUR\n>>>>>>> OpenCode', 'both')
    await desk.settle(id, 'mine')
    await ended()
    assert.equal(await onDisk(), original.replace('four', 'both'))
  })

  it('is not allowed over what was saved after it was worked out, before the user has chosen', async () => {
    const { services } = await activated()
    await ask(edit('four', 'FOUR'))
    const request = await waiting()
    await services.desk.proposals.need(request.id)
    await writeFile(uri.fsPath, `${original}saved meanwhile\n`)
    await assert.rejects(services.desk.beforeAllow(request.id), { code: 'conflict' })
    assert.deepEqual((await guarded()).risks, [{ path: uri.fsPath, kind: 'changed' }])
    await services.desk.settle(request.id, 'merge')
    await ended()
    assert.equal(await onDisk(), `${original.replace('four', 'FOUR')}saved meanwhile\n`)
  })

  it('is told of when its file is removed, and can be saved again', async () => {
    const { services } = await activated()
    await type(1, 'mine\n')
    await rm(uri.fsPath)
    await services.desk.conflicts.check([document()])
    assert.deepEqual(services.desk.conflicts.in(projectUri().fsPath), [{ path: uri.fsPath, isGone: true }])
    await services.desk.conflicts.answer(uri.fsPath, 'mine')
    assert.equal(await onDisk(), 'one\nmine\ntwo\nthree\nfour\nfive\n')
    assert.deepEqual(services.desk.conflicts.in(projectUri().fsPath), [])
  })

  it('keeps encoding, line ends and a missing newline at the end', async () => {
    const text = 'eins\r\nzwei äöü\r\ndrei\r\nvier'
    await vscode.workspace.fs.writeFile(uri, await vscode.workspace.encode(text, { encoding: 'utf16le' }))
    const editor = await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument(uri, { encoding: 'utf16le' }),
    )
    await editor.edit((builder) => builder.insert(new vscode.Position(1, 0), 'meins\n'))
    const theirs = text.replace('vier', 'VIER')
    await writtenBytes(await vscode.workspace.encode(theirs, { encoding: 'utf16le' }))
    const { services } = await activated()
    await services.desk.conflicts.answer(uri.fsPath, 'merge')
    assert.equal(await document().save(), true)
    const bytes = await readFile(uri.fsPath)
    const both = theirs.replace('zwei', 'meins\r\nzwei')
    assert.deepEqual(bytes, Buffer.from(await vscode.workspace.encode(both, { encoding: 'utf16le' })))
  })

  it('of lines that are all indented can be merged and changed as any other', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => `    call(${index})`)
    const text = ['if (x) {', ...calls, '}', ''].join('\n')
    await writeFile(uri.fsPath, text)
    await type(1, '    mine()\n')
    await ask(edit('call(9)', 'call(9,\n      nine)'))
    assert.equal((await guarded()).canMerge, true)
    await (await activated()).services.desk.settle((await waiting()).id, 'merge')
    await ended()
    const expected = text.replace('{\n', '{\n    mine()\n').replace('call(9)', 'call(9,\n      nine)')
    assert.equal(await onDisk(), expected)
  })

  it('keeps the characters of a file that is not UTF-8, where OpenCode would break them', async () => {
    const text = 'café\r\ntwo très\r\nthree'
    await writeFile(uri.fsPath, Buffer.from(text, 'latin1'))
    await ask(edit('two', 'TWO'))
    const { risks, canMerge, requestID } = await guarded()
    assert.deepEqual([risks, canMerge], [[{ path: uri.fsPath, kind: 'encoding' }], true])
    await (await activated()).services.desk.settle(requestID, 'merge')
    await ended()
    assert.deepEqual(await readFile(uri.fsPath), Buffer.from(text.replace('two', 'TWO'), 'latin1'))
  })

  it('keeps UTF-16 where the whole file is written anew under unsaved text', async () => {
    const encode = async (text: string) =>
      Buffer.from(await vscode.workspace.encode(text, { encoding: 'utf16le' }))
    const text = 'eins\r\nzwei äöü\r\ndrei\r\nvier\r\n'
    await writeFile(uri.fsPath, await encode(text))
    await type(0, 'meins\r\n')
    const content = text.replace('vier', 'VIER').replaceAll('\r', '')
    await ask(`[[tool:write ${JSON.stringify({ filePath: uri.fsPath, content })}]]`)
    const { risks, canMerge, requestID } = await guarded()
    assert.deepEqual([risks, canMerge], [[{ path: uri.fsPath, kind: 'unsaved' }], true])
    await (await activated()).services.desk.settle(requestID, 'merge')
    await ended()
    assert.deepEqual(await readFile(uri.fsPath), await encode(`meins\r\n${text.replace('vier', 'VIER')}`))
  })

  it('that wrote UTF-8 over UTF-16 under unsaved text is merged, in the encoding of the file', async () => {
    const encode = async (text: string) =>
      Buffer.from(await vscode.workspace.encode(text, { encoding: 'utf16le' }))
    const text = 'eins\r\nzwei äöü\r\ndrei\r\nvier\r\n'
    await writeFile(uri.fsPath, await encode(text))
    await type(0, 'meins\r\n')
    await written(text.replace('vier', 'VIER').replaceAll('\r', ''))
    await (await activated()).services.desk.conflicts.answer(uri.fsPath, 'merge')
    assert.equal(await document().save(), true)
    assert.deepEqual(await readFile(uri.fsPath), await encode(`meins\r\n${text.replace('vier', 'VIER')}`))
  })

  it('that moves it is merged with it at the new place', async () => {
    await type(1, 'mine\n')
    const moved = projectUri(`moved/desk-${count}.txt`)
    const patch = `*** Begin Patch\n*** Update File: desk-${count}.txt\n*** Move to: moved/desk-${count}.txt\n@@\n three\n-four\n+FOUR\n*** End Patch`
    await askPatching(patch)
    const { risks, canMerge, requestID } = await guarded()
    assert.deepEqual([risks, canMerge], [[{ path: uri.fsPath, kind: 'unsaved' }], true])
    await (await activated()).services.desk.settle(requestID, 'merge')
    await ended()
    assert.equal(await readFile(moved.fsPath, 'utf8'), 'one\nmine\ntwo\nthree\nFOUR\nfive\n')
    await assert.rejects(readFile(uri.fsPath), { code: 'ENOENT' })
    assert.match(toolError(), /joined this edit.*moved\/desk-/s)
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), moved.toString())
    assert.deepEqual(
      vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri: { path } }) => path),
      [],
    )
  })

  async function askPatching(patchText: string): Promise<void> {
    const { connection } = chat.backend.hub
    const session = await connection?.createSession(chat.needDirectory(), { title: 'Patch' })
    await chat.show({ sessionID: session?.id, directory: chat.directory })
    const text = `[[tool:apply_patch ${JSON.stringify({ patchText })}]][[text:All said.]]`
    const created = Date.now()
    const parts = [{ type: 'text' as const, id: newBlockID(created), text }]
    const model = { providerID: 'mock', modelID: 'gpt-scripted' }
    const prompt = { id: newMessageID(created), created, parts, model }
    await connection?.prompt(session?.id ?? assert.fail(), prompt)
  }

  async function type(line: number, text: string, replacedLines = 0): Promise<void> {
    const editor = await openEditor(uri)
    const range = new vscode.Range(line, 0, line + replacedLines, 0)
    assert.ok(await editor.edit((builder) => builder.replace(range, text)))
  }

  async function ask(...steps: readonly string[]): Promise<void> {
    await chat.send(`${steps.join('')}[[text:All said.]]`, [])
  }

  function edit(oldString: string, newString: string): string {
    return `[[tool:edit ${JSON.stringify({ filePath: uri.fsPath, oldString, newString })}]]`
  }

  async function guarded(): Promise<GuardedEdit> {
    await until('the edit is guarded', () => chat.state.desk?.edits.length === 1, 25_000)
    return chat.state.desk?.edits[0] ?? assert.fail()
  }

  async function waiting(): Promise<PermissionRequest> {
    const own = () => chat.state.session?.requests.find(({ kind }) => kind === 'permission')
    await until('the edit is asked for', own)
    return own() as PermissionRequest
  }

  async function ended(): Promise<void> {
    const said = () => JSON.stringify(chat.state.session?.messages.at(-1)).includes('All said.')
    await until('the run goes on to its end', () => said() && chat.state.session?.status.kind === 'idle')
  }

  /** As an agent does whose edits need no permission. */
  async function written(text: string): Promise<void> {
    await writtenBytes(Buffer.from(text))
  }

  async function writtenBytes(bytes: Uint8Array): Promise<void> {
    await writeFile(uri.fsPath, bytes)
    const { services } = await activated()
    await services.desk.conflicts.check([document()])
    assert.deepEqual(services.desk.conflicts.in(projectUri().fsPath), [{ path: uri.fsPath }])
  }

  function document(): vscode.TextDocument {
    const key = uri.toString()
    return vscode.workspace.textDocuments.find((each) => each.uri.toString() === key) ?? assert.fail()
  }

  async function onDisk(): Promise<string> {
    return readFile(uri.fsPath, 'utf8')
  }

  function toolError(): string {
    const blocks = chat.state.session?.messages.flatMap((message) => message.blocks) ?? []
    const failed = blocks.find((block) => block.type === 'tool' && block.status === 'failed')
    return (failed?.type === 'tool' ? failed.error : undefined) ?? assert.fail('No call was rejected.')
  }
})

async function autoSave(value: 'off' | undefined): Promise<void> {
  const target = vscode.ConfigurationTarget.Global
  await vscode.workspace.getConfiguration('files').update('autoSave', value, target)
}

async function change(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const at = document.getText().indexOf(from)
  const edit = new vscode.WorkspaceEdit()
  edit.replace(
    document.uri,
    new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)),
    to,
  )
  assert.ok(await vscode.workspace.applyEdit(edit))
}

function isProposal({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === 'opencode-proposal'
}
