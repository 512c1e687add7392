import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { conversation } from './support/conversations.ts'
import {
  answer,
  chatState,
  chatWith,
  permission,
  session,
  sessionState,
  textBlock,
  tool,
  user,
} from './support/states.ts'
import { toBlockID, toMessageID, toSessionID } from '../../src/opencode/ids.ts'

describe('the chat page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
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
      const answered = Promise.withResolvers<undefined>()
      const messages = [user('msg_1', 'go'), answer('msg_2', [textBlock('b1', 'Hello', { open: true })])]
      const state = chatWith(messages)
      const handlers = {
        'chat/open': async () => {
          const snapshot = { revision: chat.revision, state: chat.state }
          await answered.promise
          return snapshot
        },
      }
      await open(state)
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
      answered.resolve(undefined)
      await chat.page.getByText('Hello world').waitFor()
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
