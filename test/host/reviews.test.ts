import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as vscode from 'vscode'
import { changesToSend } from '../../src/prompt/changes.ts'
import type { TestSeam } from '../../src/extension.ts'
import { activated, backendOf, closeEditors, openEditor, projectUri, reached, until } from './support.ts'

interface Repository {
  readonly rootUri: vscode.Uri
  readonly inputBox: { value: string }
}

const write = (name: string, text: string) =>
  vscode.workspace.fs.writeFile(projectUri(name), Buffer.from(text))
const gitIn = (...args: readonly string[]) =>
  execFileSync('git', [...args], { cwd: projectUri().fsPath, encoding: 'utf8' })

/** What the scripted model is to say is the prompt of the settings. */
async function say(prompts: Readonly<Record<string, string>> | undefined): Promise<void> {
  const settings = vscode.workspace.getConfiguration('opencodeSessions')
  await settings.update('prompts', prompts, vscode.ConfigurationTarget.Global)
}

describe('What OpenCode says in the places of VS Code', function () {
  this.timeout(180_000)
  let seam: TestSeam
  let original: string

  before(async () => {
    seam = await activated()
    original = Buffer.from(await vscode.workspace.fs.readFile(projectUri('a.txt'))).toString()
  })
  afterEach(async () => {
    await say(undefined)
    await closeEditors()
    gitIn('reset', '-q')
    await write('a.txt', original)
  })
  after(() => backendOf(seam.services).access.stop())

  const sessions = async () => {
    const connection = await backendOf(seam.services).access.ensure()
    return connection.listSessions({ directory: await directory() })
  }
  const directory = async () => seam.services.backends.places[0]?.directory ?? ''

  it('is a commit message of what is staged, in the box, from a session that is gone then', async () => {
    const repository = await repositoryOf()
    await write('a.txt', `${original}staged\n`)
    await write('.env', 'KEY=secret\n')
    gitIn('add', 'a.txt', '.env')
    const denied = seam.services.settings.deniedFiles.value
    const changes = await changesToSend(projectUri().fsPath, 'staged', denied)
    assert.match(changes?.text ?? '', /^\+staged$/m)
    assert.doesNotMatch(changes?.text ?? '', /secret|\.env/)
    gitIn('reset', '-q', 'a.txt')
    await vscode.commands.executeCommand('opencodeSessions.generateCommitMessage', {
      rootUri: repository.rootUri,
    })
    assert.equal(repository.inputBox.value, '', 'A message about changes that are not part of the commit.')
    gitIn('add', 'a.txt')
    await say({ commitMessage: '[[text:```\\nAdd a line\\n\\nIt was missing.\\n```]] ${branch}' })
    await vscode.commands.executeCommand('opencodeSessions.generateCommitMessage', {
      rootUri: repository.rootUri,
    })
    assert.equal(repository.inputBox.value, 'Add a line\n\nIt was missing.')
    assert.ok(!(await sessions()).some(({ title }) => title === 'Commit message'))
    repository.inputBox.value = ''
    gitIn('reset', '-q')
    await vscode.workspace.fs.delete(projectUri('.env'))
  })

  it('is a commit message of all changes where nothing is staged, and none without changes', async () => {
    const repository = await repositoryOf()
    const generate = () =>
      vscode.commands.executeCommand('opencodeSessions.generateCommitMessage', {
        rootUri: repository.rootUri,
      })
    await say({ commitMessage: '[[text:Not to be seen]]' })
    const leftByOtherTests = gitIn('status', '--porcelain') !== ''
    if (leftByOtherTests) gitIn('stash', '--include-untracked', '--quiet')
    await generate()
    if (leftByOtherTests) gitIn('stash', 'pop', '--quiet')
    assert.equal(repository.inputBox.value, '')
    await write('a.txt', `${original}unstaged\n`)
    await write('fresh.txt', 'never added\n')
    await write('.env', 'KEY=secret\n')
    await say({ commitMessage: 'Commit of all. [[text:Say more]]' })
    await generate()
    assert.equal(repository.inputBox.value, 'Say more')
    const prompt = await reached('Commit of all.')
    assert.match(prompt, /^\+unstaged$[\s\S]*^\+never added$/m)
    assert.doesNotMatch(prompt, /secret|\.env/)
    repository.inputBox.value = ''
    await vscode.workspace.fs.delete(projectUri('fresh.txt'))
    await vscode.workspace.fs.delete(projectUri('.env'))
  })

  it('is for the repository that is meant, of several', async () => {
    const repository = await repositoryOf()
    await write('other/b.txt', 'other\n')
    execFileSync('git', ['init', '-q', projectUri('other').fsPath])
    const other = await (await gitApi()).openRepository(projectUri('other'))
    assert.ok(other)
    await say({ commitMessage: 'Commit of ${diff}. [[text:For the other]]' })
    await vscode.commands.executeCommand('opencodeSessions.generateCommitMessage', { rootUri: other.rootUri })
    assert.deepEqual([repository.inputBox.value, other.inputBox.value], ['', 'For the other'])
    assert.match(await reached('Commit of '), /^\+\+\+ b\/b\.txt$/m)
    await write('a.txt', `${original}of the first\n`)
    await say({ commitMessage: 'First commit of ${diff}. [[text:For the first]]' })
    await vscode.commands.executeCommand('opencodeSessions.generateCommitMessage', {
      rootUri: repository.rootUri,
    })
    const first = await reached('First commit of ')
    assert.match(first, /^\+of the first$/m)
    assert.doesNotMatch(first, /b\.txt/)
    repository.inputBox.value = ''
    const findings = [{ file: 'other/b.txt', line: 1, message: 'Of the other.' }]
    await say({ review: `Review of it. [[text:${JSON.stringify({ findings })}]]` })
    await vscode.commands.executeCommand('opencodeSessions.reviewChanges', { rootUri: other.rootUri })
    const reviewed = await reached('Review of it.')
    assert.match(reviewed, /^\+\+\+ b\/other\/b\.txt$/m)
    assert.doesNotMatch(reviewed, /of the first/)
    const { comments } = seam.reviews
    assert.deepEqual(
      comments.threads.map(({ uri }) => uri.fsPath),
      [projectUri('other/b.txt').fsPath],
    )
    comments.clear()
    await vscode.workspace.fs.delete(projectUri('other'), { recursive: true })
  })

  it('is about the start of a diff that is too large, after a list of all its files', async () => {
    const files = ['huge1.txt', 'huge2.txt']
    for (const name of files) await write(name, 'a line that is not short at all\n'.repeat(5_000))
    gitIn('add', ...files)
    const changes = await changesToSend(projectUri().fsPath, 'staged', [])
    gitIn('reset', '-q')
    for (const name of files) await vscode.workspace.fs.delete(projectUri(name))
    assert.match(changes?.text ?? '', /^ huge1\.txt \|.*\n huge2\.txt \|/)
    assert.match(changes?.text ?? '', /more characters were left out\]$/)
    assert.ok((changes?.text.length ?? 0) < 201_000)
  })

  it('is a finding that says when its lines changed or are gone, and goes with its file', async () => {
    const findings = [
      { file: 'a.txt', line: 2, message: 'Old name.' },
      { file: 'moved.txt', line: 1, message: 'First.' },
    ]
    gitIn('mv', 'a.txt', 'moved.txt')
    await say({ review: `[[text:${JSON.stringify({ findings })}]]` })
    const { comments } = seam.reviews
    await seam.reviews.review({ directory: await directory(), set: 'staged', label: 'Moved' })
    const find = (line: number) => comments.threads.find(({ range }) => range?.start.line === line)
    const thread = find(1)
    assert.ok(thread && comments.threads.length === 2)
    assert.equal(thread.uri.fsPath, projectUri('moved.txt').fsPath)
    const editor = await openEditor(thread.uri)
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), 'not '))
    await until('the lines changed', () => /^Note · .*changed/.test(thread.label ?? ''))
    await vscode.commands.executeCommand('undo')
    await until('the lines are as before', () => thread.label === 'Note')
    await editor.edit((edit) => edit.delete(new vscode.Range(1, 0, 2, 0)))
    await until('the lines are gone', () => /^Note · .*gone/.test(thread.label ?? ''))
    assert.deepEqual((await seam.reviews.toFix(thread))?.attachments, [])
    await vscode.commands.executeCommand('undo')
    await until('the lines are back', () => thread.label === 'Note' && thread.range?.start.line === 1)
    await editor.document.save()
    const edit = new vscode.WorkspaceEdit()
    edit.renameFile(projectUri('moved.txt'), projectUri('again.txt'))
    await vscode.workspace.applyEdit(edit)
    await until('both went along', () =>
      comments.threads.every(({ uri }) => uri.fsPath === projectUri('again.txt').fsPath),
    )
    const moved = find(1)
    assert.ok(moved && moved.comments.map(bodyOf).join() === 'Old name.')
    assert.match((await seam.reviews.toFix(moved))?.text ?? '', /again\.txt: Old name\./)
    comments.clear()
    await closeEditors()
    await vscode.workspace.fs.delete(projectUri('again.txt'))
    gitIn('reset', '-q')
    gitIn('checkout', '--', 'a.txt')
  })

  it('is a review whose findings stand at their lines, follow edits, and answer', async () => {
    const findings = [
      { file: 'a.txt', line: 2, endLine: 2, severity: 'error', message: 'This is **wrong**.' },
      { file: 'a.txt', line: 900, message: 'Nowhere.' },
      { file: '../../etc/passwd', line: 1, message: 'Outside.' },
    ]
    await write('a.txt', `${original}more\n`)
    await say({ review: `[[text:${JSON.stringify({ findings })}]]` })
    const { reviews } = seam
    await reviews.review({ directory: await directory(), set: 'unstaged', label: 'Test' })
    const [thread, ...others] = reviews.comments.threads
    assert.ok(thread && others.length === 0)
    assert.equal(thread.uri.fsPath, projectUri('a.txt').fsPath)
    assert.deepEqual([thread.range?.start.line, thread.label], [1, 'Error'])
    assert.ok((await sessions()).some(({ title }) => title === 'Review: Test'))
    const editor = vscode.window.activeTextEditor
    assert.equal(editor?.document.uri.fsPath, projectUri('a.txt').fsPath)
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'zero\n'))
    await until('the finding moved', () => thread.range?.start.line === 2)
    await vscode.commands.executeCommand('opencodeSessions.replyToFinding', {
      thread,
      text: 'Why? [[text:Because.]]',
    })
    assert.deepEqual(thread.comments.map(bodyOf), [
      'This is **wrong**.',
      'Why? [[text:Because.]]',
      'Because.',
    ])
    const { text, attachments } = (await reviews.toFix(thread)) ?? {}
    assert.match(text ?? '', /a\.txt.*\*\*wrong\*\*/)
    assert.equal(attachments?.[0]?.item.label, 'a.txt:3')
    await vscode.commands.executeCommand('opencodeSessions.dismissFinding', thread)
    assert.equal(reviews.comments.threads.length, 0)
  })

  it('is a finding at its lines, though the file was edited while the review ran', async () => {
    const findings = [
      { file: 'b/a.txt', line: 2, message: 'Moved.' },
      { file: 'a.txt', line: '4', message: 'Changed.' },
      { file: 'way/out.txt', line: 1, message: 'Outside.' },
    ]
    const { comments } = seam.reviews
    const labelOf = (message: string) => {
      const thread = comments.threads.find((each) => each.comments.map(bodyOf).join() === message)
      return [thread?.range?.start.line, thread?.label]
    }
    symlinkSync(tmpdir(), projectUri('way').fsPath)
    writeFileSync(join(tmpdir(), 'out.txt'), 'outside\n')
    await write('a.txt', 'zero\none\ntwo\nthree\n')
    gitIn('add', 'a.txt')
    await write('a.txt', 'unstaged\nzero\none\ntwo\nthree\n')
    const editor = await openEditor(projectUri('a.txt'))
    await until('the editor shows the file', () => editor.document.lineAt(0).text === 'unstaged')
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'unsaved\n'))
    await say({ review: `[[wait:1500]][[text:${JSON.stringify({ findings })}]]` })
    const reviewing = seam.reviews.review({ directory: await directory(), set: 'staged', label: 'Edited' })
    await until('the review runs', () => seam.services.quietRuns.size > 0)
    await editor.edit((edit) => edit.insert(new vscode.Position(5, 5), ' and more'))
    await reviewing
    assert.deepEqual(labelOf('Moved.'), [3, 'Note'])
    assert.deepEqual(labelOf('Changed.'), [5, 'Note · these lines changed since'])
    assert.equal(comments.threads.length, 2)
    comments.clear()
    unlinkSync(projectUri('way').fsPath)
    unlinkSync(join(tmpdir(), 'out.txt'))
  })

  it('is a mark at the margin where there are very many', async () => {
    await write('many.txt', 'line\n'.repeat(400))
    const findings = Array.from({ length: 200 }, (_, index) => ({
      file: 'many.txt',
      line: index + 1,
      message: 'x',
    }))
    await say({ review: `[[text:${JSON.stringify({ findings })}]]` })
    await seam.reviews.review({ directory: await directory(), set: 'uncommitted', label: 'Many' })
    const { comments } = seam.reviews
    const { Expanded } = vscode.CommentThreadCollapsibleState
    assert.equal(comments.threads.length, 200)
    assert.equal(comments.threads.filter((each) => each.collapsibleState === Expanded).length, 10)
    comments.clear()
    await vscode.workspace.fs.delete(projectUri('many.txt'))
  })

  it('is no comment when the answer cannot be read', async () => {
    await write('a.txt', `${original}more\n`)
    await say({ review: '[[text:All is well, I think.]]' })
    await seam.reviews.review({ directory: await directory(), set: 'uncommitted', label: 'Unreadable' })
    assert.equal(seam.reviews.comments.threads.length, 0)
    const kept = (await sessions()).find(({ title }) => title === 'Review: Unreadable')
    assert.ok(kept)
    const connection = await backendOf(seam.services).access.ensure()
    const { messages } = await connection.readMessages(kept.id, 10)
    assert.match(JSON.stringify(messages), /All is well, I think\./)
  })
})

interface GitApi {
  readonly repositories: readonly Repository[]
  openRepository(uri: vscode.Uri): Promise<Repository | null>
}

async function gitApi(): Promise<GitApi> {
  const extension = vscode.extensions.getExtension<{ getAPI(version: 1): GitApi }>('vscode.git')
  assert.ok(extension, 'There is no Git support in this host.')
  return (await extension.activate()).getAPI(1)
}

async function repositoryOf(): Promise<Repository> {
  const api = await gitApi()
  await openEditor(projectUri('a.txt'))
  // Other tests have had repositories in folders below.
  const found = () => api.repositories.find(({ rootUri }) => rootUri.fsPath === projectUri().fsPath)
  await until('the repository is known', found)
  return found() ?? assert.fail()
}

function bodyOf({ body }: vscode.Comment): string {
  return typeof body === 'string' ? body : body.value
}
