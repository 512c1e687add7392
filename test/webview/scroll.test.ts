import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import type { ChatPage } from './support/harness.ts'
import { pagesOfTests } from './support/pages.ts'
import { answer, chatWith, textBlock, tool, user } from './support/states.ts'
import { toBlockID, toMessageID } from '../../src/opencode/ids.ts'
import type { Message } from '../../src/session/model.ts'

const paragraph =
  'Some words that fill a line or two of the conversation, with `code` and **weight** in them. '

function history(from: number, to: number): readonly Message[] {
  const messages: Message[] = []
  for (let turn = from; turn < to; turn++) {
    messages.push(user(`msg_${turn * 10}`, `Question ${turn}`))
    messages.push(
      answer(`msg_${turn * 10 + 1}`, [
        tool(`t${turn}`, {
          name: 'read',
          kind: 'read',
          target: `src/file${turn}.ts`,
          input: { filePath: 'x' },
          output: 'x',
        }),
        textBlock(
          `b${turn}`,
          `### Answer ${turn}\n\n${paragraph.repeat(3)}\n\n- one\n- two\n\n\`\`\`ts\nconst n = ${turn}\n\`\`\`\n`,
        ),
      ]),
    )
  }
  return messages
}

describe('scrolling', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let chat: ChatPage
  const open = pagesOfTests((page) => (chat = page))
  const metrics = () =>
    chat.page.locator('.scroller').evaluate((scroller) => ({
      top: scroller.scrollTop,
      below: scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight,
      nodes: document.querySelectorAll('*').length,
      articles: document.querySelectorAll('article').length,
    }))
  const topOf = (text: string) =>
    chat.page.getByText(text, { exact: true }).evaluate((element) => element.getBoundingClientRect().top)
  const wheel = async (dy: number) => {
    await chat.page.mouse.move(200, 300)
    await chat.page.mouse.wheel(0, dy)
    await chat.page.waitForTimeout(120)
  }
  const append = (text: string) =>
    chat.session({
      type: 'block/append',
      messageID: toMessageID('msg_901'),
      blockID: toBlockID('live'),
      text,
    })
  const live: readonly Message[] = [
    ...history(0, 12),
    user('msg_900', 'Go on'),
    answer('msg_901', [textBlock('live', 'Start', { open: true })]),
  ]

  it('follows a stream while it is at the end', async () => {
    await open(chatWith(live, { status: { kind: 'busy' } }))
    for (let index = 0; index < 30; index++) await append(`\n\nMore text ${index}`)
    await chat.page.getByText('More text 29').waitFor()
    await chat.page.waitForTimeout(50)
    assert.ok((await metrics()).below < 2)
  })

  it('leaves alone what is being read, and offers the way back', async () => {
    await open(chatWith(live, { status: { kind: 'busy' } }))
    await wheel(-900)
    const before = await metrics()
    assert.ok(before.below > 500)
    const text = await chat.page.evaluate(() => {
      const item = [...document.querySelectorAll('[data-item] h3')].find(
        (element) => element.getBoundingClientRect().top > 60,
      )
      return item?.textContent ?? ''
    })
    const top = await topOf(text)
    for (let index = 0; index < 30; index++) await append(`\n\nMore text ${index}`)
    await chat.page.waitForTimeout(100)
    assert.ok(Math.abs((await topOf(text)) - top) < 1)
    await chat.page.getByRole('button', { name: 'Go to bottom' }).click()
    await chat.page.waitForTimeout(100)
    assert.ok((await metrics()).below < 2)
    assert.equal(await chat.page.getByRole('button', { name: 'Go to bottom' }).count(), 0)
    await append('\n\nthe very end')
    await chat.page.getByText('the very end').waitFor()
    await chat.page.waitForTimeout(50)
    assert.ok((await metrics()).below < 2)
  })

  it('keeps its place while older messages come in above', async () => {
    const answer = Promise.withResolvers<undefined>()
    await open(chatWith(history(20, 30), { hasOlder: true }), {
      handlers: { 'chat/history': () => answer.promise },
    })
    for (let step = 0; step < 10 && chat.callsOf('chat/history').length === 0; step++) {
      await chat.page.locator('.scroller').evaluate((scroller) => scroller.scrollBy(0, -600))
      await chat.page.waitForTimeout(150)
    }
    await chat.page.getByText('Loading earlier messages…').waitFor()
    const visible = await chat.page.evaluate(() => {
      const heading = [...document.querySelectorAll('h3')].find(
        (element) => element.getBoundingClientRect().top > 100,
      )
      return { text: heading?.textContent ?? '', top: heading?.getBoundingClientRect().top ?? 0 }
    })
    await chat.session({ type: 'history', messages: history(0, 20), hasOlder: false })
    answer.resolve(undefined)
    await chat.page.getByText('Loading earlier messages…').waitFor({ state: 'detached' })
    await chat.page.waitForTimeout(300)
    assert.ok(Math.abs((await topOf(visible.text)) - visible.top) < 2, 'it moved')
    for (let step = 0; step < 60; step++) {
      if ((await chat.page.getByText('Question 0', { exact: true }).count()) > 0) break
      await wheel(-700)
    }
    await chat.page.getByText('Question 0', { exact: true }).waitFor()
  })

  it('holds few nodes wherever the reader is in a long session', async () => {
    await open(chatWith(history(0, 1_000)))
    assert.ok((await metrics()).nodes < 2_500, `${(await metrics()).nodes} at the start`)
    let most = 0
    for (let step = 0; step < 40; step++) {
      await wheel(-1_500)
      most = Math.max(most, (await metrics()).nodes)
    }
    for (let step = 0; step < 10; step++) {
      await wheel(1_500)
      most = Math.max(most, (await metrics()).nodes)
    }
    assert.ok(most < 2_500, `${most} nodes`)
    await chat.page.getByRole('button', { name: 'Go to bottom' }).click()
    await chat.page.getByText('Question 999', { exact: true }).waitFor()
    await chat.page.waitForTimeout(100)
    assert.ok((await metrics()).below < 2)
  })

  it('stays at the end when a fold above opens and keeps the opened line in its place', async () => {
    await open(chatWith(live))
    await wheel(-300)
    const toggle = chat.page.getByRole('group', { name: 'Tool: read' }).last().getByRole('button').first()
    const before = (await toggle.boundingBox())?.y ?? 0
    await toggle.click()
    await chat.page.waitForTimeout(100)
    assert.ok(Math.abs(((await toggle.boundingBox())?.y ?? 0) - before) < 2)
  })

  it('finds the place again after a reload', async () => {
    await open(chatWith(history(0, 60)))
    for (let step = 0; step < 6; step++) await wheel(-600)
    await chat.page.waitForTimeout(400)
    const { pageState } = chat
    const seen = await chat.page.evaluate(() => {
      const heading = [...document.querySelectorAll('h3')].find(
        (element) => element.getBoundingClientRect().top > 100,
      )
      return { text: heading?.textContent ?? '', top: heading?.getBoundingClientRect().top ?? 0 }
    })
    await chat.dispose()
    await open(chatWith(history(0, 60)), { pageState })
    await chat.page.waitForTimeout(400)
    assert.ok(Math.abs((await topOf(seen.text)) - seen.top) < 4)
  })

  it('keeps the end in sight while the composer grows', async () => {
    await open(chatWith(live))
    await chat.page.getByRole('textbox', { name: 'Message OpenCode' }).fill('line\n'.repeat(12))
    await chat.page.waitForTimeout(100)
    assert.ok((await metrics()).below < 2)
  })
})
