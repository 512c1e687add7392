import assert from 'node:assert/strict'
import { newMessageID } from '../../../src/opencode/newIds.ts'
import { dataOf, toData } from './wireClient.ts'
import type { Data, WireClient } from './wireClient.ts'
import { idOf, withSession } from './wire2Sessions.ts'
import type { Check } from './wire2Sessions.ts'

/** What stands in brackets is for the scripted model; others take it for words. */
const longPrompt = 'Write the numbers from 1 to 300 as words. [[delay:50]][[lorem:1000]]'
const toolPrompt =
  'Run the command "echo contract-tool" with your shell tool, then stop. [[tool:shell {"command":"echo contract-tool"}]][[text:Done.]]'
const question = {
  question: 'Tea or coffee?',
  header: 'Drink',
  options: [
    { label: 'Tea', description: 'Hot' },
    { label: 'Coffee', description: 'Hotter' },
  ],
}
const questionPrompt = `Ask me with your question tool, exactly so: ${JSON.stringify(question)} [[tool:question ${JSON.stringify({ questions: [question] })}]][[text:Done.]]`

const isOf =
  (session: Data) =>
  (frame: Data, type: string): boolean =>
    frame['type'] === type &&
    (dataOf(frame)['sessionID'] ?? toData(dataOf(frame)['form'])['sessionID']) === idOf(session)

/** The frames of a turn from its prompt to its end; `answer` sees each as it comes. */
async function turn(
  client: WireClient,
  session: Data,
  text: string,
  answer: (frame: Data) => void,
): Promise<readonly Data[]> {
  const isOwn = isOf(session)
  const send = (): Promise<unknown> =>
    client.ask('POST', `/api/session/${idOf(session)}/prompt`, { text, delivery: 'steer' })
  return client.frames(send, (frame) => {
    answer(frame)
    return ['succeeded', 'failed', 'interrupted'].some((end) => isOwn(frame, `session.execution.${end}`))
  })
}

/** One short turn; the words of the model do not matter. */
export const turnChecks: readonly Check[] = [
  {
    id: 'execution',
    covers: ['inbox-id', 'step-message', 'idle-message'],
    needsModel: true,
    run: (client) =>
      withSession(client, async (session) => {
        const prompt = { id: newMessageID(Date.now()), text: 'Say hello.', delivery: 'steer' }
        const send = () => client.ask('POST', `/api/session/${idOf(session)}/prompt`, prompt)
        const frames = await client.frames(
          send,
          (frame) =>
            dataOf(frame)['sessionID'] === idOf(session) && frame['type'] === 'session.execution.succeeded',
        )
        const own = frames.filter((frame) => dataOf(frame)['sessionID'] === idOf(session))
        const at = (type: string): number => own.findIndex((frame) => frame['type'] === `session.${type}`)
        const order = [
          'inbox.enqueued',
          'execution.started',
          'inbox.delivered',
          'step.started',
          'text.started',
          'text.ended',
          'step.ended',
        ]
        const places = order.map(at)
        assert.ok(!places.includes(-1), `missing: ${order.filter((type) => at(type) < 0).join(', ')}`)
        assert.deepEqual(
          places,
          places.toSorted((left, right) => left - right),
          'the order is another',
        )
        assert.equal(dataOf(own[at('text.started')] ?? {})['ordinal'], 0)
        const messages = await client.list(`/api/session/${idOf(session)}/message?order=asc`)
        const types = messages
          .map((message) => message['type'])
          .filter((type) => !String(type).includes('switched') && type !== 'system')
        assert.deepEqual(types, ['user', 'assistant', 'idle'])
        assert.equal(messages.find(({ type }) => type === 'user')?.['id'], prompt.id)
      }),
  },
  {
    id: 'interrupt',
    needsModel: true,
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}`
        const isOwn = (frame: Data, type: string): boolean =>
          dataOf(frame)['sessionID'] === idOf(session) && frame['type'] === `session.${type}`
        let isStopped = false
        const frames = await client.frames(
          () => client.ask('POST', `${path}/prompt`, { text: longPrompt, delivery: 'steer' }),
          (frame) => {
            if (!isStopped && isOwn(frame, 'text.delta')) {
              isStopped = true
              void client.ask('POST', `${path}/interrupt?resume=false`)
            }
            return isOwn(frame, 'execution.interrupted') || isOwn(frame, 'execution.succeeded')
          },
        )
        const failed = frames.find((frame) => isOwn(frame, 'step.failed')) ?? {}
        const [last = {}] = frames.slice(-1)
        const found = [toData(dataOf(failed)['error'])['type'], last['type'], dataOf(last)['reason']]
        assert.deepEqual(found, ['aborted', 'session.execution.interrupted', 'user'])
        assert.equal((await client.data('GET', '/api/session/active'))[idOf(session)], undefined)
      }),
  },
  {
    id: 'revert',
    needsModel: true,
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}`
        const prompt = { id: newMessageID(Date.now()), text: 'Say hello.', delivery: 'steer' }
        await client.ask('POST', `${path}/prompt`, prompt)
        await client.ask('POST', `/api/experimental/session/${idOf(session)}/wait`)
        const staged = await client.data('POST', `${path}/revert/stage`, {
          messageID: prompt.id,
          files: false,
        })
        assert.equal(staged['messageID'], prompt.id)
        assert.equal(toData((await client.data('GET', path))['revert'])['messageID'], prompt.id)
        assert.equal((await client.ask('DELETE', `${path}/revert`)).status, 204)
        assert.equal((await client.data('GET', path))['revert'], undefined)
        await client.data('POST', `${path}/revert/stage`, { messageID: prompt.id, files: false })
        assert.equal((await client.ask('POST', `${path}/revert/commit`)).status, 204)
        const left = await client.list(`${path}/message?order=asc`)
        assert.ok(!left.some((message) => idOf(message) === prompt.id), 'the prompt is still in the history')
      }),
  },
  {
    id: 'diff',
    needsModel: true,
    run: (client) =>
      withSession(client, async (session) => {
        const prompt = { id: newMessageID(Date.now()), text: 'Say hello.', delivery: 'steer' }
        await client.ask('POST', `/api/session/${idOf(session)}/prompt`, prompt)
        await client.ask('POST', `/api/experimental/session/${idOf(session)}/wait`)
        assert.deepEqual(await client.list(`/api/session/${idOf(session)}/diff?from=${prompt.id}`), [])
      }),
  },
  {
    id: 'tool-state',
    covers: ['tool-names', 'permission-reply'],
    needsModel: true,
    run: (client) =>
      withSession(
        client,
        async (session) => {
          const isOwn = isOf(session)
          const path = `/api/session/${idOf(session)}`
          const frames = await turn(client, session, toolPrompt, (frame) => {
            if (!isOwn(frame, 'permission.asked')) return
            const reply = `${path}/permission/${idOf(dataOf(frame))}/reply`
            void client.ask('POST', reply, { decision: 'once' })
          })
          const types = ['tool.input.started', 'tool.called', 'tool.success'].map((type) => `session.${type}`)
          const asked = frames.find((frame) => isOwn(frame, 'permission.asked')) ?? {}
          const replied = frames.find((frame) => isOwn(frame, 'permission.replied')) ?? {}
          const missing = types.filter((type) => !frames.some((frame) => isOwn(frame, type)))
          assert.deepEqual(missing, [], `missing: ${missing.join(', ')}`)
          assert.deepEqual([dataOf(asked)['action'], dataOf(replied)['reply']], ['shell', 'once'])
          const messages = await client.list(`${path}/message?order=asc`)
          const content = messages.flatMap(
            (message) => (message['content'] as readonly Data[] | undefined) ?? [],
          )
          const tool = content.find(({ type }) => type === 'tool') ?? {}
          const state = toData(tool['state'])
          assert.deepEqual([tool['name'], state['status']], ['shell', 'completed'])
          assert.match(JSON.stringify(state['content']), /contract-tool/)
        },
        { permissions: [{ action: 'shell', resource: '*', effect: 'ask' }] },
      ),
  },
  {
    id: 'question-form',
    covers: ['form-settled'],
    needsModel: true,
    run: (client) =>
      withSession(client, async (session) => {
        const isOwn = isOf(session)
        const forms: Data[] = []
        const again: Promise<{ readonly status: number }>[] = []
        await turn(client, session, questionPrompt, (frame) => {
          if (!isOwn(frame, 'form.created')) return
          const form = toData(dataOf(frame)['form'])
          forms.push(form)
          const reply = (): ReturnType<WireClient['ask']> =>
            client.ask('POST', `/api/session/${idOf(session)}/form/${idOf(form)}/reply`, {
              answer: { q0: 'Tea' },
            })
          again.push(reply().then(reply))
        })
        const [form] = forms
        assert.ok(form, 'no form came')
        const [field = {}] = (form['fields'] as readonly Data[] | undefined) ?? []
        const options = (field['options'] as readonly Data[] | undefined) ?? []
        const found = [field['key'], field['title'], field['description'], options.map(({ value }) => value)]
        assert.deepEqual(found, ['q0', 'Drink', 'Tea or coffee?', ['Tea', 'Coffee']])
        assert.equal((await again[0])?.status, 409)
      }),
  },
]
