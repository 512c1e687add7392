import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'mocha'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { ChatPage, Harness } from './support/harness.ts'
import { startHarness } from './support/harness.ts'
import { conversation } from './support/scenes.ts'
import {
  answer,
  chatState,
  chatWith,
  permission,
  question,
  session,
  sessionState,
  textBlock,
  tool,
  user,
} from './support/states.ts'
import { toBlockID, toMessageID, toRequestID, toSessionID } from '../../src/opencode/ids.ts'
import type { OpenOptions } from './support/harness.ts'
import type { ChatState } from '../../src/protocol/chat.ts'

describe('the chat page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let harness: Harness
  let chat: ChatPage
  before(async () => (harness = await startHarness()))
  after(() => harness.dispose())
  afterEach(async () => {
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  const open = async (state: ChatState, options?: OpenOptions): Promise<ChatPage> =>
    (chat = await harness.open(state, options))
  const composer = () => chat.page.getByRole('textbox', { name: 'Message OpenCode' })

  describe('names', () => {
    it('keeps the names that tests and assistive technology rely on', async () => {
      await open(
        chatWith(
          conversation,
          { status: { kind: 'busy' }, requests: [permission('per_1')] },
          {
            draft: {
              text: '',
              revision: 1,
              items: [{ id: 'i', kind: 'file', label: 'a.ts', detail: 'src/a.ts' }],
            },
          },
        ),
      )
      const { page } = chat
      await page.getByRole('log', { name: 'Conversation' }).waitFor()
      assert.equal(await page.getByRole('article', { name: 'You' }).count(), 1)
      assert.equal(await page.getByRole('article', { name: 'OpenCode' }).count(), 1)
      const bash = page.getByRole('group', { name: 'Tool: bash' })
      await bash.getByText('Done', { exact: true }).waitFor({ state: 'attached' })
      assert.equal(await bash.getByRole('button').first().getAttribute('aria-expanded'), 'true')
      for (const name of [
        'Stop',
        'New session',
        'Sessions',
        'Model: Mock Sonnet 4',
        'Agent: build',
        'Variant: high',
      ]) {
        await page.getByRole('button', { name, exact: true }).waitFor()
      }
      const group = page.getByRole('group', { name: 'Permission required' })
      for (const name of ['Allow once', 'Always allow', 'Reject'])
        await group.getByRole('button', { name, exact: true }).waitFor()
      await page.getByRole('list', { name: 'Context' }).getByText('a.ts').waitFor()
      await composer().fill('more')
      await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    })
  })

  describe('sync', () => {
    it('asks for everything again when a number is missing, and then equals the host', async () => {
      await open(chatWith([user('msg_1', 'one')]))
      chat.lose({ type: 'session', action: { type: 'message/put', message: user('msg_2', 'two') } })
      await chat.session({ type: 'status', status: { kind: 'busy' } })
      await chat.waitForCall('chat/open', 2)
      await chat.page.getByRole('button', { name: 'Stop' }).waitFor()
      assert.equal(
        await chat.page.getByRole('article', { name: 'You' }).count(),
        chat.state.session?.messages.length,
      )
    })

    it('shows what was streamed while the snapshot was on its way', async () => {
      const open = Promise.withResolvers<undefined>()
      const messages = [user('msg_1', 'go'), answer('msg_2', [textBlock('b1', 'Hello', { open: true })])]
      const state = chatWith(messages)
      const handlers = {
        'chat/open': async () => {
          const snapshot = { revision: chat.revision, state: chat.state }
          await open.promise
          return snapshot
        },
      }
      const opening = harness.open(state, { handlers: {} })
      chat = await opening
      chat.handlers = handlers
      chat.lose()
      await chat.session({ type: 'status', status: { kind: 'busy' } })
      await chat.waitForCall('chat/open', 2)
      await chat.session({
        type: 'block/append',
        messageID: toMessageID('msg_2'),
        blockID: toBlockID('b1'),
        text: ' world',
      })
      open.resolve(undefined)
      await chat.page.getByText('Hello world').waitFor()
    })
  })

  describe('composer', () => {
    it('sends with Enter, breaks with Shift+Enter and leaves Enter to an input method', async () => {
      await open(chatWith([user('msg_1', 'one')]))
      await composer().focus()
      await chat.page.keyboard.type('first')
      await chat.page.keyboard.press('Shift+Enter')
      await chat.page.keyboard.type('second')
      await composer().evaluate((element) => {
        element.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, isComposing: true }),
        )
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

  describe('requests', () => {
    it('answers a permission once, always or with a reason, and shows the next only after the first is gone', async () => {
      await open(
        chatWith(conversation, {
          status: { kind: 'busy' },
          requests: [permission('per_1'), permission('per_2', { command: 'rm -rf build' })],
        }),
      )
      const group = chat.page.getByRole('group', { name: 'Permission required' })
      await group.getByText('1 of 2').waitFor()
      await group.getByText('npm test -- --watch=false').waitFor()
      assert.equal(
        await group.getByRole('button', { name: 'Always allow' }).getAttribute('title'),
        'Always allow npm *',
      )
      await chat.session({ type: 'request/put', request: permission('per_3', { command: 'third' }) })
      await group.getByText('npm test -- --watch=false').waitFor()
      await group.getByRole('button', { name: 'Allow once' }).click()
      assert.deepEqual(await chat.waitForCall('permission/reply'), { requestID: 'per_1', reply: 'once' })
      await chat.session({ type: 'request/removed', requestID: toRequestID('per_1') })
      await group.getByText('rm -rf build').waitFor()
      await group.getByRole('button', { name: 'Always allow' }).click()
      assert.deepEqual(await chat.waitForCall('permission/reply', 2), { requestID: 'per_2', reply: 'always' })
      await chat.session({ type: 'request/removed', requestID: toRequestID('per_2') })
      await group.getByText('third').waitFor()
      await group.getByRole('button', { name: 'Give a reason' }).click()
      await group.getByRole('textbox', { name: 'Reason' }).fill('use npm ci')
      await chat.page.waitForTimeout(400)
      await chat.page.keyboard.press('Enter')
      assert.deepEqual(await chat.waitForCall('permission/reply', 3), {
        requestID: 'per_3',
        reply: 'reject',
        message: 'use npm ci',
      })
    })

    it('ignores a click that was meant for the request before', async () => {
      await open(
        chatWith(conversation, {
          requests: [permission('per_1'), permission('per_2', { command: 'rm -rf build' })],
        }),
      )
      await chat.session({ type: 'request/removed', requestID: toRequestID('per_1') })
      await chat.page.evaluate(() => document.querySelector<HTMLElement>('.dock .button.primary')?.click())
      await chat.page.waitForTimeout(100)
      assert.equal(chat.callsOf('permission/reply').length, 0)
    })

    it('does not take the focus from someone who types', async () => {
      await open(chatWith(conversation, { status: { kind: 'busy' } }))
      await composer().pressSequentially('typing')
      await chat.session({ type: 'request/put', request: permission('per_1') })
      await chat.page.getByRole('group', { name: 'Permission required' }).waitFor()
      await chat.notify('request/reveal', {})
      await chat.page.keyboard.type(' on')
      assert.equal(await composer().inputValue(), 'typing on')
      await composer().press('F6')
      assert.equal(await chat.page.evaluate(() => document.activeElement?.textContent), 'Allow once')
      await chat.session({ type: 'request/removed', requestID: toRequestID('per_1') })
      await chat.page.getByRole('group', { name: 'Permission required' }).waitFor({ state: 'detached' })
      assert.equal(
        await chat.page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
        'Message OpenCode',
      )
    })

    it('answers several questions by keyboard', async () => {
      await open(
        chatWith(conversation, {
          requests: [
            question('que_1', {
              questions: [
                {
                  header: 'Platforms',
                  question: 'Which?',
                  options: [{ label: 'Linux' }, { label: 'macOS' }],
                  multiple: true,
                  custom: false,
                },
                {
                  header: 'Name',
                  question: 'What name?',
                  options: [{ label: 'Default' }],
                  multiple: false,
                  custom: true,
                },
              ],
            }),
          ],
        }),
      )
      const group = chat.page.getByRole('group', { name: 'Question', exact: true })
      await group.getByRole('checkbox', { name: 'Linux' }).focus()
      await chat.page.keyboard.press('Space')
      await group.getByRole('checkbox', { name: 'macOS' }).focus()
      await chat.page.keyboard.press('Space')
      await group.getByRole('button', { name: 'Next' }).press('Enter')
      await group.getByRole('textbox', { name: 'Your answer' }).fill('mine')
      await group.getByRole('button', { name: 'Submit' }).press('Enter')
      assert.deepEqual(await chat.waitForCall('question/reply'), {
        requestID: 'que_1',
        answers: [['Linux', 'macOS'], ['mine']],
      })
    })

    it('offers an answer again when it did not reach the server', async () => {
      await open(chatWith(conversation, { requests: [question('que_1')] }), {
        handlers: {
          'question/reject': () => {
            throw new OpencodeError('connection-lost', 'The connection was lost.')
          },
        },
      })
      await chat.page.getByRole('button', { name: 'Dismiss' }).click()
      await chat.page.getByText('The connection was lost.').waitFor()
      assert.equal(
        await chat.page
          .getByRole('group', { name: 'Question', exact: true })
          .getByRole('button', { name: 'Dismiss' })
          .getAttribute('aria-disabled'),
        null,
      )
    })
  })

  describe('tools', () => {
    it('opens diffs, outputs and child sessions through the host', async () => {
      await open(
        chatWith([
          ...conversation,
          answer('msg_9', [
            tool('t9', {
              target: 'seq 9999',
              input: { command: 'seq 9999' },
              output: '1\n'.repeat(5_000),
              outputCut: true,
            }),
          ]),
        ]),
      )
      await chat.page.getByRole('button', { name: 'Open diff' }).click()
      assert.deepEqual(await chat.waitForCall('diff/open'), {
        messageID: 'msg_3',
        callID: 'call_b9',
        path: '/home/me/demo/src/add.ts',
      })
      await chat.page.getByRole('group', { name: 'Tool: task' }).getByRole('button').first().click()
      await chat.page.getByRole('button', { name: 'Open session' }).click()
      assert.deepEqual(await chat.waitForCall('session/open'), { sessionID: 'ses_child' })
      await chat.page.getByRole('group', { name: 'Tool: bash' }).last().getByRole('button').first().click()
      await chat.page.getByRole('button', { name: 'Open full output' }).click()
      assert.deepEqual(await chat.waitForCall('output/open'), { messageID: 'msg_9', callID: 'call_t9' })
    })

    it('opens a failed tool by itself and remembers what the user closes', async () => {
      await open(chatWith(conversation))
      const fetch = chat.page.getByRole('group', { name: 'Tool: webfetch' })
      await fetch.getByText('The request timed out after 30 s.').waitFor()
      await fetch.getByRole('button').first().click()
      assert.equal(await fetch.getByText('The request timed out after 30 s.').count(), 0)
      assert.deepEqual(Reflect.get(chat.pageState as object, 'folds'), { call_b14: false })
    })
  })

  describe('sessions', () => {
    it('fills the composer from a start and opens recent sessions', async () => {
      await open(
        chatState({
          recent: [{ id: toSessionID('ses_a'), title: 'Earlier', updated: Date.now(), state: 'idle' }],
        }),
      )
      await chat.page.getByRole('button', { name: 'Explain this project' }).click()
      assert.match(await composer().inputValue(), /Explain/)
      await chat.page.getByRole('button', { name: /Earlier/ }).click()
      assert.deepEqual(await chat.waitForCall('session/open'), { sessionID: 'ses_a' })
    })

    it('leads to the one session that waits, and to the list when several do', async () => {
      const waiting = { id: toSessionID('ses_a'), title: 'Review it', updated: 1, state: 'waiting' } as const
      const other = { ...waiting, id: toSessionID('ses_b'), title: 'Mend it' }
      await open(chatState({ recent: [waiting], waitingElsewhere: 1 }))
      await chat.page.getByText('“Review it” waits for you').waitFor()
      await chat.page.getByRole('button', { name: 'Show', exact: true }).click()
      assert.deepEqual(await chat.waitForCall('session/open'), { sessionID: 'ses_a' })
      await chat.dispose()
      await open(chatState({ recent: [waiting, other], waitingElsewhere: 2 }))
      await chat.page.getByText('2 requests wait in other sessions').waitFor()
      await chat.page.getByRole('button', { name: 'Show', exact: true }).click()
      assert.deepEqual(await chat.waitForCall('command/run'), { command: 'showSessions' })
    })

    it('shows another session and its draft when the host opens it', async () => {
      await open(chatWith(conversation, {}, { draft: { text: 'first', items: [], revision: 1 } }))
      const other = {
        ...sessionState([user('msg_1', 'something else')]),
        session: session({ id: toSessionID('ses_b'), title: 'Other' }),
      }
      await chat.apply(
        { type: 'open', session: other, isLoading: false },
        { type: 'draft', draft: { text: 'second', items: [], revision: 2 } },
      )
      await chat.page.getByRole('heading', { name: 'Other' }).waitFor()
      assert.equal(await composer().inputValue(), 'second')
      assert.equal(await chat.page.getByRole('article').count(), 1)
    })
  })
})
