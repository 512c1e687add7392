import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { runCommand, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'

describe('The keyboard alone', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab()
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  it('opens the chat with the composer ready for typing, and sends', async () => {
    const { chat, page } = running
    await runCommand(page, 'View: Show Explorer')
    await page.keyboard.press('Control+Alt+O')
    await chat.ready()
    await focused(chat.composer)
    await page.keyboard.type('First line')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('second [[text:Typed and answered.]]')
    await page.keyboard.press('Enter')
    await chat.sees('Typed and answered.')
    await chat.settles()
    assert.match(await chat.prompts.innerText(), /First line\n+second/)
  })

  it('goes through the conversation by messages and back to the composer', async () => {
    const { chat, page } = running
    await focused(chat.composer)
    await page.keyboard.press('F6')
    await focused(chat.answers)
    await page.keyboard.press('ArrowUp')
    await focused(chat.prompts)
    await page.keyboard.press('ArrowDown')
    await focused(chat.answers)
    await page.keyboard.press('Escape')
    await focused(chat.composer)
  })

  it('answers a permission', async () => {
    const { chat, page } = running
    const input = JSON.stringify({ command: 'echo by-key', description: 'Say it' })
    await page.keyboard.type(`[[tool:bash ${input}]][[text:Allowed by key.]]`)
    await page.keyboard.press('Enter')
    await chat.permission.waitFor({ timeout: patience })
    await focused(chat.composer)
    await page.keyboard.press('F6')
    await focused(chat.permission.getByRole('button', { name: 'Allow once' }))
    await page.keyboard.press('Enter')
    await chat.sees('Allowed by key.')
    await chat.settles()
  })

  it('has its place in the composer again after the answer', async () => {
    await focused(running.chat.composer)
  })

  it('stops a run with Esc Esc', async () => {
    const { chat, page } = running
    await page.keyboard.type(
      '[[delay:300]][[chunk:4]][[text:This one goes on and on and on and on and on until it is told to be quiet.]]',
    )
    await page.keyboard.press('Enter')
    await chat.sees(/This one/)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await chat.settles()
    await chat.sees('Stopped')
  })

  it('recalls the last prompt with ↑', async () => {
    const { chat, page } = running
    await focused(chat.composer)
    await page.keyboard.press('ArrowUp')
    await until(
      'the prompt is back',
      async () => /This one goes on/.test(await chat.composer.inputValue()),
      patience,
    )
    await page.keyboard.press('Control+A')
    await page.keyboard.press('Delete')
  })
})

async function focused(locator: Locator): Promise<void> {
  await until(`the focus is on ${String(locator)}`, () => isFocused(locator.last()), patience)
}

function isFocused(locator: Locator): Promise<boolean> {
  return locator.evaluate(
    (element) => element === element.ownerDocument.activeElement && element.ownerDocument.hasFocus(),
  )
}
