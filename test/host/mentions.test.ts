import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import * as vscode from 'vscode'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { PromptTarget } from '../../src/prompt/attachment.ts'
import { FileIndex, foldersOf } from '../../src/prompt/fileIndex.ts'
import { changesAttachment, describeChanges } from '../../src/prompt/changes.ts'
import { describePrompt } from '../../src/prompt/inspect.ts'
import { problemFiles, problemsAttachment } from '../../src/prompt/problemsPart.ts'
import { composePrompt } from '../../src/prompt/prompt.ts'
import { fileAttachment } from '../../src/prompt/filePart.ts'
import type { Attachment } from '../../src/prompt/attachment.ts'
import { editorCandidates } from '../../src/views/composer/mentionSources.ts'
import { activated, closeEditors, openEditor, projectUri, until } from './support.ts'

const write = (name: string, text: string) =>
  vscode.workspace.fs.writeFile(projectUri(name), Buffer.from(text))
const remove = (name: string) => vscode.workspace.fs.delete(projectUri(name), { recursive: true })

describe('What can be mentioned', () => {
  let target: PromptTarget
  before(() => {
    target = { sees: () => true, directory: projectUri().fsPath }
  })

  it('are files that are a moment old, but ignored ones only when asked for', async () => {
    await write('.gitignore', 'out/\n')
    await write('out/made.js', 'x')
    await write('fresh note.md', 'x')
    const index = new FileIndex()
    const files = await index.files(target.directory)
    assert.ok(files.includes('fresh note.md') && files.includes('src/greeting.ts'))
    assert.ok(!files.includes('out/made.js'))
    assert.deepEqual(await index.ignored(target.directory, 'Made'), ['out/made.js'])
    assert.deepEqual(await index.ignored(target.directory, 'git/config'), [])
    assert.ok(foldersOf(files).includes('src/'))
    await Promise.all(['.gitignore', 'out', 'fresh note.md'].map(remove))
  })

  it('are the files of a folder without git', async () => {
    await write('plain/a.txt', 'x')
    const directory = projectUri('plain').fsPath
    const hidden = projectUri('.git')
    const away = projectUri('.git-away')
    await vscode.workspace.fs.rename(hidden, away)
    try {
      assert.deepEqual(await new FileIndex().files(directory), ['a.txt'])
    } finally {
      await vscode.workspace.fs.rename(away, hidden)
      await remove('plain')
    }
  })

  it('are all open files at once, without private ones and those that cannot be sent', async () => {
    await write('.env', 'KEY=secret\n')
    await write('plain.txt', 'x')
    symlinkSync(projectUri('.env').fsPath, projectUri('link.txt').fsPath)
    for (const name of ['a.txt', '.env', 'link.txt', 'plain.txt', 'src/greeting.ts'])
      await openEditor(projectUri(name))
    await remove('plain.txt')
    const { terminal } = (await activated()).services.composer.mentions
    const find = (token: string) =>
      editorCandidates(target, terminal, ['**/.env']).find((each) => each.token === token)
    const labels = async (token: string) => (await find(token)?.make())?.map(({ item }) => item.label)
    assert.deepEqual(await labels('@editors'), ['a.txt', 'greeting.ts'])
    assert.deepEqual(await labels('@.env'), ['.env'])
    await closeEditors()
    await Promise.all(['.env', 'link.txt'].map(remove))
  })

  it('are git changes: unstaged with untracked files, and staged', async () => {
    const before = Buffer.from(await vscode.workspace.fs.readFile(projectUri('a.txt'))).toString()
    assert.equal(await describeChanges(target.directory, 'staged'), undefined)
    await write('a.txt', 'one\nchanged\n')
    await write('0untracked.txt', 'x')
    assert.match((await describeChanges(target.directory, 'unstaged')) ?? '', /1 file changed.*untracked/)
    const unstaged = textOf(await changesAttachment(target.directory, 'unstaged', []))
    assert.match(unstaged, /^\+changed$/m)
    assert.match(unstaged, /^\+\+\+ b\/0untracked\.txt\n@@ -0,0 \+1,1 @@\n\+x\n\\ No newline/m)
    execFileSync('git', ['add', 'a.txt'], { cwd: target.directory })
    const staged = await changesAttachment(target.directory, 'staged', [])
    assert.equal(staged.item.kind, 'changes')
    assert.match(textOf(staged), /^\+changed$/m)
    execFileSync('git', ['reset', '-q'], { cwd: target.directory })
    await write('a.txt', before)
    await remove('0untracked.txt')
    await assert.rejects(changesAttachment(target.directory, 'staged', []), isNotFound)
  })

  it('are the changes of a branch since it left the main line', async () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: target.directory })
    const main = git('rev-parse', '--abbrev-ref', 'HEAD').toString().trim()
    git('checkout', '-q', '-b', 'topic')
    await write('topic.txt', 'from the branch\n')
    git('add', 'topic.txt')
    git('-c', 'user.name=T', '-c', 'user.email=t@localhost', 'commit', '-q', '-m', 'Topic')
    try {
      assert.match(textOf(await changesAttachment(target.directory, 'branch', [])), /^\+from the branch$/m)
    } finally {
      git('checkout', '-q', main)
      git('branch', '-q', '-D', 'topic')
    }
    assert.equal(await describeChanges(target.directory, 'branch'), undefined)
  })

  it('are the problems of the folder or of one file', async () => {
    const collection = vscode.languages.createDiagnosticCollection('test')
    const problem = new vscode.Diagnostic(
      new vscode.Range(0, 0, 0, 3),
      'Bad word.',
      vscode.DiagnosticSeverity.Error,
    )
    const hint = new vscode.Diagnostic(
      new vscode.Range(0, 0, 0, 3),
      'A hint.',
      vscode.DiagnosticSeverity.Hint,
    )
    collection.set(projectUri('a.txt'), [problem, hint])
    await until('the problem is known', () => problemFiles(target.directory).length > 0)
    const { item, ...rest } = problemsAttachment(target, 'a.txt')
    assert.equal(item.label, 'Problem in a.txt')
    assert.match(textOf({ item, ...rest }), /a\.txt:1:1-1:4 error: Bad word\./)
    assert.doesNotMatch(textOf({ item, ...rest }), /hint/)
    collection.dispose()
    await until('the problem is gone', () => problemFiles(target.directory).length === 0)
    assert.throws(() => problemsAttachment(target), isNotFound)
  })

  it('can be read as it will be sent', async () => {
    const file = await fileAttachment(projectUri('a.txt'), target)
    const text = await describePrompt(composePrompt('Look at ``` @a.txt', [file], { agent: 'build' }))
    assert.match(text, /## 1\. Text \(18 B\)\n\n````\nLook at ``` @a\.txt\n````/)
    assert.match(text, /## 2\. a\.txt \(text\/plain\)[\s\S]*one\ntwo\nthree/)
    assert.match(text, /Agent: build/)
  })
})

function textOf({ parts }: Attachment): string {
  const part = parts.find(({ type }) => type === 'inline')
  assert.ok(part?.type === 'inline')
  return Buffer.from(part.base64, 'base64').toString()
}

function isNotFound(error: unknown): boolean {
  return error instanceof OpencodeError && error.code === 'not-found'
}
