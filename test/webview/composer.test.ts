import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, afterEach, before, describe, it } from 'mocha'
import type { MentionAnswer } from '../../src/protocol/composer.ts'
import type { ChatState } from '../../src/protocol/chat.ts'
import type { ChatPage, Harness, OpenOptions } from './support/harness.ts'
import { startHarness } from './support/harness.ts'
import { answer, chatState, chatWith, user } from './support/states.ts'
import { themeNames } from './support/themes.ts'

const found: MentionAnswer = {
  hasIgnored: true,
  mentions: [
    {
      id: 'm1',
      kind: 'file',
      label: 'greeting.ts',
      description: 'src',
      token: '@src/greeting.ts',
      matches: [0, 1],
    },
    { id: 'm2', kind: 'symbol', label: 'greet', description: 'src/greeting.ts', token: '@greet' },
    { id: 'm3', kind: 'agent', label: 'explore', description: 'Looks around', token: '@explore' },
  ],
}

describe('the composer', function () {
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

  const open = async (state: ChatState = chatState(), options: OpenOptions = {}): Promise<ChatPage> =>
    (chat = await harness.open(state, {
      ...options,
      handlers: { 'mention/search': () => found, ...options.handlers },
    }))
  const composer = () => chat.page.getByRole('textbox', { name: 'Message OpenCode' })
  const list = () => chat.page.getByRole('listbox')
  const row = (name: string) => list().getByRole('option', { name, exact: false })

  describe('mentions', () => {
    it('filters as one types, moves with the arrows and puts the word where the @ was', async () => {
      await open()
      await composer().pressSequentially('Read @gr')
      await row('greeting.ts').first().waitFor()
      await chat.page.waitForFunction(() => document.querySelector('[aria-activedescendant]') !== null)
      assert.deepEqual(chat.callsOf('mention/search').at(-1), { query: 'gr', withIgnored: false })
      assert.equal(await composer().getAttribute('aria-activedescendant'), 'suggestion-0')
      await composer().press('ArrowDown')
      assert.equal(await list().locator('[aria-selected="true"]').innerText(), 'greet\nsrc/greeting.ts')
      await composer().press('ArrowUp')
      await composer().press('Enter')
      await chat.page.waitForFunction(
        () => document.querySelector('textarea')?.value === 'Read @src/greeting.ts ',
      )
      assert.deepEqual(await chat.waitForCall('mention/pick'), { id: 'm1' })
      assert.equal(await list().count(), 0)
      assert.deepEqual(chat.callsOf('prompt/send'), [])
    })

    it('takes Tab too, and keeps the focus in the text', async () => {
      await open()
      await composer().pressSequentially('@')
      await row('explore').waitFor()
      await composer().press('ArrowUp')
      await composer().press('ArrowUp')
      await composer().press('Tab')
      assert.deepEqual(await chat.waitForCall('mention/pick'), { id: 'm3' })
      assert.ok(await composer().evaluate((element) => element === document.activeElement))
    })

    it('closes on Esc until another word begins, and Esc again does what it does otherwise', async () => {
      await open()
      await composer().pressSequentially('@gr')
      await row('explore').waitFor()
      await composer().press('Escape')
      await list().waitFor({ state: 'detached' })
      await composer().pressSequentially('e')
      assert.equal(await list().count(), 0)
      await composer().pressSequentially(' @x')
      await row('explore').waitFor()
    })

    it('is picked by mouse', async () => {
      await open()
      await composer().pressSequentially('@')
      await row('greeting.ts').first().click()
      assert.deepEqual(await chat.waitForCall('mention/pick'), { id: 'm1' })
    })

    it('looks into ignored files when asked', async () => {
      await open()
      await composer().pressSequentially('@out')
      await row('Search ignored files too').click()
      // How many searches the typing itself takes depends on its speed.
      const isAsked = () => JSON.stringify(chat.callsOf('mention/search').at(-1)).includes('true')
      for (let wait = 0; wait < 100 && !isAsked(); wait++) await chat.page.waitForTimeout(30)
      assert.deepEqual(chat.callsOf('mention/search').at(-1), { query: 'out', withIgnored: true })
    })

    it('leaves keys to an input method while it composes', async () => {
      await open()
      await composer().pressSequentially('@')
      await row('explore').waitFor()
      await composer().evaluate((element) =>
        element.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }),
        ),
      )
      assert.deepEqual(chat.callsOf('mention/pick'), [])
    })

    it('fits 300 pixels', async () => {
      await open(chatState(), { width: 300 })
      await composer().pressSequentially('@')
      await row('explore').waitFor()
      const box = await list().boundingBox()
      assert.ok(box && box.x >= 0 && box.x + box.width <= 300)
      assert.equal(await chat.page.evaluate(() => document.documentElement.scrollWidth), 300)
    })
  })

  describe('chips', () => {
    it('say what they weigh, what the session has already, and what went wrong with them', async () => {
      const items = [
        { id: 'a', kind: 'file', label: 'a.ts', detail: 'src/a.ts', size: 2_048, isKnown: true },
        { id: 'b', kind: 'file', label: 'b.ts', detail: 'src/b.ts', mention: '@src/b.ts' },
        { id: 'c', kind: 'pdf', label: 'c.pdf', detail: 'c.pdf' },
      ] as const
      await open(chatState({ draft: { text: 'no word of it', revision: 1, items } }))
      const chip = (label: string) =>
        chat.page.getByRole('list', { name: 'Context' }).getByRole('listitem').filter({ hasText: label })
      await chip('a.ts').getByText('2.0 KB').waitFor()
      assert.match((await chip('b.ts').getAttribute('title')) ?? '', /does not mention it/)
      assert.match((await chip('c.pdf').getAttribute('title')) ?? '', /Mock Sonnet 4 cannot read PDF files/)
      await chat.page.getByRole('button', { name: 'Send a.ts again' }).click()
      assert.deepEqual(await chat.waitForCall('draft/resendItem'), { id: 'a' })
    })
  })

  describe('commands', () => {
    const commands = [
      { name: 'new', description: 'Start a new session', source: 'own' },
      { name: 'init', description: 'Write AGENTS.md', source: 'command' },
    ] as const

    it('run at once when they are ours, and wait for arguments when the server runs them', async () => {
      await open(chatState(), { handlers: { 'slash/list': () => commands } })
      await composer().pressSequentially('/ne')
      await row('/new').waitFor()
      await composer().press('Enter')
      assert.deepEqual(await chat.waitForCall('slash/run'), { name: 'new' })
      await chat.page.waitForFunction(() => document.querySelector('textarea')?.value === '')
      await composer().pressSequentially('/in')
      await row('/init').waitFor()
      await composer().press('Tab')
      await chat.page.waitForFunction(() => document.querySelector('textarea')?.value === '/init ')
      await composer().pressSequentially('the docs')
      await composer().press('Enter')
      assert.deepEqual(await chat.waitForCall('prompt/send'), { text: '/init the docs', items: [] })
    })

    it('become a shell line with !, plain to see, and Esc leads back', async () => {
      await open()
      await composer().pressSequentially('!ls @x')
      await chat.page.getByText(/Runs in the shell of the server/).waitFor()
      await chat.page.getByRole('button', { name: 'Run', exact: true }).waitFor()
      assert.equal(await list().count(), 0)
      await composer().press('Escape')
      await chat.page.getByRole('button', { name: 'Send', exact: true }).waitFor()
      assert.equal(await composer().inputValue(), 'ls @x')
    })
  })

  describe('pastes and drops', () => {
    const transfer = (event: 'paste' | 'drop', data: { text?: string; uris?: string; file?: string }) =>
      composer().evaluate(
        (element, [type, { text, uris, file }]) => {
          const transferred = new DataTransfer()
          if (text !== undefined) transferred.setData('text/plain', text)
          if (uris !== undefined) transferred.setData('application/vnd.code.uri-list', uris)
          if (file !== undefined) transferred.items.add(new File(['bytes'], file, { type: 'image/png' }))
          const init = { bubbles: true, cancelable: true }
          const made =
            type === 'paste'
              ? new ClipboardEvent('paste', { ...init, clipboardData: transferred })
              : new DragEvent('drop', { ...init, dataTransfer: transferred })
          return element.dispatchEvent(made)
        },
        [event, data] as const,
      )

    it('take a picture along', async () => {
      await open()
      assert.equal(await transfer('paste', { file: 'shot.png' }), false)
      assert.deepEqual(await chat.waitForCall('attachment/file'), {
        name: 'shot.png',
        mime: 'image/png',
        base64: btoa('bytes'),
      })
    })

    it('fold a long text and leave a short one alone', async () => {
      await open()
      assert.equal(await transfer('paste', { text: 'short' }), true)
      const long = 'line\n'.repeat(200)
      assert.equal(await transfer('paste', { text: long }), false)
      assert.deepEqual(await chat.waitForCall('attachment/text'), { text: long })
    })

    it('unfold it again', async () => {
      const items = [{ id: 'p', kind: 'paste', label: 'Pasted text, 9 lines', detail: 'x' }] as const
      await open(chatState({ draft: { text: 'See: ', revision: 1, items } }), {
        handlers: { 'attachment/expand': () => ({ text: 'the words' }) },
      })
      await chat.page.getByRole('button', { name: 'Put Pasted text, 9 lines back into the text' }).click()
      await chat.page.waitForFunction(() => document.querySelector('textarea')?.value === 'See: the words')
    })

    it('name dropped files by their address where there is one', async () => {
      await open()
      await transfer('drop', { uris: 'file:///a.ts\r\n# note\r\nfile:///b%20c.ts', file: 'a.ts' })
      assert.deepEqual(await chat.waitForCall('attachment/uris'), {
        uris: ['file:///a.ts', 'file:///b%20c.ts'],
      })
      await transfer('drop', { file: 'local.png' })
      await chat.waitForCall('attachment/file')
    })

    it('say when the model cannot see a picture', async () => {
      const items = [{ id: 'p', kind: 'image', label: 'shot.png', detail: 'shot.png' }] as const
      const { choice } = chatState()
      const blind = choice.model && { ...choice.model, inputs: ['text'] }
      await open(chatState({ draft: { text: '', revision: 1, items }, choice: { ...choice, model: blind } }))
      await chat.page
        .getByText('Mock Sonnet 4 cannot read images. Pick another model, or remove it.')
        .waitFor()
    })
  })

  describe('the context meter', () => {
    const used = (): ChatState =>
      chatWith([
        user('msg_1', 'go'),
        answer('msg_2', [], {
          cost: 0.25,
          tokens: { input: 9_000, output: 800, reasoning: 200, cacheRead: 22_000, cacheWrite: 0 },
        }),
      ])
    const meter = () => chat.page.getByRole('button', { name: /^Context: 25 %/ })
    const details = () => chat.page.getByRole('dialog', { name: 'Context' })

    it('opens into tokens by kind, cost and what compacting would do, and closes with Esc', async () => {
      await open(used(), { width: 300 })
      await meter().focus()
      await meter().press('Enter')
      await details().getByText('32,000 of 128,000 tokens · 25 %').waitFor()
      const row = (name: string) => details().getByRole('row', { name })
      assert.deepEqual(await row('Cache read').getByRole('cell').allInnerTexts(), ['22,000', '22,000'])
      assert.deepEqual(await row('Cost').getByRole('cell').allInnerTexts(), ['$0.25', '$0.25'])
      await details()
        .getByText(/replace 2 messages \(about 32,000 tokens\) by a summary/)
        .waitFor()
      const box = await details().boundingBox()
      assert.ok(box && box.x >= 0 && box.x + box.width <= 300)
      await meter().press('Escape')
      await details().waitFor({ state: 'detached' })
      assert.ok(await meter().evaluate((element) => element === document.activeElement))
    })
  })

  it('can be used with assistive technology while its pop-ups are open, in every theme', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    for (const theme of themeNames) {
      await open(chatWith([user('msg_1', 'go'), answer('msg_2', [])]), { theme, width: 300 })
      await composer().pressSequentially('see @gr')
      await row('explore').waitFor()
      assert.deepEqual(await violations(axe), [], `${theme}: list`)
      await composer().press('Escape')
      await chat.page.getByRole('button', { name: /^Context:/ }).click()
      assert.deepEqual(await violations(axe), [], `${theme}: meter`)
      if (theme !== themeNames.at(-1)) await chat.dispose()
    }
  })

  async function violations(axe: string): Promise<readonly string[]> {
    await chat.page.evaluate(axe)
    const found = await chat.page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      `axe.run({ rules: { 'heading-order': { enabled: false } } })`,
    )
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
  }
})
