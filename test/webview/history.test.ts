import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { toMessageID, toSessionID } from '../../src/opencode/ids.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import {
  allCapabilities,
  answer,
  chatWith,
  permission,
  session,
  sessionID,
  textBlock,
  tool,
  user,
} from './support/states.ts'

describe('tools of messages', function () {
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))

  const change = { path: '/home/me/demo/a.ts', patch: '@@ -1 +1 @@\n-a\n+b\n', additions: 1, deletions: 1 }
  const edit = tool('edit', {
    kind: 'edit',
    status: 'completed',
    files: [{ ...change, status: 'modified' }],
  })
  const talk = [
    user('msg_1', 'First prompt'),
    answer('msg_2', [textBlock('prt_1', 'First answer'), edit], { promptID: toMessageID('msg_1') }),
    user('msg_3', 'Second prompt'),
    answer('msg_4', [textBlock('prt_4', 'Second answer')], { promptID: toMessageID('msg_3') }),
  ]
  const article = (name: string, words: string) =>
    chat.page.getByRole('article', { name }).filter({ hasText: words })

  it('edit, fork and undo from a prompt on, by mouse and keyboard', async () => {
    await open(chatWith(talk))
    const prompt = article('You', 'First prompt')
    await prompt.hover()
    await prompt.getByRole('button', { name: 'Undo from here' }).click()
    assert.deepEqual(await chat.waitForCall('history/undo'), { messageID: 'msg_1' })
    await prompt.getByRole('button', { name: 'Edit and send again' }).click()
    assert.deepEqual(await chat.waitForCall('history/edit'), { messageID: 'msg_1' })
    await prompt.getByRole('button', { name: 'Fork from here' }).focus()
    await chat.page.keyboard.press('Enter')
    assert.deepEqual(await chat.waitForCall('history/fork'), { messageID: 'msg_1', from: 'prompt' })
  })

  it('fork after an answer, copy it as Markdown, and undo from a call on', async () => {
    await open(chatWith(talk))
    const first = article('OpenCode', 'First answer')
    await first.hover()
    await first.getByRole('button', { name: 'Copy as Markdown' }).click()
    assert.deepEqual(await chat.waitForCall('message/copyMarkdown'), { messageID: 'msg_2' })
    await first.getByRole('button', { name: 'Copied' }).waitFor()
    await first.getByRole('button', { name: 'Fork after this answer' }).click()
    assert.deepEqual(await chat.waitForCall('history/fork'), { messageID: 'msg_2', from: 'answer' })
    await first.getByRole('button', { name: 'Undo from here' }).click()
    assert.deepEqual(await chat.waitForCall('history/undo'), { messageID: 'msg_2', blockID: edit.id })
  })

  it('are greyed with the reason when the server cannot do it', async () => {
    const state = chatWith(talk)
    await open({ ...state, capabilities: { ...allCapabilities, fork: false, revert: false } })
    const prompt = article('You', 'First prompt')
    await prompt.hover()
    const cannotUndo = 'This server (OpenCode 1.18.33) cannot undo prompts.'
    const cannotFork = 'This server (OpenCode 1.18.33) cannot fork sessions.'
    const reasons = {
      'Edit and send again': cannotUndo,
      'Undo from here': cannotUndo,
      'Fork from here': cannotFork,
    }
    for (const [name, reason] of Object.entries(reasons)) {
      const button = prompt.getByRole('button', { name })
      assert.equal(await button.getAttribute('title'), reason)
      assert.equal(await button.getAttribute('aria-disabled'), 'true')
      await button.click({ force: true })
    }
    await chat.page.getByRole('button', { name: 'More' }).click()
    const entry = chat.page.getByRole('menuitem', { name: 'Fork session' })
    assert.equal(await entry.getAttribute('title'), cannotFork)
    await entry.click({ force: true })
    const share = chat.page.getByRole('menuitem', { name: 'Share session' })
    assert.equal(await share.getAttribute('aria-disabled'), null)
    const asked = chat.calls.filter(({ method }) => method.startsWith('history/') || method === 'command/run')
    assert.deepEqual(asked, [])
  })

  it('drop for good what is undone, and undo whole turns only, where the server is like that', async () => {
    const capabilities = { ...allCapabilities, partialUndo: false }
    await open({ ...chatWith(talk), capabilities })
    const step = article('OpenCode', 'First answer').getByRole('button', { name: 'Undo from here' })
    assert.equal(await step.getAttribute('aria-disabled'), 'true')
    assert.match(
      (await step.getAttribute('title')) ?? '',
      /cannot undo a part of an answer; undo its prompt instead/,
    )
    await chat.session({ type: 'session/put', session: session({ revertedFrom: toMessageID('msg_3') }) })
    const strip = chat.page.getByRole('group', { name: 'Undone' })
    await strip.getByRole('button', { name: 'Drop' }).click()
    assert.deepEqual(await chat.waitForCall('command/run'), { command: 'dropUndone' })
  })

  it('stay undone until the next prompt where the server only knows that', async () => {
    await open({ ...chatWith(talk), capabilities: { ...allCapabilities, commitUndo: false } })
    await chat.session({ type: 'session/put', session: session({ revertedFrom: toMessageID('msg_3') }) })
    await chat.page.getByRole('button', { name: 'Redo' }).waitFor()
    assert.equal(await chat.page.getByRole('button', { name: 'Drop' }).count(), 0)
  })

  it('hide what is undone and offer to redo it', async () => {
    await open(chatWith(talk))
    await chat.session({ type: 'session/put', session: session({ revertedFrom: toMessageID('msg_3') }) })
    const strip = chat.page.getByRole('group', { name: 'Undone' })
    await strip.getByText('1 prompt undone').waitFor()
    assert.equal(await article('You', 'Second prompt').count(), 0)
    await strip.getByRole('button', { name: 'Redo' }).click()
    await chat.waitForCall('history/redo')
    await chat.session({ type: 'session/put', session: session() })
    await article('You', 'Second prompt').waitFor()
    assert.equal(await strip.count(), 0)
  })

  it('grey out what the configuration forbids, and say why', async () => {
    await open(chatWith(talk, {}, { isSharingOff: true }))
    await chat.page.getByRole('button', { name: 'More', exact: true }).click()
    const share = chat.page.getByRole('menuitem', { name: 'Share session…' })
    assert.equal(await share.getAttribute('aria-disabled'), 'true')
    assert.match((await share.getAttribute('title')) ?? '', /"share": "disabled"/)
    await share.click({ force: true })
    assert.deepEqual(chat.callsOf('command/run'), [])
  })
})

describe('subagents in the page', function () {
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))

  const childID = toSessionID('ses_child')
  const task = tool('task', {
    name: 'task',
    kind: 'subagent',
    status: 'running',
    target: 'Look around',
    childSessionID: childID,
  })
  const talk = [user('msg_1', 'Explore'), answer('msg_2', [task], { promptID: toMessageID('msg_1') })]
  const subagent = {
    id: childID,
    title: 'Look around (@explore subagent)',
    parentID: sessionID,
    state: 'busy' as const,
    agent: 'explore',
    model: { providerID: 'mock', modelID: 'fast' },
    activity: { calls: 3, tool: 'grep', target: 'TODO' },
  }

  it('say what they do now, and open their own session here or in an editor', async () => {
    const family = { ancestors: [], subagents: [subagent] }
    await open(chatWith(talk, { status: { kind: 'busy' } }, { family }))
    const card = chat.page.getByRole('group', { name: 'Subagent: Look around' })
    await card.getByText('3 tool calls · grep TODO · @explore · fast').waitFor()
    await card.getByRole('button', { name: 'Open' }).click()
    assert.deepEqual(await chat.waitForCall('session/open'), { sessionID: childID })
    await chat.apply({
      type: 'family',
      family: { ancestors: [], subagents: [{ ...subagent, state: 'waiting' }] },
    })
    await card.getByText(/Waits for you/).waitFor()
  })

  it('are named where they ask, with agent, model and what started them', async () => {
    const deep = { ...subagent, id: toSessionID('ses_deep'), title: 'Deeper', parentID: childID }
    const asking = permission('per_1', { sessionID: deep.id })
    const family = { ancestors: [], subagents: [subagent, deep] }
    await open(chatWith(talk, { status: { kind: 'busy' }, requests: [asking] }, { family }))
    const dock = chat.page.getByRole('group', { name: 'Permission required' })
    await dock.getByText('Asked by subagent: Deeper').waitFor()
    await dock.getByText('@explore · fast · started by Look around (@explore subagent)').waitFor()
    await dock.getByRole('button', { name: 'Open', exact: true }).click()
    assert.deepEqual(await chat.waitForCall('session/open'), { sessionID: deep.id })
  })

  it('are read only on their own: no composer, no undo, and a way back', async () => {
    const child = session({ id: childID, parentID: sessionID, title: 'Look around' })
    const family = { ancestors: [{ id: sessionID, title: 'The parent' }], subagents: [] }
    await open(chatWith(talk, { session: child }, { family }))
    await chat.page.getByRole('group', { name: 'Read only' }).waitFor()
    assert.equal(await chat.page.getByRole('textbox', { name: 'Message OpenCode' }).count(), 0)
    const prompt = chat.page.getByRole('article', { name: 'You' })
    await prompt.hover()
    await prompt.getByRole('button', { name: 'Copy message' }).waitFor()
    assert.equal(await prompt.getByRole('button', { name: 'Undo from here' }).isVisible(), false)
    const crumbs = chat.page.getByRole('navigation', { name: 'Parent sessions' })
    await crumbs.getByRole('button', { name: 'The parent' }).click()
    assert.deepEqual(await chat.waitForCall('session/open'), { sessionID })
  })
})
