import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { commandIds } from '../../src/commands/commandIds.ts'
import type { ChatState } from '../../src/protocol/chat.ts'
import { activated, backendOf, until } from './support.ts'

const slots = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')]
const slotValues = (): readonly unknown[] =>
  slots.map((slot) => (globalThis as Record<symbol, unknown>)[slot])

describe('Activation', () => {
  it('starts no server and changes nothing global', async () => {
    const before = { slots: slotValues(), env: { ...process.env }, cwd: process.cwd() }
    const { services } = await activated()
    assert.equal(backendOf(services).server.status.kind, 'stopped')
    assert.equal(backendOf(services).hub.connection, undefined)
    assert.deepEqual(slotValues(), before.slots)
    assert.deepEqual({ ...process.env }, before.env)
    assert.equal(process.cwd(), before.cwd)
  })

  it('registers exactly the commands of the manifest', async () => {
    await activated()
    const all = await vscode.commands.getCommands(true)
    // VS Code makes some of its own for each view.
    const ours = all.filter((id) => /^opencodeSessions\.(?!(chat|sessions|changes|server)\.)/.test(id))
    const declared = new Set<string>(Object.values(commandIds))
    assert.deepEqual(
      [...declared].filter((id) => !ours.includes(id)),
      [],
    )
    const extra = ours.filter(
      (id) => !declared.has(id) && !/\.(resetViewContainerLocation|focus|open)$/.test(id),
    )
    assert.deepEqual(extra, [])
  })
})

describe('A running server', () => {
  it('answers through a chat, and leaves the dispatcher of other extensions alone', async function () {
    this.timeout(180_000)
    const before = slotValues()
    const { services, view } = await activated()
    const chat = await (await view.reveal()).whenReady()
    await chat.show({ sessionID: undefined, directory: chat.directory })
    await chat.send('[[text:An answer from **the real server**.]]', [])
    await until('the answer', () => /the real server/.test(answerOf(chat.state)), 120_000)
    assert.equal(backendOf(services).server.status.kind, 'running')
    assert.deepEqual(slotValues(), before)
    await until('the end of the run', () => chat.state.session?.status.kind === 'idle')
    assert.deepEqual(backendOf(services).outbox.entries(), [])
  })

  it('makes one session of two prompts that are sent at once', async function () {
    this.timeout(180_000)
    const { services, view } = await activated()
    const chat = await (await view.reveal()).whenReady()
    await chat.show({ sessionID: undefined, directory: chat.directory })
    await Promise.all([chat.send('[[text:one]]', []), chat.send('[[text:two]]', [])])
    await until('both prompts', () => prompts(chat.state).length === 2)
    await until('both in the server', () => backendOf(services).outbox.entries().length === 0, 120_000)
    await until(
      'the end of the run',
      async () => {
        const running = await backendOf(services).server.connection?.readStatus(chat.directory ?? '/')
        return running?.size === 0
      },
      120_000,
    )
  })

  it('ends with the command, and stays ended when the chat is shown again', async function () {
    this.timeout(60_000)
    const { services, view } = await activated()
    await vscode.commands.executeCommand(commandIds.stopServer)
    assert.equal(backendOf(services).server.status.kind, 'stopped')
    const chat = await view.reveal()
    await chat.snapshot()
    assert.equal(backendOf(services).server.status.kind, 'stopped')
  })
})

function answerOf(state: ChatState): string {
  const blocks = state.session?.messages
    .filter(({ role }) => role === 'assistant')
    .flatMap((message) => message.blocks)
  return (blocks ?? []).map((block) => (block.type === 'text' ? block.text : '')).join('')
}

function prompts(state: ChatState): readonly unknown[] {
  return state.session?.messages.filter(({ role }) => role === 'user') ?? []
}
