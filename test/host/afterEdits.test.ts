import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import * as vscode from 'vscode'
import type { ChatSession } from '../../src/views/chat/chatSession.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const section = 'opencodeSessions'

describe('After an edit of the agent', function () {
  this.timeout(120_000)
  let chat: ChatSession
  let checker: vscode.DiagnosticCollection
  const subscriptions: { dispose(): unknown }[] = []

  before(async () => {
    const { view } = await activated()
    chat = await (await view.reveal()).whenReady()
    await chat.backend.access.ensure()
    checker = vscode.languages.createDiagnosticCollection('spelling')
    // A language service as others are: it looks at open documents and dislikes a word.
    const check = (document: vscode.TextDocument): void => {
      if (!document.uri.path.endsWith('.words')) return
      const lines = document.getText().split('\n')
      const found = lines.flatMap((line, index) => {
        const at = line.indexOf('bad')
        if (at < 0) return []
        const range = new vscode.Range(index, at, index, at + 3)
        return [new vscode.Diagnostic(range, `"${line}" is bad`, vscode.DiagnosticSeverity.Error)]
      })
      checker.set(document.uri, found)
    }
    subscriptions.push(
      checker,
      vscode.workspace.onDidOpenTextDocument(check),
      vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)),
    )
  })
  beforeEach(() => chat.show({ sessionID: undefined, directory: chat.directory }))
  afterEach(async () => {
    if (chat.sessionID) await chat.backend.hub.connection?.abort(chat.sessionID)
    await closeEditors()
  })
  after(async () => {
    for (const each of subscriptions) each.dispose()
    await set('edits.follow', undefined)
  })

  it('its new problems are told, and those that were there before are not', async () => {
    const uri = await file('open.words', 'bad from the start\nfine\n')
    await openEditor(uri)
    await run(edit(uri, 'fine', 'bad now'))
    await until('the problem is told', () => chat.state.desk?.problems)
    const { sessionID } = chat
    assert.deepEqual(chat.state.desk?.problems, { sessionID, errors: 1, warnings: 0, paths: [uri.fsPath] })
    const { services } = await activated()
    assert.deepEqual(
      services.desk.problems.fresh(sessionID ?? assert.fail()).map(({ problems }) => problems.length),
      [1],
    )
    const editor = await openEditor(uri)
    await editor.edit((builder) => builder.replace(new vscode.Range(1, 0, 1, 7), 'fine'))
    await until('it is gone', () => chat.state.desk?.problems === undefined)
  })

  it('a file that nobody had open counts with its changed lines', async () => {
    const uri = await file('closed.words', 'bad from the start\nfine\n')
    await run(edit(uri, 'fine', 'bad now\nbad too'))
    await until('the problems are told', () => chat.state.desk?.problems?.errors === 2)
    const { services } = await activated()
    services.desk.problems.dismiss(chat.sessionID ?? assert.fail())
    await until('they are dismissed', () => chat.state.desk === undefined)
  })

  it('editors follow to what it read and changed, and the focus stays', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`)
    const uri = await file('follow.txt', lines.join('\n'))
    await set('edits.follow', true)
    await run(edit(uri, 'line 250', 'line two hundred and fifty'))
    const shown = (): vscode.TextEditor | undefined =>
      vscode.window.visibleTextEditors.find((each) => each.document.uri.toString() === uri.toString())
    await until('the file is shown', shown)
    await until('the place is in sight', () =>
      shown()?.visibleRanges.some(({ start, end }) => start.line <= 250 && end.line >= 250),
    )
    assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview, true)
    assert.deepEqual(shown()?.selection.active, new vscode.Position(0, 0))
  })

  async function run(script: string): Promise<void> {
    await chat.send(`${script}[[text:All said.]]`, [])
    await until('the edit is asked for', () => chat.state.session?.requests.length)
    const [request] = chat.state.session?.requests ?? []
    await chat.backend.hub.connection?.replyPermission(request ?? assert.fail(), 'once')
    const said = () => JSON.stringify(chat.state.session?.messages.at(-1)).includes('All said.')
    await until('the run ends', () => said() && chat.state.session?.status.kind === 'idle')
  }

  function edit(uri: vscode.Uri, oldString: string, newString: string): string {
    return `[[tool:edit ${JSON.stringify({ filePath: uri.fsPath, oldString, newString })}]]`
  }

  async function file(name: string, text: string): Promise<vscode.Uri> {
    const uri = projectUri(name)
    await writeFile(uri.fsPath, text)
    return uri
  }

  async function set(key: string, value: unknown): Promise<void> {
    await vscode.workspace.getConfiguration(section).update(key, value, vscode.ConfigurationTarget.Global)
  }
})
