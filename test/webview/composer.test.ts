import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'mocha'
import type { MentionAnswer } from '../../src/protocol/composer.ts'
import type { ChatState } from '../../src/protocol/chat.ts'
import type { ChatPage, Harness, OpenOptions } from './support/harness.ts'
import { startHarness } from './support/harness.ts'
import { chatState } from './support/states.ts'

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
      await chat.waitForCall('mention/search', 2)
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
})
