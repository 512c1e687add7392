import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import * as vscode from 'vscode'
import { changedFilesOf, placeOf } from '../../src/commands/editor/editorPlaces.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { Attachment, PromptTarget } from '../../src/prompt/attachment.ts'
import { fileAttachment } from '../../src/prompt/filePart.ts'
import { changesAttachment, changesToSend, describeChanges, diffOfFiles } from '../../src/prompt/changes.ts'
import { attachmentsOf, valuesOf } from '../../src/prompt/subject.ts'
import { templateVariables } from '../../src/prompt/template.ts'
import { filled, soundTemplate } from '../../src/prompt/templates.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const all = new Set(templateVariables)
let target: PromptTarget

const write = (name: string, text: string) =>
  vscode.workspace.fs.writeFile(projectUri(name), Buffer.from(text))

describe('A command of the editor', () => {
  before(async () => {
    await activated()
    target = { sees: () => true, directory: projectUri().fsPath }
  })
  afterEach(closeEditors)

  it('is about what was selected when it began', async () => {
    const editor = await openEditor(projectUri('a.txt'))
    editor.selection = new vscode.Selection(1, 0, 1, 3)
    const place = placeOf([editor.document.uri])
    editor.selection = new vscode.Selection(0, 0, 0, 3)
    assert.deepEqual(labels(await attachmentsOf(place, target)), ['a.txt:2'])
  })

  it('is about files where a list of files or a tab hands them over, about lines where a lens does', async () => {
    await openEditor(projectUri('a.txt'))
    const files = [projectUri('a.txt'), projectUri('src')]
    const picked = placeOf([files[0], files])
    assert.deepEqual(labels(await attachmentsOf(picked, target)), ['a.txt', 'src'])
    const tab = placeOf([projectUri('src/greeting.ts'), { groupId: 0, editorIndex: 0 }])
    assert.deepEqual(labels(await attachmentsOf(tab, target)), ['greeting.ts'])
    const lens = placeOf([projectUri('a.txt'), new vscode.Range(0, 0, 1, 3)])
    assert.deepEqual(labels(await attachmentsOf(lens, target)), ['a.txt:1–2'])
  })

  it('adds all selected files that can be sent, and says which cannot', async () => {
    const { view, services } = await activated()
    const chat = await (await view.reveal({ keepFocus: true })).whenReady()
    await vscode.workspace.fs.writeFile(projectUri('tool.bin'), Buffer.from([1, 0, 0, 2]))
    const files = ['a.txt', 'tool.bin', 'src'].map((name) => projectUri(name))
    void vscode.commands.executeCommand('opencodeSessions.addFile', files[0], files)
    const chips = () => services.drafts.get(chat.draftKey).items.map(({ label }) => label)
    await until('the others are there', () => chips().join() === 'a.txt,src', 20_000)
    for (const { id } of services.drafts.get(chat.draftKey).items) services.drafts.remove(chat.draftKey, id)
    await vscode.workspace.fs.delete(projectUri('tool.bin'))
  })

  it('is about the cell that a notebook hands over', async () => {
    const cells = [new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'x = 1\ny = 2', 'python')]
    const notebook = await vscode.workspace.openNotebookDocument(
      'jupyter-notebook',
      new vscode.NotebookData(cells),
    )
    const place = placeOf([notebook.cellAt(0)])
    assert.equal((await attachmentsOf(place, target))[0]?.item.kind, 'cell')
    const values = await valuesOf(place, target, {
      used: all,
      attachments: await attachmentsOf(place, target),
    })
    assert.equal(values.selection, 'x = 1\ny = 2')
    assert.equal(values.language, 'python')
    assert.match(textOf(await fileAttachment(notebook.uri, target)), /# Cell 1 \(python\)\nx = 1\ny = 2/)
  })

  it('knows file, lines, language, symbol, problems, diff and branch for its template', async () => {
    await write('src/math.ts', 'export function twice(n: number): number {\n  return n + n\n}\n')
    const editor = await openEditor(projectUri('src/math.ts'))
    editor.selection = new vscode.Selection(1, 2, 1, 8)
    const problems = vscode.languages.createDiagnosticCollection('editor-test')
    const problem = new vscode.Diagnostic(
      new vscode.Range(1, 9, 1, 10),
      'No n.',
      vscode.DiagnosticSeverity.Error,
    )
    const elsewhere = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), 'Elsewhere.')
    problems.set(editor.document.uri, [Object.assign(problem, { source: 'ts', code: 2304 }), elsewhere])
    const { document } = editor
    const whole = new vscode.Range(0, 0, 2, 1)
    const language = vscode.languages.registerDocumentSymbolProvider(
      { scheme: 'file', pattern: '**/math.ts' },
      {
        provideDocumentSymbols: () => [
          new vscode.DocumentSymbol('twice', '', vscode.SymbolKind.Function, whole, whole),
        ],
      },
    )
    const place = placeOf([document.uri])
    const attachments = await attachmentsOf(place, target)
    const { diff, branch, ...values } = await valuesOf(place, target, { used: all, attachments })
    const lenses = await lensesOf(document.uri)
    problems.dispose()
    language.dispose()
    await vscode.workspace.fs.delete(projectUri('src/math.ts'))
    assert.deepEqual(values, {
      file: 'src/math.ts',
      language: 'typescript',
      selection: '  return n + n',
      lines: '2',
      symbol: 'twice',
      diagnostics: '- src/math.ts:2:10-2:11 error (ts 2304): No n.',
    })
    assert.match(diff ?? '', /^\+\+\+ b\/src\/math\.ts\n@@ -0,0 \+1,3 @@\n\+export function twice/m)
    assert.ok(branch)
    assert.deepEqual(lenses, { off: [], on: ['Ask…', 'Explain', 'Write tests'] })
  })

  it('refuses a broken prompt of the settings, and says what is wrong with it', async () => {
    const settings = vscode.workspace.getConfiguration('opencodeSessions')
    const { services } = await activated()
    const read = () => soundTemplate(services.settings.prompts.value, 'explain')
    assert.match(read(), /^Explain this:/)
    await settings.update('prompts', { explain: 'What is ${flie}?' }, vscode.ConfigurationTarget.Global)
    try {
      assert.throws(read, (error) => {
        assert.ok(error instanceof OpencodeError && error.code === 'template-invalid')
        return /prompts\.explain.*"flie".*file, selection/.test(error.message)
      })
      assert.match(soundTemplate(services.settings.prompts.value, 'tests'), /^Write tests/)
      await settings.update(
        'prompts',
        { explain: 7, tests: 'Say ${diff}.' },
        vscode.ConfigurationTarget.Global,
      )
      assert.throws(read, /prompts\.explain.*no text/)
      const long = filled(soundTemplate(services.settings.prompts.value, 'tests'), {
        diff: 'x'.repeat(300_000),
      })
      assert.ok(long.length < 201_000 && long.endsWith('more characters were left out].'))
      await settings.update('prompts', 'no list of prompts', vscode.ConfigurationTarget.Global)
      assert.match(read(), /^Explain this:/)
    } finally {
      await settings.update('prompts', undefined, vscode.ConfigurationTarget.Global)
    }
  })
})

describe('Changes of the source control view', () => {
  it('go along as one diff, whole groups too, each file once', async () => {
    const uris = [projectUri('a.txt'), projectUri('b.txt')]
    const [first, second] = uris.map((resourceUri) => ({ resourceUri }))
    const group = { id: 'workingTree', resourceStates: [first, second] }
    assert.deepEqual(changedFilesOf([first, [second]]), uris)
    assert.deepEqual(changedFilesOf([group, first]), uris)
    assert.deepEqual(changedFilesOf([undefined, { rootUri: projectUri() }]), [])
  })

  it('name files from the folder of the session, and in full outside of it', async () => {
    const greeting = Buffer.from(await vscode.workspace.fs.readFile(projectUri('src/greeting.ts'))).toString()
    await write('src/greeting.ts', `${greeting}// more\n`)
    const path = projectUri('src/greeting.ts').fsPath
    try {
      assert.match(await diffOfFiles([path], target.directory), /^\+\+\+ b\/src\/greeting\.ts$/m)
      const inner = projectUri('src').fsPath
      assert.match(textOf(await changesAttachment(inner, 'unstaged', [])), /^\+\+\+ b\/greeting\.ts$/m)
      const outside = await diffOfFiles([path], projectUri('docs').fsPath)
      assert.ok(outside.includes(`+++ ${path}\n`), outside)
    } finally {
      execFileSync('git', ['checkout', '--', 'src/greeting.ts'], { cwd: target.directory })
    }
  })
})

describe('Changes of several repositories', () => {
  const inner = () => projectUri('parts/inner').fsPath
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], { cwd: inner() })

  before(async () => {
    await write('parts/inner/src/[id].txt', 'one\n')
    await write('parts/inner/.ENV.local', 'KEY=old\n')
    git('init', '-q')
    git('config', 'diff.mnemonicPrefix', 'true')
    git('add', '.')
    git('commit', '-q', '-m', 'First')
    git('mv', '.ENV.local', 'plain.txt')
    await write('parts/inner/src/[id].txt', 'two\n')
    await write('parts/inner/fresh.txt', 'fresh\n')
    await write('parts/inner/.env', 'KEY=new\n')
    const support = vscode.extensions.getExtension<{ getAPI(version: 1): GitSupport }>('vscode.git')
    await (await support?.activate())?.getAPI(1).openRepository(vscode.Uri.file(inner()))
  })
  after(() => vscode.workspace.fs.delete(projectUri('parts'), { recursive: true }))

  const denied = ['**/.env', '.env.*']

  it('are found in a folder that is no repository itself, or is another one', async () => {
    for (const [directory, way] of [
      [projectUri('parts').fsPath, 'inner/'],
      [target.directory, 'parts/inner/'],
    ] as const) {
      const text = textOf(await changesAttachment(directory, 'unstaged', denied))
      assert.ok(text.includes(`\n--- a/${way}src/[id].txt\n+++ b/${way}src/[id].txt\n`), text)
      assert.ok(text.includes(`+++ b/${way}fresh.txt\n`), text)
      assert.match((await describeChanges(directory, 'unstaged')) ?? '', /inner\/ 1 file changed/)
    }
  })

  it('of one of their files are those of its repository, and of no other file', async () => {
    const file = projectUri('parts/inner/src/[id].txt').fsPath
    await write('parts/inner/src/i.txt', 'not meant\n')
    const text = await diffOfFiles([file], target.directory)
    assert.match(text, /^\+\+\+ b\/parts\/inner\/src\/\[id\]\.txt$/m)
    assert.doesNotMatch(text, /not meant|fresh/)
    const given = await changesToSend(target.directory, 'uncommitted', [], [file])
    assert.equal(given?.text, text)
    await vscode.workspace.fs.delete(projectUri('parts/inner/src/i.txt'))
  })

  it('are without private files where nobody picked these, whatever they were called', async () => {
    const staged = await changesToSend(inner(), 'staged', denied)
    assert.equal(staged, undefined)
    const chip = await changesAttachment(inner(), 'unstaged', denied)
    assert.doesNotMatch(textOf(chip), /KEY/)
    assert.match(chip.item.detail, /1 private/)
    const picked = await diffOfFiles([projectUri('parts/inner/.env').fsPath], target.directory)
    assert.match(picked, /^\+KEY=new$/m)
  })
})

interface GitSupport {
  openRepository(uri: vscode.Uri): Promise<unknown>
}

describe('The selection that goes along by itself', () => {
  const settings = () => vscode.workspace.getConfiguration('opencodeSessions')
  const set = (value: boolean | undefined) =>
    settings().update('context.attachSelection', value, vscode.ConfigurationTarget.Global)
  afterEach(async () => {
    await set(undefined)
    await closeEditors()
  })

  it('is a chip that follows it, stays out when taken out, and leaves secrets alone', async () => {
    const { chats, view, services } = await activated()
    const chat = await (await view.reveal({ keepFocus: true })).whenReady()
    const chips = () => services.drafts.get(chat.draftKey).items.map(({ label }) => label)
    const editor = await openEditor(projectUri('a.txt'))
    assert.ok(chats.active?.isVisible)
    await set(true)
    editor.selection = new vscode.Selection(0, 0, 1, 3)
    await until('the selection is there', () => chips().join() === 'a.txt:1–2')
    editor.selection = new vscode.Selection(2, 0, 2, 3)
    await until('the selection is followed', () => chips().join() === 'a.txt:3')
    const [item] = services.drafts.get(chat.draftKey).items
    assert.equal(item?.isLive, true)
    services.drafts.remove(chat.draftKey, item.id)
    await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')
    editor.selection = new vscode.Selection(0, 0, 0, 3)
    await until('another selection comes back', () => chips().join() === 'a.txt:1')
    await write('.env', 'KEY=secret\n')
    const secret = await openEditor(projectUri('.env'))
    secret.selection = new vscode.Selection(0, 0, 0, 5)
    await until('nothing of the secret is taken', () => chips().length === 0)
    symlinkSync(projectUri('.env').fsPath, projectUri('plain.txt').fsPath)
    await write('KEYS.PEM', 'secret\n')
    for (const name of ['plain.txt', 'KEYS.PEM']) {
      await openEditor(projectUri('a.txt'))
      await until('the selection of the file is there', () => chips().join() === 'a.txt:1')
      const other = await openEditor(projectUri(name))
      other.selection = new vscode.Selection(0, 0, 0, 5)
      await until(`nothing of ${name} is taken`, () => chips().join() !== 'a.txt:1')
      assert.deepEqual(chips(), [], name)
      await vscode.workspace.fs.delete(projectUri(name))
    }
    await openEditor(projectUri('a.txt'))
    await until('the selection of the file is there again', () => chips().join() === 'a.txt:1')
    await set(false)
    await until('the chip is gone with the setting', () => chips().length === 0)
    await vscode.workspace.fs.delete(projectUri('.env'))
  })
})

/** Titles above the symbols of a document, with the setting off and on; those with a picture are about changes. */
async function lensesOf(uri: vscode.Uri): Promise<{ readonly off: unknown; readonly on: unknown }> {
  const settings = vscode.workspace.getConfiguration('opencodeSessions')
  const read = async () => {
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      uri,
    )
    return lenses
      .flatMap(({ command }) => command?.title ?? [])
      .filter((title) => !/reference|^\$\(/.test(title))
  }
  const off = await read()
  await settings.update('editor.codeLens', true, vscode.ConfigurationTarget.Global)
  const on = await read()
  await settings.update('editor.codeLens', undefined, vscode.ConfigurationTarget.Global)
  return { off, on }
}

function labels(attachments: readonly Attachment[]): readonly string[] {
  return attachments.map(({ item }) => item.label)
}

function textOf(attachment: Attachment): string {
  const part = attachment.parts.find(({ type }) => type === 'inline')
  assert.ok(part?.type === 'inline')
  return Buffer.from(part.base64, 'base64').toString()
}
