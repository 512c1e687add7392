import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../src/opencode/ids.ts'
import { newBlockID, newMessageID } from '../../src/opencode/newIds.ts'
import type { PermissionRequest } from '../../src/session/model.ts'
import type { Backend } from '../../src/views/backend/backends.ts'
import { EditConflicts } from '../../src/views/desk/conflicts.ts'
import type { EditDesk } from '../../src/views/desk/editDesk.ts'
import { canMerge, isMoved, risksInEditors } from '../../src/views/desk/proposal.ts'
import { ProposalMemory } from '../../src/views/desk/proposalMemory.ts'
import { RememberedTexts } from '../../src/views/desk/rememberedTexts.ts'
import { TextBackups } from '../../src/views/desk/textBackups.ts'
import { UnsavedTexts } from '../../src/views/desk/unsavedTexts.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const original = 'one\ntwo\nthree\nfour\nfive\n'

describe('Text that edits of the agent meet at a bad moment', function () {
  this.timeout(120_000)
  let backend: Backend
  let directory: string
  let desk: EditDesk
  let uri: vscode.Uri
  let count = 0
  const sessions: SessionID[] = []

  before(async () => {
    await autoSave('off')
    const { view, services } = await activated()
    desk = services.desk
    const chat = await (await view.reveal()).whenReady()
    backend = chat.backend
    directory = chat.needDirectory()
    await backend.access.ensure()
    await until('the folder is known', () => backend.hub.isCurrent(directory))
  })
  after(() => autoSave(undefined))
  beforeEach(async () => {
    uri = projectUri(`edge-${++count}.txt`)
    await writeFile(uri.fsPath, original)
  })
  afterEach(async () => {
    for (const id of sessions.splice(0)) await connection().abort(id)
    await until('nothing waits', () => desk.proposals.all.length === 0)
    await closeEditors()
  })

  it('is told of when another session writes what this one wants to write', async () => {
    const [first] = await asked(edit('two', 'TWO'))
    const [, second] = await asked(write(original.replace('four', 'FOUR')))
    assert.ok(first && second)
    assert.deepEqual(guards(), [])
    await connection().replyPermission(first, 'once')
    await until('the second is guarded', () => guards().length === 1)
    assert.deepEqual(guards()[0]?.risks, [{ path: uri.fsPath, kind: 'changed' }])
    assert.equal(guards()[0]?.requestID, second.id)
    await desk.settle(second.id, 'merge')
    await until('both are there', async () => (await onDisk()) === 'one\nTWO\nthree\nFOUR\nfive\n')
  })

  it('can be merged with the edits of two sessions, one after the other', async () => {
    await type('mine\n')
    const [first] = await asked(edit('two', 'TWO'))
    const [, second] = await asked(write(original.replace('four', 'FOUR')))
    assert.ok(first && second)
    await until('both are guarded', () => guards().length === 2)
    await desk.settle(first.id, 'merge')
    await until('the other is', () => guards().length === 1 && guards()[0]?.requestID === second.id)
    await desk.settle(second.id, 'merge')
    assert.equal(await onDisk(), 'mine\none\nTWO\nthree\nFOUR\nfive\n')
  })

  it('stays in the editor when the agent deletes its file, and a copy is kept', async () => {
    await type('mine\n')
    const patchText = `*** Begin Patch\n*** Delete File: edge-${count}.txt\n*** End Patch`
    const [request] = await asked(`[[tool:apply_patch ${JSON.stringify({ patchText })}]]`, 'gpt-scripted')
    assert.ok(request)
    await until('it is guarded', () => guards().length === 1)
    assert.deepEqual([guards()[0]?.risks[0]?.kind, guards()[0]?.canMerge], ['unsaved', false])
    await desk.beforeAllow(request.id)
    await connection().replyPermission(request, 'once')
    await until('it is told that the file is gone', () => desk.conflicts.in(directory).length === 1)
    assert.deepEqual(desk.conflicts.in(directory), [{ path: uri.fsPath, isGone: true }])
    assert.equal(document().getText(), `mine\n${original}`)
    assert.equal((await desk.backups.list())[0]?.text, `mine\n${original}`)
    await desk.conflicts.answer(uri.fsPath, 'mine')
    assert.equal(await onDisk(), `mine\n${original}`)
  })

  it('of an untitled editor is guarded as that of a file, where the agent makes a file of its name', async () => {
    const target = projectUri(`edge-${count}-new.txt`)
    const untitled = await vscode.workspace.openTextDocument(target.with({ scheme: 'untitled' }))
    const editor = await vscode.window.showTextDocument(untitled)
    await editor.edit((builder) => builder.insert(new vscode.Position(0, 0), 'typed\n'))
    const input = { filePath: target.fsPath, content: 'by the agent\n' }
    const [request] = await asked(`[[tool:write ${JSON.stringify(input)}]]`)
    assert.ok(request)
    await until('it is guarded', () => guards().length === 1)
    assert.deepEqual(guards()[0]?.risks, [{ path: target.fsPath, kind: 'unsaved' }])
    await desk.settle(request.id, 'redo')
    await until('it is saved', async () => (await readFile(target.fsPath, 'utf8')) === 'typed\n')
  })

  it('that auto save writes meanwhile is a change that the edit does not know of', async () => {
    const [request] = await asked(edit('four', 'FOUR'))
    assert.ok(request)
    await autoSave('afterDelay')
    await type('typed\n')
    await until('it is saved by itself', async () => (await onDisk()).startsWith('typed'))
    await autoSave('off')
    await until('it is told', () => guards()[0]?.risks[0]?.kind === 'changed')
    await desk.settle(request.id, 'merge')
    assert.equal(await onDisk(), `typed\n${original.replace('four', 'FOUR')}`)
  })

  it('that was saved in the moment of an edit can be had back', async () => {
    // It writes a text that knows nothing of what is saved meanwhile.
    const content = original.replace('four', 'FOUR')
    const wait = `[[tool:bash ${JSON.stringify({ command: 'true', description: 'Wait' })}]]`
    const [request] = await asked(`${wait}${write(content)}`)
    assert.ok(request)
    await type('typed\n')
    assert.equal(await document().save(), true)
    await connection().replyPermission(request, 'once')
    await until('the next is asked for', () => waiting().some(({ id }) => id !== request.id))
    const [next] = waiting()
    assert.ok(next)
    await connection().replyPermission(next, 'once')
    await until('it is written', async () => (await onDisk()) === content)
    await until('a copy is kept', async () =>
      (await desk.backups.list()).some(({ text }) => text === `typed\n${original}`),
    )
  })

  it('can be merged with an edit that is recalled after a reload', async () => {
    await type('mine\n')
    const [request] = await asked(edit('four', 'FOUR'))
    assert.ok(request)
    const folder = await mkdtemp(join(tmpdir(), 'recalled-'))
    const before = new RememberedTexts(folder)
    new ProposalMemory(before).keep(await desk.proposals.need(request.id), () => undefined)
    await before.close()
    const recalled = new ProposalMemory(new RememberedTexts(folder)).recall(request, backend)
    await rm(folder, { recursive: true })
    assert.ok(recalled)
    assert.deepEqual(risksInEditors(recalled), [{ path: uri.fsPath, kind: 'unsaved' }])
    assert.equal(canMerge(recalled), true)
    assert.deepEqual(
      recalled.files.map((file) => [file.base, file.after, isMoved(file)]),
      [[original, original.replace('four', 'FOUR'), false]],
    )
  })

  it('is told of a conflict also where no copy of it can be kept', async () => {
    const { services } = await activated()
    const folder = await mkdtemp(join(tmpdir(), 'desk-'))
    // As a full disk: where a file stands, no folder can be made.
    const full = join(folder, 'full')
    await writeFile(full, '')
    const remembered = new RememberedTexts(join(folder, 'edits'))
    await openEditor(uri)
    const unsaved = new UnsavedTexts(remembered)
    const warnings: string[] = []
    const conflicts = new EditConflicts({
      backends: services.backends,
      unsaved,
      backups: new TextBackups(join(full, 'unsaved')),
      documents: services.documents,
      log: { warn: (message) => warnings.push(message) },
    })
    await type('mine\n')
    await writeFile(uri.fsPath, original.replace('four', 'FOUR'))
    await conflicts.check([document()])
    assert.deepEqual(conflicts.in(directory), [{ path: uri.fsPath }])
    assert.deepEqual(conflicts.in('/'), conflicts.in(directory))
    assert.match(warnings[0] ?? '', /could not be kept/)
    // What replaces text still insists on the copy.
    await assert.rejects(conflicts.answer(uri.fsPath, 'theirs'))
    assert.match(document().getText(), /^mine\n/)
    conflicts.dispose()
    unsaved.dispose()
    await remembered.close()
    await rm(folder, { recursive: true, force: true })
  })

  function connection() {
    return backend.hub.connection ?? assert.fail('The server is not connected.')
  }

  function guards() {
    return desk.proposals.guards.filter(({ risks }) => risks.length > 0)
  }

  function waiting(): readonly PermissionRequest[] {
    return backend.hub.requests(directory).filter((request) => request.kind === 'permission')
  }

  /** Runs a script in a session of its own; gives all that wait once it asks. */
  async function asked(script: string, modelID = 'mock'): Promise<readonly PermissionRequest[]> {
    const before = waiting().length
    const session = await connection().createSession(directory, { title: 'Edges' })
    sessions.push(session.id)
    const created = Date.now()
    const parts = [{ type: 'text' as const, id: newBlockID(created), text: `${script}[[text:All said.]]` }]
    const model = { providerID: 'mock', modelID }
    await connection().prompt(session.id, { id: newMessageID(created), created, parts, model })
    await until('it is asked for', () => waiting().length > before)
    const all = waiting()
    await Promise.all(all.map(({ id }) => desk.proposals.need(id).catch(() => undefined)))
    return all
  }

  function edit(oldString: string, newString: string): string {
    return `[[tool:edit ${JSON.stringify({ filePath: uri.fsPath, oldString, newString })}]]`
  }

  /** The server lets two edits of one file wait for each other; a file that is written anew waits for none. */
  function write(content: string): string {
    return `[[tool:write ${JSON.stringify({ filePath: uri.fsPath, content })}]]`
  }

  async function type(text: string): Promise<void> {
    const editor = await openEditor(uri)
    assert.ok(await editor.edit((builder) => builder.insert(new vscode.Position(0, 0), text)))
  }

  function document(): vscode.TextDocument {
    const key = uri.toString()
    return vscode.workspace.textDocuments.find((each) => each.uri.toString() === key) ?? assert.fail()
  }

  async function onDisk(): Promise<string> {
    return readFile(uri.fsPath, 'utf8').catch(() => '')
  }
})

async function autoSave(value: 'off' | 'afterDelay' | undefined): Promise<void> {
  const files = vscode.workspace.getConfiguration('files')
  await files.update('autoSave', value, vscode.ConfigurationTarget.Global)
}
