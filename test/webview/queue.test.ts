import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import type { ChatState } from '../../src/protocol/chat.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { chatWith, user } from './support/states.ts'

describe('prompts that wait', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const composer = () => chat.page.getByRole('textbox', { name: 'Message OpenCode' })
  const dock = () => chat.page.getByRole('group', { name: 'Queued prompts' })

  describe('of our own', () => {
    const waiting = (id: string, text: string) => ({ id, text, items: [] })
    const busy = (): ChatState =>
      chatWith(
        [user('msg_1', 'go')],
        { status: { kind: 'busy' } },
        { queue: { prompts: [waiting('a', 'first'), waiting('b', 'second'), waiting('c', 'third')] } },
      )
    const item = (text: string) => dock().getByRole('listitem').filter({ hasText: text })

    it('takes what is sent during a run, and sends into the run with Ctrl+Enter', async () => {
      await open(busy())
      await composer().fill('later')
      await composer().press('Enter')
      assert.deepEqual(await chat.waitForCall('queue/add'), { text: 'later', items: [] })
      await composer().fill('now')
      await composer().press('Control+Enter')
      assert.deepEqual(await chat.waitForCall('prompt/send'), { text: 'now', items: [] })
    })

    it('of several quick prompts never eats what is typed after them', async () => {
      await open(busy())
      for (const text of ['one', 'two']) {
        await composer().fill(text)
        await composer().press('Enter')
      }
      await chat.waitForCall('queue/add', 2)
      await chat.apply({ type: 'draft', draft: { text: '', revision: 1, items: [] } })
      await composer().fill('three')
      await chat.apply({ type: 'draft', draft: { text: '', revision: 2, items: [] } })
      assert.equal(await composer().inputValue(), 'three')
    })

    it('is moved, edited and emptied by keyboard', async () => {
      await open(busy())
      await item('second').focus()
      await item('second').press('Alt+ArrowUp')
      assert.deepEqual(await chat.waitForCall('queue/move'), { id: 'b', index: 0 })
      await item('second').press('ArrowDown')
      assert.ok(await item('third').evaluate((element) => element === document.activeElement))
      await item('third').press('Enter')
      const edit = dock().getByRole('textbox', { name: 'Edit queued prompt' })
      await edit.fill('other')
      await edit.press('Enter')
      assert.deepEqual(await chat.waitForCall('queue/update'), { id: 'c', text: 'other' })
      await item('second').press('Enter')
      await edit.fill('given up')
      await edit.press('Escape')
      await item('second').waitFor()
      assert.equal(chat.callsOf('queue/update').length, 1)
      await item('first').focus()
      await item('first').press('Delete')
      assert.deepEqual(await chat.waitForCall('queue/remove'), { id: 'a' })
    })

    it('is moved by dragging, and sent at once by a click', async () => {
      await open(busy())
      await item('third').dragTo(item('first'))
      assert.deepEqual(await chat.waitForCall('queue/move'), { id: 'c', index: 0 })
      await item('second').getByRole('button', { name: 'Send now' }).click()
      assert.deepEqual(await chat.waitForCall('queue/sendNow'), { id: 'b' })
    })

    it('says why it waits, and goes on when told', async () => {
      await open(busy())
      await chat.apply({
        type: 'queue',
        queue: { prompts: [waiting('a', 'first')], paused: 'The run was stopped.' },
      })
      await dock().getByText('1 prompt queued · paused: The run was stopped.').waitFor()
      await dock().getByRole('button', { name: 'Send next' }).click()
      await chat.waitForCall('queue/resume')
      await chat.apply({ type: 'queue', queue: undefined })
      await dock().waitFor({ state: 'detached' })
    })
  })

  describe('on the server', () => {
    const waits = (id: string, text: string, delivery: 'steer' | 'queue') => ({
      ...user(id, text),
      waits: delivery,
    })
    const messages = [
      user('msg_1', 'go'),
      waits('msg_2', 'at the next step', 'steer'),
      waits('msg_3', 'afterwards', 'queue'),
    ]
    const button = (name: string) => dock().getByRole('button', { name })

    it('stands above the composer; what steers the run stands in the conversation', async () => {
      await open(chatWith(messages, { status: { kind: 'busy' } }))
      await dock().getByText('1 prompt queued on the server').waitFor()
      assert.equal(await chat.page.locator('.prompt').getByText('afterwards').count(), 0)
      const steering = chat.page.locator('.prompt', { hasText: 'at the next step' })
      await steering.getByText('Joins the run at its next step').waitFor()
      assert.equal(await steering.getByRole('button', { name: 'Undo from here' }).count(), 0)
      await steering.getByRole('button', { name: 'Queue instead' }).click()
      assert.deepEqual(await chat.waitForCall('inbox/deliver'), { messageID: 'msg_2', delivery: 'queue' })
      await steering.getByRole('button', { name: 'Cancel' }).click()
      assert.deepEqual(await chat.waitForCall('inbox/cancel'), { messageID: 'msg_2' })
      await button('Send now').click()
      assert.deepEqual(await chat.waitForCall('inbox/deliver', 2), { messageID: 'msg_3', delivery: 'steer' })
      await button('Edit queued prompt').click()
      assert.deepEqual(await chat.waitForCall('inbox/edit'), { messageID: 'msg_3' })
      await button('Remove queued prompt').click()
      assert.deepEqual(await chat.waitForCall('inbox/cancel', 2), { messageID: 'msg_3' })
    })

    it('says when nothing runs that it could wait for', async () => {
      await open(chatWith(messages))
      await dock().getByText('paused: nothing runs').waitFor()
      assert.equal(await button('Send now').count(), 0)
      await button('Send next').click()
      await chat.waitForCall('inbox/resume')
      await chat.page.getByText('Waits: nothing runs').waitFor()
    })
  })
})
