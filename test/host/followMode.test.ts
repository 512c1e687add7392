import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'
import type { Message, ToolBlock } from '../../src/session/model.ts'
import type { SessionState } from '../../src/session/state.ts'
import { Emitter } from '../../src/util/event.ts'
import { FollowMode } from '../../src/views/desk/followMode.ts'
import type { FollowModeOptions } from '../../src/views/desk/followMode.ts'
import { Manners } from '../../src/views/desk/manners.ts'
import { assistant, state, text, tool, user } from '../unit/session/support/builders.ts'
import { activated, backendOf, closeEditors, openEditor, projectUri, until } from './support.ts'

const patch = '--- a/f\n+++ b/f\n@@ -41,1 +41,1 @@\n-old\n+new\n'
/** Longer than a run of quick calls is waited for. */
const settledMs = 600

/** What a chat shows comes in batches: one look may see several steps at once. */
describe('An editor that follows the agent', () => {
  const onDidChange = new Emitter<undefined>()
  const outside = join(tmpdir(), 'followed outside.txt')
  let follow: FollowMode
  let manners: Manners
  let active: { isVisible: boolean; sessionID: string; directory: string; state: { session: SessionState } }

  before(async () => {
    for (const name of ['one.txt', 'two.txt', 'gone.txt']) await writeFile(at(name), 'line\n'.repeat(80))
    await writeFile(outside, 'outside\n')
  })
  beforeEach(async () => {
    const { services } = await activated()
    const backend = backendOf(services)
    const sessionID = `ses_${String(Math.random())}`
    const directory = projectUri().fsPath
    const chat = { isVisible: true, sessionID, directory, backend, state: { session: state() } }
    active = chat
    manners = new Manners()
    const options = { chats: { active: chat, onDidChange: onDidChange.event }, manners }
    follow = new FollowMode({
      ...options,
      settings: { follow: { value: true } },
    } as unknown as FollowModeOptions)
  })
  afterEach(async () => {
    follow.dispose()
    manners.dispose()
    await closeEditors()
  })
  after(() => rm(outside, { force: true }))

  it('sees the edit after which the next step began at once', async () => {
    see('busy', [assistant('a', 2, { blocks: [tool('t', { kind: 'edit', status: 'pending' })] })])
    see('busy', [
      assistant('a', 2, { blocks: [edited('one.txt')] }),
      assistant('b', 3, { blocks: [text('x', 'And on.')] }),
    ])
    await shows('one.txt', 40)
  })

  it('sees the edit after which the run ended at once', async () => {
    see('busy', [])
    see('idle', [
      assistant('a', 2, { blocks: [edited('two.txt')] }),
      assistant('b', 3, { blocks: [text('x', 'Done.')] }),
    ])
    await shows('two.txt', 40)
  })

  it('shows nothing of a run that was over before, nor of an earlier turn', async () => {
    see('idle', [assistant('a', 2, { blocks: [edited('one.txt')] })])
    const next = [assistant('a', 2, { blocks: [edited('one.txt')] }), user('v', 3), assistant('b', 4)]
    see('busy', next)
    await showsNothing()
  })

  it('stays where it is at a file that was deleted, also between the edit and the look', async () => {
    see('busy', [])
    see('busy', [assistant('a', 2, { blocks: [edited('one.txt')] })])
    await shows('one.txt', 40)
    const removed = { path: at('two.txt'), status: 'deleted' as const, additions: 0, deletions: 1 }
    see('busy', [assistant('a', 2, { blocks: [tool('d', { status: 'completed', files: [removed] })] })])
    await rm(at('gone.txt'))
    see('busy', [assistant('a', 2, { blocks: [edited('gone.txt')] })])
    await sleep(settledMs)
    assert.deepEqual(shown(), [at('one.txt')])
  })

  it('shows a place outside of the folder as well', async () => {
    see('busy', [])
    see('busy', [
      assistant('a', 2, {
        blocks: [tool('r', { kind: 'read', status: 'running', input: { filePath: outside, offset: 1 } })],
      }),
    ])
    await shows(outside, 0)
  })

  it('opens nothing over the editor that somebody types in, but beside it', async () => {
    const mine = await openEditor(projectUri('two.txt'))
    await mine.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed'))
    await vscode.commands.executeCommand('type', { text: ' on' })
    see('busy', [])
    see('busy', [assistant('a', 2, { blocks: [edited('one.txt')] })])
    await sleep(settledMs)
    assert.deepEqual(shown(), [at('two.txt')])
    await vscode.commands.executeCommand('workbench.action.newGroupRight')
    await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup')
    see('idle', [assistant('b', 3, { blocks: [edited('one.txt', 'again')] })])
    await until('it is shown beside', () => shown().includes(at('one.txt')))
    assert.equal(vscode.window.activeTextEditor?.document.fileName, at('two.txt'))
  })

  function see(status: 'busy' | 'idle', answers: readonly Message[]): void {
    active.state.session = state([user('u', 1), ...answers], {
      status: { kind: status },
    })
    onDidChange.fire(undefined)
  }

  function edited(name: string, id = name): ToolBlock {
    const change = { path: at(name), status: 'modified' as const, additions: 1, deletions: 1, patch }
    return tool(id, { kind: 'edit', status: 'completed', files: [change] })
  }

  async function shows(name: string, line: number): Promise<void> {
    const path = name === outside ? name : at(name)
    const editor = () => vscode.window.visibleTextEditors.find(({ document }) => document.fileName === path)
    await until(`${name} is shown`, () =>
      editor()?.visibleRanges.some(({ start, end }) => start.line <= line && end.line >= line),
    )
  }

  async function showsNothing(): Promise<void> {
    await sleep(settledMs)
    assert.deepEqual(shown(), [])
  }

  function shown(): readonly string[] {
    return vscode.window.visibleTextEditors.map(({ document }) => document.fileName)
  }

  function at(name: string): string {
    return projectUri(name).fsPath
  }
})
