import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { toBlockID, toMessageID } from '../../src/opencode/ids.ts'
import type { Message } from '../../src/session/model.ts'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { answer, chatWith, textBlock, tool, user } from './support/states.ts'

/** Turn 3 hides a word in a folded tool; every fifth answer says "needle". */
function history(from: number, to: number): readonly Message[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset).flatMap((turn) => [
    user(`msg_${turn * 10}`, `Question ${turn}`, { created: 1_000_000 + turn * 1_000 }),
    answer(
      `msg_${turn * 10 + 1}`,
      [
        tool(`t${turn}`, {
          name: 'bash',
          kind: 'shell',
          target: `echo ${turn}`,
          input: { command: `echo ${turn}` },
          output: `${turn === 3 ? 'Buried treasure\n' : ''}${'a line of output\n'.repeat(300)}`,
        }),
        textBlock(
          `b${turn}`,
          `Answer ${turn}${turn % 5 === 0 ? ' with a Need**le** in it' : ''}\n\n${'Filler words. '.repeat(80)}`,
        ),
      ],
      { created: 1_000_000 + turn * 1_000 + 500 },
    ),
  ])
}

describe('finding one’s way in a conversation', function () {
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const find = async (text: string): Promise<void> => {
    await chat.page.keyboard.press('Control+f')
    await chat.page.getByRole('textbox', { name: 'Find' }).fill(text)
  }
  const count = () => chat.page.locator('.search-count')
  const marked = (name: string) =>
    chat.page.evaluate((key) => {
      const ranges = [...(CSS.highlights.get(key) ?? [])] as Range[]
      return ranges.map((range) => ({
        text: range.toString(),
        y: range.getBoundingClientRect().top,
      }))
    }, name)
  const waitForMarked = async (text: string) => {
    await chat.page.waitForFunction(
      (wanted) =>
        [...(CSS.highlights.get('transcript-match-current') ?? [])].some(
          (range) => (range as Range).toString() === wanted,
        ),
      text,
    )
    return (await marked('transcript-match-current'))[0]
  }

  it('finds text over markup, from the newest match on, and goes round', async () => {
    await open(chatWith(history(0, 21), {}))
    await find('NEEDLE')
    await chat.page.getByText('No results').waitFor()
    await find('Need')
    await count().getByText('5 of 5').waitFor()
    await waitForMarked('Need')
    await chat.page.getByRole('textbox', { name: 'Find' }).press('Enter')
    await count().getByText('4 of 5').waitFor()
    await chat.page.getByRole('textbox', { name: 'Find' }).press('Shift+Enter')
    await chat.page.getByRole('textbox', { name: 'Find' }).press('Shift+Enter')
    await count().getByText('1 of 5').waitFor()
    const current = await waitForMarked('Need')
    assert.ok(current && current.y > 30 && current.y < 800, 'the match is in sight')
    await chat.page.getByText('Answer 0 with a').waitFor()
  })

  it('matches case and patterns when asked, and says when a pattern is none', async () => {
    await open(chatWith(history(0, 6), {}))
    await find('answer')
    await count().getByText('6 of 6').waitFor()
    await chat.page.getByRole('button', { name: 'Match case' }).click()
    await chat.page.getByText('No results').waitFor()
    await chat.page.getByRole('button', { name: 'Use regular expression' }).click()
    await find('Answer [24]')
    await count().getByText('2 of 2').waitFor()
    await find('Answer [')
    await count().getByText('Not a pattern').waitFor()
  })

  it('opens the fold and the cut output that hide a match', async () => {
    await open(chatWith(history(0, 12), {}))
    assert.equal(await chat.page.getByText('Buried treasure').count(), 0)
    await find('buried')
    await count().getByText('1 of 1').waitFor()
    const current = await waitForMarked('Buried')
    assert.ok(current && current.y > 30 && current.y < 800)
  })

  it('looks through earlier messages that are not loaded yet', async () => {
    const pages = [history(20, 40), history(0, 20)]
    await open(chatWith(history(40, 60), { hasOlder: true }), {
      handlers: {
        'chat/history': async () => {
          const messages = pages.shift() ?? []
          await chat.session({ type: 'history', messages, hasOlder: pages.length > 0 })
          return undefined
        },
      },
    })
    await find('treasure')
    await count().getByText('1 of 1').waitFor()
    await chat.page.getByRole('textbox', { name: 'Find' }).press('Enter')
    await waitForMarked('treasure')
    assert.equal(chat.callsOf('chat/history').length, 2)
  })

  it('closes with Escape, takes its marks away and gives the focus back', async () => {
    await open(chatWith(history(0, 6), {}))
    await find('Answer')
    await waitForMarked('Answer')
    await chat.page.keyboard.press('Escape')
    await chat.page.locator('.search-bar').waitFor({ state: 'detached' })
    await chat.page.waitForFunction(() => CSS.highlights.size === 0)
    assert.equal(await chat.page.evaluate(() => document.activeElement?.className), 'composer-text')
  })

  it('goes from prompt to prompt by key and by the rail', async () => {
    await open(chatWith(history(0, 30), {}))
    await chat.page.locator('.composer-text').focus()
    const top = (text: string) =>
      chat.page.getByText(text, { exact: true }).evaluate((element) => element.getBoundingClientRect().top)
    await chat.page.keyboard.press('Alt+ArrowUp')
    await chat.page.waitForFunction(() => document.activeElement?.textContent === 'You saidQuestion 29')
    await chat.page.waitForTimeout(300)
    await chat.page.keyboard.press('Alt+ArrowUp')
    await chat.page.waitForFunction(() => document.activeElement?.textContent === 'You saidQuestion 28')
    assert.ok(Math.abs((await top('Question 28')) - 60) < 60)
    await chat.page.getByRole('button', { name: 'Go to prompt: Question 2', exact: true }).click()
    await chat.page.waitForFunction(() => document.activeElement?.textContent === 'You saidQuestion 2')
    const rail = chat.page.getByRole('navigation', { name: 'Prompts' })
    await rail.locator('[aria-current]').waitFor()
    await chat.page.waitForFunction(
      () => document.querySelector('.prompt-mark[aria-current]')?.getAttribute('title') === 'Question 2',
    )
    await rail.locator('[tabindex="0"]').focus()
    await chat.page.keyboard.press('ArrowDown')
    await chat.page.keyboard.press('Enter')
    await chat.page.waitForFunction(() => document.activeElement?.textContent === 'You saidQuestion 3')
  })

  it('counts what came while the reader was elsewhere', async () => {
    await open(chatWith(history(0, 12), { status: { kind: 'busy' } }))
    await chat.page.mouse.move(200, 300)
    await chat.page.mouse.wheel(0, -1_500)
    await chat.page.getByRole('button', { name: 'Go to bottom', exact: true }).waitFor()
    const id = toMessageID('msg_500')
    const { blocks: _, ...head } = answer('msg_500', [], { created: 2_000_000 })
    await chat.session(
      { type: 'message/put', message: head },
      { type: 'block/put', messageID: id, block: textBlock('n1', 'First news') },
      { type: 'block/put', messageID: id, block: { ...textBlock('n2', 'Second news'), id: toBlockID('n2') } },
    )
    await chat.page.getByRole('button', { name: 'Go to bottom, 2 new' }).click()
    await chat.page.getByText('Second news').waitFor()
  })
})
