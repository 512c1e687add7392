import assert from 'node:assert/strict'
import { symlink, writeFile } from 'node:fs/promises'
import * as vscode from 'vscode'
import type { NewMcpServer, ServerFeatures } from '../../src/client/serverFeatures.ts'
import type { ToolBlock } from '../../src/session/model.ts'
import type { ChatSession } from '../../src/views/chat/chatSession.ts'
import { EditorTools } from '../../src/views/editorTools/editorTools.ts'
import type { EditorToolsOptions } from '../../src/views/editorTools/editorTools.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const retryMs = 100
const target = vscode.ConfigurationTarget.Global

describe('VS Code as a tool of the agent', function () {
  this.timeout(180_000)
  let chat: ChatSession
  let source: vscode.Uri
  const subscriptions: { dispose(): unknown }[] = []

  before(async () => {
    const { view } = await activated()
    chat = await (await view.reveal()).whenReady()
    await chat.backend.access.ensure()
    source = projectUri('tools.words')
    await writeFile(source.fsPath, 'define apple\nuse apple\n')
    await writeFile(projectUri('.env').fsPath, 'SECRET=1\n')
    await symlink('/etc/hostname', projectUri('outside').fsPath).catch(() => undefined)
    await symlink('tools.words', projectUri('.env.local').fsPath).catch(() => undefined)
    subscriptions.push(...languageService())
  })
  beforeEach(() => chat.show({ sessionID: undefined, directory: chat.directory }))
  afterEach(closeEditors)
  after(async () => {
    await enable(undefined)
    for (const each of subscriptions) each.dispose()
  })

  it('is not there until the user turns it on', async () => {
    assert.equal(await status(), undefined)
  })

  it('answers calls of the real server, which show in the transcript, and changes nothing', async () => {
    await enable(true)
    await until('the server knows the tools', async () => (await status()) === 'connected')
    const editor = await openEditor(source)
    editor.selection = new vscode.Selection(1, 0, 1, 9)
    const at = { path: 'tools.words', line: 2, symbol: 'apple' }
    const answers = await calls([
      ['definition', at],
      ['references', at],
      ['rename_preview', { ...at, newName: 'pear' }],
      ['symbols', { path: 'tools.words' }],
      ['diagnostics', { path: source.fsPath }],
      ['open_editors', {}],
      ['selection', {}],
    ])
    assert.deepEqual(
      answers.map(({ output }) => output),
      [
        'tools.words:1:8-1:13: define apple',
        'tools.words:1:8-1:13: define apple\ntools.words:2:5-2:10: use apple',
        'tools.words:1:8-1:13 → pear\ntools.words:2:5-2:10 → pear',
        'variable apple (1-1)',
        '- tools.words:2:1-2:4 warning (words): use less',
        'tools.words (in front)',
        'tools.words, lines 2-2:\nuse apple',
      ],
    )
    assert.ok(
      answers.every(({ name, status: done }) => name.startsWith('vscode_editor_') && done === 'completed'),
    )
    assert.equal(editor.document.getText(), 'define apple\nuse apple\n')
  })

  it('waits for what is found in a file that nobody had open', async () => {
    await writeFile(projectUri('late.words').fsPath, 'use apple\n')
    await writeFile(projectUri('never.words').fsPath, 'use apple\n')
    const answers = await calls([
      ['diagnostics', { path: 'late.words' }],
      ['diagnostics', { path: 'never.words' }],
    ])
    assert.equal(answers[0]?.output, '- late.words:1:1-1:4 warning (words): use less')
    assert.match(answers[1]?.output ?? '', /^None, but no editor shows this file/)
  })

  it('reads nothing outside of the workspace, nothing private, and says what is wrong', async () => {
    const denied = vscode.workspace.getConfiguration('opencodeSessions').get<string[]>('context.neverAttach')
    assert.ok(denied?.some((glob) => glob.includes('.env')))
    const problems = vscode.languages.createDiagnosticCollection('private')
    subscriptions.push(problems)
    problems.set(projectUri('.env'), [
      new vscode.Diagnostic(new vscode.Range(0, 0, 0, 6), 'SECRET=1 is weak'),
    ])
    const answers = await calls([
      ['symbols', { path: '/etc/passwd' }],
      ['symbols', { path: 'outside' }],
      ['symbols', { path: '../../etc/passwd' }],
      ['diagnostics', { path: '.env' }],
      ['definition', { path: 'tools.words', line: 1, symbol: 'pear' }],
      ['references', { path: 'tools.words', line: 0, column: 1 }],
      ['diagnostics', { path: '.env.local' }],
      ['diagnostics', {}],
    ])
    const words = answers.map(({ output, error }) => error ?? output ?? '')
    for (const index of [0, 1, 2]) assert.match(words[index] ?? '', /outside of the workspace/)
    assert.match(words[3] ?? '', /keeps this file private/)
    assert.match(words[4] ?? '', /does not hold "pear".*define apple/)
    assert.match(words[5] ?? '', /"line" must be a whole number/)
    // What it leads to is not private, but its name is.
    assert.match(words[6] ?? '', /keeps this file private/)
    assert.doesNotMatch(words[7] ?? '', /SECRET/)
  })

  it('is there again after the server forgot it, and gone when it is turned off', async () => {
    const { connection } = chat.backend.hub
    const directory = chat.needDirectory()
    await connection?.reload(directory)
    await until('the server knows the tools again', async () => (await status()) === 'connected')
    await enable(false)
    await until('they are gone', async () => (await status()) === 'disabled')
  })

  it('is offered again to a server that could not connect, and not for ever', async () => {
    const offered = async (failures: number): Promise<{ offers: number; tools: EditorTools }> => {
      const counted = { offers: 0 }
      const tools = new EditorTools(optionsFor(() => counted.offers++ < failures))
      subscriptions.push(tools)
      await tools.settled()
      await until('it is connected or given up', async () => {
        return tools.refusalOf(chat.backend) !== undefined || (await status()) === 'connected'
      })
      // Nothing comes after the end.
      await new Promise((resolve) => setTimeout(resolve, 10 * retryMs))
      return { offers: counted.offers, tools }
    }
    const second = await offered(2)
    assert.equal(second.offers, 3)
    assert.equal(await status(), 'connected')
    assert.equal(second.tools.refusalOf(chat.backend), undefined)
    await second.tools.close()
    const never = await offered(100)
    assert.equal(never.offers, 5)
    assert.match(never.tools.refusalOf(chat.backend) ?? '', /could not connect/)
    await never.tools.close()
  })

  /** The real server; as long as it `fails`, it is given an address at which nobody listens. */
  function optionsFor(fails: () => boolean): EditorToolsOptions {
    const connection = chat.backend.hub.connection ?? assert.fail()
    const features: ServerFeatures = {
      mcpServers: (directory: string) => connection.features.mcpServers(directory),
      disconnectMcp: (directory: string, name: string) => connection.features.disconnectMcp(directory, name),
      addMcp: (directory: string, name: string, server: NewMcpServer) =>
        connection.features.addMcp(
          directory,
          name,
          fails() ? { kind: 'remote', url: 'http://127.0.0.1:9/' } : server,
        ),
    } as Partial<ServerFeatures> as ServerFeatures
    const silent = () => ({ dispose: () => undefined })
    const backend = {
      id: chat.backend.id,
      profile: chat.backend.profile,
      server: { status: chat.backend.server.status, addLeaveTask: silent },
      hub: { connection: { features }, onDidChangeLink: silent, onDidChangeCatalog: silent },
    }
    const place = { directory: chat.needDirectory(), backend }
    return {
      backends: { all: [backend], places: [place], onDidChange: silent, onDidChangeStatus: silent },
      settings: { editorTools: { value: true, onDidChange: silent }, deniedFiles: { value: [] } },
      log: {
        info: () => undefined,
        warn: () => undefined,
        debug: () => undefined,
        redactor: { add: () => undefined },
      },
      warn: () => Promise.resolve(),
      retryMs,
    } as unknown as EditorToolsOptions
  }

  async function enable(value: boolean | undefined): Promise<void> {
    await vscode.workspace.getConfiguration('opencodeSessions').update('editorTools.enabled', value, target)
  }

  async function status(): Promise<string | undefined> {
    const servers = await chat.backend.hub.connection?.features.mcpServers(chat.needDirectory())
    return servers?.find(({ name }) => name === 'vscode_editor')?.status
  }

  async function calls(list: readonly (readonly [string, object])[]): Promise<readonly ToolBlock[]> {
    const script = list.map(([name, input]) => `[[tool:vscode_editor_${name} ${JSON.stringify(input)}]]`)
    await chat.send(`${script.join('')}[[text:All said.]]`, [])
    const blocks = () => chat.state.session?.messages.flatMap((message) => message.blocks) ?? []
    const isDone = () => blocks().some((block) => block.type === 'text' && block.text === 'All said.')
    await until('the run ends', () => isDone() && chat.state.session?.status.kind === 'idle')
    return blocks().filter((block) => block.type === 'tool')
  }
})

/** Words that are defined and used; what a language extension would bring. */
function languageService(): readonly { dispose(): unknown }[] {
  const selector = { pattern: '**/*.words' }
  const places = (document: vscode.TextDocument): readonly vscode.Range[] =>
    [...document.getText().matchAll(/apple/g)].map(
      ({ index }) => new vscode.Range(document.positionAt(index), document.positionAt(index + 5)),
    )
  const locations = (document: vscode.TextDocument) =>
    places(document).map((range) => new vscode.Location(document.uri, range))
  const { languages } = vscode
  const problems = languages.createDiagnosticCollection('words')
  const tell = ({ uri }: vscode.TextDocument, line: number): void => {
    const range = new vscode.Range(line, 0, line, 3)
    const use = new vscode.Diagnostic(range, 'use less', vscode.DiagnosticSeverity.Warning)
    use.source = 'words'
    problems.set(uri, [use])
  }
  const check = (document: vscode.TextDocument): void => {
    if (document.uri.path.endsWith('tools.words')) tell(document, 1)
    if (document.uri.path.endsWith('late.words')) setTimeout(() => tell(document, 0), 500)
  }
  return [
    problems,
    vscode.workspace.onDidOpenTextDocument(check),
    languages.registerDefinitionProvider(selector, {
      provideDefinition: (document) => locations(document).slice(0, 1),
    }),
    languages.registerReferenceProvider(selector, { provideReferences: locations }),
    languages.registerDocumentSymbolProvider(selector, {
      provideDocumentSymbols: (document) => {
        const range = new vscode.Range(0, 0, 0, 12)
        const name = document.getText(places(document)[0])
        return [new vscode.DocumentSymbol(name, '', vscode.SymbolKind.Variable, range, range)]
      },
    }),
    languages.registerRenameProvider(selector, {
      provideRenameEdits: (document, _position, newName) => {
        const edit = new vscode.WorkspaceEdit()
        for (const range of places(document)) edit.replace(document.uri, range, newName)
        return edit
      },
    }),
  ]
}
