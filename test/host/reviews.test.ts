import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as vscode from 'vscode'
import { changesToSend, withoutBraces } from '../../src/prompt/git.ts'
import type { TestSeam } from '../../src/extension.ts'
import { activated, backendOf, closeEditors, openEditor, projectUri, until } from './support.ts'

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

describe('A glob of the deny list', () => {
  it('becomes globs that Git knows', () => {
    assert.deepEqual(withoutBraces('**/.env'), ['**/.env'])
    assert.deepEqual(withoutBraces('**/{a,b}*.{x,y}'), ['**/a*.x', '**/a*.y', '**/b*.x', '**/b*.y'])
  })
})

async function repositoryOf(): Promise<Repository> {
  const extension = vscode.extensions.getExtension<{
    getAPI(version: 1): { readonly repositories: readonly Repository[] }
  }>('vscode.git')
  assert.ok(extension, 'There is no Git support in this host.')
  const api = (await extension.activate()).getAPI(1)
  await openEditor(projectUri('a.txt'))
  await until('the repository is known', () => api.repositories.length > 0)
  const [repository] = api.repositories
  assert.ok(repository)
  return repository
}

function bodyOf({ body }: vscode.Comment): string {
  return typeof body === 'string' ? body : body.value
}
