import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { conversation } from './support/conversations.ts'
import { chatState, chatWith, user } from './support/states.ts'
import { toSessionID } from '../../src/opencode/ids.ts'

describe('the prompt on the page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const composer = () => chat.page.getByRole('textbox', { name: 'Message OpenCode' })

  it('sends with Enter, breaks with Shift+Enter and leaves Enter to an input method', async () => {
    await open(chatWith([user('msg_1', 'one')]))
    await composer().focus()
    await chat.page.keyboard.type('first')
    await chat.page.keyboard.press('Shift+Enter')
    await chat.page.keyboard.type('second')
    await composer().evaluate((element) => {
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, isComposing: true }))
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true }))
    })
    assert.equal(chat.callsOf('prompt/send').length, 0)
    await chat.page.keyboard.press('Enter')
    assert.deepEqual(await chat.waitForCall('prompt/send'), { text: 'first\nsecond', items: [] })
    assert.equal(await composer().inputValue(), '')
  })

  it('keeps what is typed while a sent prompt empties the draft', async () => {
    await open(chatWith([user('msg_1', 'one')], {}, { draft: { text: 'sent', items: [], revision: 3 } }))
    await composer().press('Enter')
    await chat.waitForCall('prompt/send')
    await composer().pressSequentially('next')
    await chat.apply({ type: 'draft', draft: { text: '', items: [], revision: 4 } })
    assert.equal(await composer().inputValue(), 'next')
  })

  it('gives the text back when it could not be sent and says why', async () => {
    await open(chatState(), {
      handlers: {
        'prompt/send': () => {
          throw new OpencodeError('no-folder', 'No folder is open.')
        },
      },
    })
    await composer().fill('hello')
    await composer().press('Enter')
    await chat.page.getByText('No folder is open.').waitFor()
    assert.equal(await composer().inputValue(), 'hello')
    await chat.page.getByRole('button', { name: 'Dismiss' }).click()
    assert.equal(await chat.page.getByText('No folder is open.').count(), 0)
  })

  it('takes the text of a newer draft and keeps its own otherwise', async () => {
    await open(chatState({ draft: { text: 'from host', items: [], revision: 1 } }))
    assert.equal(await composer().inputValue(), 'from host')
    await composer().fill('mine')
    await chat.apply({
      type: 'draft',
      draft: { text: 'older', items: [{ id: 'i', kind: 'file', label: 'a.ts', detail: '' }], revision: 1 },
    })
    await chat.page.getByRole('list', { name: 'Context' }).waitFor()
    assert.equal(await composer().inputValue(), 'mine')
    await chat.apply({ type: 'draft', draft: { text: 'newer', items: [], revision: 2 } })
    await chat.page.waitForFunction(() => document.querySelector('textarea')?.value === 'newer')
  })

  it('tells the host the draft after a pause and at once when the page loses the focus', async () => {
    await open(chatState())
    await composer().pressSequentially('abc')
    assert.deepEqual(chat.callsOf('draft/change'), [])
    assert.deepEqual(await chat.waitForCall('draft/change'), { text: 'abc' })
    await composer().pressSequentially('d')
    await chat.page.evaluate(() => window.dispatchEvent(new Event('blur')))
    assert.deepEqual(await chat.waitForCall('draft/change', 2), { text: 'abcd' })
  })

  it('brings back a draft that the host did not hear of before the page died', async () => {
    await open(chatWith([user('msg_1', 'x')], {}, { draft: { text: 'ab', items: [], revision: 5 } }), {
      pageState: { draft: { sessionID: 'ses_one', revision: 5, text: 'abc' } },
    })
    assert.equal(await composer().inputValue(), 'abc')
    assert.deepEqual(await chat.waitForCall('draft/change'), { text: 'abc' })
    await chat.dispose()
    await open(chatWith([user('msg_1', 'x')], {}, { draft: { text: '', items: [], revision: 6 } }), {
      pageState: { draft: { sessionID: 'ses_one', revision: 5, text: 'abc' } },
    })
    assert.equal(await composer().inputValue(), '')
  })

  it('keeps a draft of a session whose server still has to come up', async () => {
    await open(
      chatState({ awaited: toSessionID('ses_one'), server: { kind: 'starting', since: 1, restart: 0 } }),
      {
        pageState: { sessionID: 'ses_one', draft: { sessionID: 'ses_one', revision: 5, text: 'abc' } },
      },
    )
    assert.equal(await composer().inputValue(), 'abc')
    await chat.page.locator('.skeleton-line').first().waitFor()
    assert.equal(await chat.page.getByRole('button', { name: 'Explain this project' }).count(), 0)
    assert.equal(Reflect.get(chat.pageState as object, 'sessionID'), 'ses_one')
  })

  it('recalls earlier prompts with ↑ at the start and leads back with ↓', async () => {
    await open(chatState(), { handlers: { 'prompt/historyList': () => ['newest', 'older'] } })
    await composer().fill('draft')
    await composer().press('ArrowUp')
    assert.equal(await composer().inputValue(), 'draft')
    const value = (text: string) =>
      chat.page.waitForFunction((want) => document.querySelector('textarea')?.value === want, text)
    await composer().press('Home')
    await composer().press('ArrowUp')
    await value('newest')
    await chat.page.waitForTimeout(50)
    await composer().press('ArrowUp')
    await value('older')
    await composer().press('ArrowDown')
    await value('newest')
    await composer().press('ArrowDown')
    await value('draft')
  })

  it('stops with Esc Esc, and with Stop', async () => {
    await open(chatWith([user('msg_1', 'x')], { status: { kind: 'busy' } }))
    await composer().press('Escape')
    await chat.page.getByText('Press Esc again to stop').waitFor()
    assert.equal(chat.callsOf('session/abort').length, 0)
    await composer().press('Escape')
    await chat.waitForCall('session/abort')
    await chat.page.getByRole('button', { name: 'Stop' }).click()
    await chat.waitForCall('session/abort', 2)
  })

  it('moves with F6 into the conversation, by arrows through it, and with Esc back', async () => {
    await open(chatWith([...conversation, user('msg_4', 'thanks')]))
    await composer().press('F6')
    const focused = () => chat.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    assert.equal(await focused(), 'You')
    await chat.page.keyboard.press('ArrowUp')
    assert.equal(await focused(), 'OpenCode')
    await chat.page.keyboard.press('Control+ArrowUp')
    assert.equal(await focused(), 'You')
    await chat.page.keyboard.press('Escape')
    assert.equal(await focused(), 'Message OpenCode')
  })
})
