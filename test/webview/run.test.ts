import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { toMessageID } from '../../src/opencode/ids.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { scenes } from './support/scenes.ts'
import { answer, chatWith, textBlock, tool, user } from './support/states.ts'

describe('a run on the page', function () {
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const press = (name: string) => chat.page.getByRole('button', { name, exact: true }).click()
  const busy = { status: { kind: 'busy' } } as const
  const running = (output: string) =>
    tool('t1', {
      name: 'bash',
      kind: 'shell',
      status: 'running',
      target: 'npm test',
      input: { command: 'npm test' },
      output,
    })

  it('says above a session why its server is gone, with what helps and the log', async () => {
    await open(scenes['container-gone']?.() ?? assert.fail(), { width: 300 })
    const banner = chat.page.getByRole('status').filter({ hasText: 'ran out of memory' })
    await banner.getByRole('button', { name: 'Change limit' }).click()
    assert.deepEqual(await chat.waitForCall('command/run'), { command: 'openSettings' })
    const names = await banner.getByRole('button').allInnerTexts()
    assert.deepEqual(names, ['Retry', 'Change limit', 'Show container log', 'Show log'])
  })

  it('shows the last lines of a command while it runs, with its time and a way to stop it', async () => {
    await open(
      chatWith([user('msg_1', 'go'), answer('msg_2', [running('')], { completed: undefined })], busy),
    )
    const output = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
    await chat.session({ type: 'block/put', messageID: toMessageID('msg_2'), block: running(output) })
    await chat.page.getByText('line 39').waitFor()
    const live = await chat.page.locator('.tool-live pre').innerText()
    assert.deepEqual(live.trim().split('\n'), [
      'line 34',
      'line 35',
      'line 36',
      'line 37',
      'line 38',
      'line 39',
    ])
    await chat.page.locator('.tool-live').getByRole('button', { name: 'Stop run' }).click()
    await chat.waitForCall('session/abort')
  })

  it('offers to try at once, with another model, or to stop while a provider refuses', async () => {
    const status = {
      kind: 'retry',
      attempt: 3,
      message: 'Too many requests',
      next: Date.now() + 90_000,
    } as const
    await open(chatWith([user('msg_1', 'go')], { status }))
    await chat.page.getByText(/Retrying in 1 min (30|2\d) s · attempt 3/).waitFor()
    await press('Retry now')
    assert.deepEqual(await chat.waitForCall('run/goOn'), { switchModel: false })
    await press('Switch model…')
    assert.deepEqual(await chat.waitForCall('run/goOn', 2), { switchModel: true })
  })

  it('says who is silent, and what can be done', async () => {
    const state = chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', 'Well')])], busy)
    await open(state)
    await chat.page.clock.install()
    await chat.page.clock.fastForward(20_000)
    await chat.page.getByText(/has sent nothing for (2\d) s/).waitFor()
    assert.equal(await chat.page.getByRole('button', { name: 'Ask again' }).count(), 0)
    await chat.page.clock.fastForward(20_000)
    await press('Ask again')
    assert.deepEqual(await chat.waitForCall('run/goOn'), { switchModel: false })
    await chat.session({ type: 'block/put', messageID: toMessageID('msg_2'), block: running('') })
    await chat.page.clock.fastForward(20_000)
    await chat.page.getByText(/bash has written nothing for 2\d s/).waitFor()
    await chat.apply({
      type: 'server',
      server: {
        kind: 'running',
        origin: 'managed',
        version: '1.18.33',
        url: 'http://127.0.0.1:1',
        link: { kind: 'reconnecting', since: 1, retryAt: undefined },
      },
      capabilities: state.capabilities,
    })
    await chat.page.getByText(/No connection to the server for/).waitFor()
  })

  it('lets only the last answer that ended early go on', async () => {
    const error = { name: 'APIError', message: 'No', kind: 'provider' } as const
    await open(
      chatWith([
        user('msg_1', 'one'),
        answer('msg_2', [], { error }),
        user('msg_3', 'two', { created: 5_000_000_000_000 }),
        answer('msg_4', [textBlock('b4', 'Half')], {
          created: 5_000_000_000_001,
          error: { name: 'MessageAbortedError', message: '', kind: 'aborted' },
        }),
      ]),
    )
    assert.equal(await chat.page.getByRole('button', { name: 'Try again' }).count(), 0)
    await press('Continue')
    assert.deepEqual(await chat.waitForCall('run/goOn'), { switchModel: false })
    await chat.session({ type: 'status', status: { kind: 'busy' } })
    await chat.page.getByRole('button', { name: 'Continue' }).waitFor({ state: 'detached' })
  })

  it('makes links only of files that are there', async () => {
    const text = 'See `src/there.ts:3`, `src/gone.ts` and `src/short.ts:900`.'
    await open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', text)])]), {
      handlers: {
        'paths/check': ({ links }) =>
          links.map(({ path }) =>
            path.includes('gone') ? 'missing' : path.includes('short') ? 'no-line' : 'there',
          ),
      },
    })
    const links = chat.page.getByRole('log').getByRole('link')
    await chat.page.locator('.dead-link').getByText('src/gone.ts').waitFor()
    assert.deepEqual(await links.allInnerTexts(), ['src/there.ts:3', 'src/short.ts:900'])
    await links.nth(1).click()
    assert.deepEqual(await chat.waitForCall('file/open'), { path: 'src/short.ts' })
    assert.deepEqual(chat.callsOf('paths/check'), [
      {
        links: [
          { path: 'src/there.ts', line: 3 },
          { path: 'src/gone.ts' },
          { path: 'src/short.ts', line: 900 },
        ],
      },
    ])
  })

  it('gives every turn a heading', async () => {
    await open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', 'done')])]))
    const headings = await chat.page.getByRole('log').getByRole('heading', { level: 2 }).allInnerTexts()
    assert.deepEqual(headings, ['You said', 'OpenCode answered'])
  })
})
