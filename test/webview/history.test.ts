import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'mocha'
import { toMessageID } from '../../src/opencode/ids.ts'
import type { ChatPage, Harness } from './support/harness.ts'
import { startHarness } from './support/harness.ts'
import { answer, chatWith, session, textBlock, tool, user } from './support/states.ts'

describe('tools of messages', function () {
  this.timeout(120_000)
  let harness: Harness
  let chat: ChatPage
  before(async () => (harness = await startHarness()))
  after(() => harness.dispose())
  afterEach(async () => {
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

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
    chat = await harness.open(chatWith(talk))
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
    chat = await harness.open(chatWith(talk))
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

  it('hide what is undone and offer to redo it', async () => {
    chat = await harness.open(chatWith(talk))
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
})
