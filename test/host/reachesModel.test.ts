import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as vscode from 'vscode'
import type { TestSeam } from '../../src/extension.ts'
import { activated, backendOf, closeEditors, openEditor, projectUri, reached, until } from './support.ts'

const run = (command: string, ...args: readonly unknown[]) =>
  vscode.commands.executeCommand(`opencodeSessions.${command}`, ...args)
const write = (name: string, content: string | Uint8Array) =>
  vscode.workspace.fs.writeFile(projectUri(name), Buffer.from(content))
const gitIn = (...args: readonly string[]) =>
  execFileSync('git', [...args], { cwd: projectUri().fsPath, encoding: 'utf8' })

/** Names each thing that a template can name. */
const facts =
  '[f:${file}] [l:${lines}] [g:${language}] [s:${symbol}] [d:${diagnostics}] [b:${branch}] [i:${input}] [[text:Said.]]'

describe('What a command of the editor is about reaches the model', function () {
  this.timeout(180_000)
  let seam: TestSeam
  let count = 0

  before(async () => {
    seam = await activated()
    const chat = await (await seam.view.reveal({ keepFocus: true })).whenReady()
    await chat.backend.access.ensure()
  })
  afterEach(async () => {
    await prompts(undefined)
    await closeEditors()
    gitIn('reset', '-q')
    gitIn('checkout', '-q', '--', '.')
    gitIn('clean', '-fdq')
  })
  after(() => backendOf(seam.services).access.stop())

  const prompts = (value: Readonly<Record<string, string>> | undefined) =>
    vscode.workspace
      .getConfiguration('opencodeSessions')
      .update('prompts', value, vscode.ConfigurationTarget.Global)

  /** Has the template of a command say all it knows, runs it, and gives back what the model got. */
  async function asked(
    [command, template]: readonly [command: string, template: string],
    ...args: readonly unknown[]
  ): Promise<string> {
    const mark = `Mark ${++count}.`
    // What a session has already goes to it no second time.
    const chat = await (await seam.view.reveal({ keepFocus: true })).whenReady()
    await chat.show({ sessionID: undefined, directory: chat.directory })
    await prompts({ [template]: `${mark} ${facts}` })
    await run(command, ...args)
    const prompt = await reached(mark)
    await until('the run is over', () => chat.state.session?.status.kind === 'idle')
    return prompt
  }

  it('as lines of a file, with path, language, symbol, problem and branch', async () => {
    const text = 'export function twice(n: number): number {\n  return n + m\n}\nconst rest = 1\n'
    await write('src/math.ts', text)
    const { document } = await openEditor(projectUri('src/math.ts'))
    const whole = new vscode.Range(0, 0, 2, 1)
    const symbols = vscode.languages.registerDocumentSymbolProvider(
      { pattern: '**/math.ts' },
      {
        provideDocumentSymbols: () => [
          new vscode.DocumentSymbol('twice', '', vscode.SymbolKind.Function, whole, whole),
        ],
      },
    )
    const problems = vscode.languages.createDiagnosticCollection('test')
    const problem = new vscode.Diagnostic(
      new vscode.Range(1, 13, 1, 14),
      'No m.',
      vscode.DiagnosticSeverity.Error,
    )
    problems.set(document.uri, [Object.assign(problem, { source: 'ts', code: 2304 })])
    const range = new vscode.Range(1, 2, 1, 14)
    const explained = await asked(['explainSelection', 'explain'], document.uri, range)
    const problemLine = '- src/math.ts:2:14-2:15 error (ts 2304): No m.'
    assert.match(
      explained,
      /\[f:src\/math\.ts\] \[l:2\] \[g:typescript\] \[s:twice\] \[d:.*\] \[b:\w+\] \[i:\(none\)\]/,
    )
    assert.ok(explained.includes(`[d:${problemLine}]`), explained)
    assert.match(explained, /lines 2 of src\/math\.ts \(typescript, in twice\)/)
    assert.match(explained, /return n \+ m/)
    assert.doesNotMatch(explained, /const rest/)
    const fixed = await asked(['fixProblem', 'fix'], document.uri, [problem])
    assert.ok(fixed.includes(`[d:${problemLine}]`), fixed)
    const why = await asked(['explainSelection', 'explainProblem'], document.uri, [problem])
    assert.ok(why.includes(`[d:${problemLine}]`) && why.includes('const rest'), why)
    const below = await asked(['fixProblem', 'fix'], projectUri('src'), [projectUri('src')])
    assert.ok(below.includes(`[f:src/math.ts]`) && below.includes(problemLine), below)
    problems.dispose()
    symbols.dispose()
  })

  it('as text where the server could not read it: other encodings, unsaved and untitled buffers', async () => {
    const utf16 = Buffer.from('\uFEFFGrüße\nzweite Zeile\n', 'utf16le')
    await write('umlaut.txt', utf16)
    const closed = await asked(['explainSelection', 'explain'], projectUri('umlaut.txt'), [
      projectUri('umlaut.txt'),
    ])
    assert.match(closed, /Grüße\nzweite Zeile/)
    const { document } = await openEditor(projectUri('umlaut.txt'))
    assert.equal(document.encoding, 'utf16le')
    const line = await asked(['explainSelection', 'explain'], document.uri, new vscode.Range(1, 0, 1, 6))
    assert.match(line, /zweite Zeile/)
    assert.doesNotMatch(line, /Grüße/)
    const open = await asked(['explainSelection', 'explain'], document.uri, [document.uri])
    assert.match(open, /umlaut\.txt \(plaintext\) is stored as utf16le[\s\S]*Grüße\nzweite Zeile/)
    const editor = await openEditor(projectUri('a.txt'))
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'not on disk '))
    const dirty = await asked(
      ['explainSelection', 'explain'],
      editor.document.uri,
      new vscode.Range(0, 0, 0, 3),
    )
    assert.match(dirty, /not on disk [\s\S]*/)
    assert.match(dirty, /unsaved changes; this is what is on the screen/)
    const untitled = await vscode.workspace.openTextDocument({ content: 'SELECT 1;\n', language: 'sql' })
    const fresh = await asked(['explainSelection', 'explain'], untitled.uri, new vscode.Range(0, 0, 0, 9))
    assert.match(fresh, /\[g:sql\][\s\S]*SELECT 1;/)
  })

  it('as cells of a notebook and as changes, staged or all, of the source control view', async () => {
    const cells = [
      new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, '# Title', 'markdown'),
      new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'x = 1', 'python'),
    ]
    const notebook = await vscode.workspace.openNotebookDocument(
      'jupyter-notebook',
      new vscode.NotebookData(cells),
    )
    const cell = await asked(['writeDocs', 'docs'], notebook.cellAt(1))
    assert.match(cell, /\[l:1\] \[g:python\][\s\S]*cell 2[\s\S]*x = 1/)
    await write('a.txt', 'staged\n')
    gitIn('add', 'a.txt')
    await write('a.txt', 'staged\nand not\n')
    await write('new ü.txt', 'fresh\n')
    const state = (name: string, resourceGroupType: number) => ({
      resourceUri: projectUri(name),
      resourceGroupType,
    })
    const staged = await asked(['explainSelection', 'explain'], state('a.txt', 1))
    assert.match(staged, /\[f:a\.txt\][\s\S]*^\+staged$/m)
    assert.doesNotMatch(staged, /^\+and not$/m)
    const all = await asked(['explainSelection', 'explain'], state('a.txt', 2), [
      state('a.txt', 2),
      state('new ü.txt', 3),
    ])
    assert.match(all, /^\+and not$[\s\S]*^\+\+\+ b\/new ü\.txt\n[\s\S]*^\+fresh$/m)
  })

  it('by the template of the settings for a question at the cursor', async () => {
    await prompts({ inline: `Inline ${facts} [[text:Done.]]` })
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(0, 0, 0, 2)
    const own = await seam.inline.start(editor)
    await seam.inline.ask(own.thread, 'Make it loud.')
    const prompt = await reached('Inline [f:')
    assert.match(prompt, /\[f:a\.txt\] \[l:1\] \[g:plaintext\].*\[i:Make it loud\.\]/)
    await seam.inline.ask(own.thread, 'And on. [[text:Yes.]]')
    assert.doesNotMatch(await reached('And on.'), /Inline \[f:/)
    seam.inline.discard(own.thread)
    await prompts({ inline: 'What is ${files}?' })
    const next = await seam.inline.start(editor)
    await assert.rejects(seam.inline.ask(next.thread, 'x'), { code: 'template-invalid' })
    seam.inline.discard(next.thread)
  })
})
