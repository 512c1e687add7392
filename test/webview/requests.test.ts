import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { OpencodeError } from '../../src/opencode/errors.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { conversation } from './support/conversations.ts'
import { allCapabilities, chatWith, permission, question } from './support/states.ts'
import { toRequestID } from '../../src/opencode/ids.ts'

describe('requests on the page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const composer = () => chat.page.getByRole('textbox', { name: 'Message OpenCode' })

  it('answers a permission once, always or with a reason, and shows the next only after the first is gone', async () => {
    await open(
      chatWith(
        conversation,
        {
          status: { kind: 'busy' },
          requests: [permission('per_1'), permission('per_2', { command: 'rm -rf build' })],
        },
        { capabilities: allCapabilities },
      ),
    )
    const group = chat.page.getByRole('group', { name: 'Permission required' })
    await group.getByText('1 of 2').waitFor()
    await group.getByText('npm test -- --watch=false').waitFor()
    assert.equal(
      await group.getByRole('button', { name: 'Always allow' }).getAttribute('title'),
      'Always allow npm *, in this project; the Server view can revoke it',
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
