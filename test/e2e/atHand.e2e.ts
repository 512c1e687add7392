import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { mcpScript } from '../support/mcpScript.ts'
import { openFile, runCommand, screenshot, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { clickDialogButton, expandRow, pickRow, quickInput, treeRow } from './support/chatWorkbench.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='
const files = {
  'mcp.cjs': mcpScript,
  'guide.md': '# Guide\n\n## Seahorse chapter\n\nThey swim upright.\n',
  'notes.txt': 'the walrus is in the notes\n',
}
const config = { mcp: { sample: { type: 'local', command: [process.execPath, 'mcp.cjs'] } } }

describe('What is at hand', function () {
  this.timeout(240_000)
  let running: ChatLab
  before(async () => {
    running = await startChatLab({ files, config, height: 1_000 })
    await writeFile(path.join(running.lab.project, 'dot.png'), Buffer.from(png, 'base64'))
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  const row = (text: string | RegExp) => treeRow(running.page, text)
  const expand = (text: string | RegExp) => expandRow(running.page, text)
  const tab = (name: string): Locator => running.page.locator('.tab.active').filter({ hasText: name })
  const option = (name: RegExp): Locator => running.chat.frame.getByRole('option', { name }).first()

  it('a picture that a tool read, and a diagram, each in a tab of its own', async () => {
    const { chat, lab, page } = running
    const input = JSON.stringify({ filePath: path.join(lab.project, 'dot.png') })
    const diagram = '```mermaid\nflowchart LR\n  A(Ask) --> B(Answer)\n```'
    await chat.ask(`[[text:${diagram}\n\nDone with it.]]`, 'Done with it.')
    await chat.log.locator('.diagram img').waitFor({ timeout: patience })
    await screenshot(page, 'at-hand-diagram')
    await chat.log.locator('.code').hover()
    await chat.button('Open diagram in a tab').click()
    await tab('diagram.svg').waitFor({ timeout: patience })
    // The server shows the model a picture as a prompt of its own, so what the model says then is not ours to choose.
    await chat.send(`[[tool:read ${input}]]`)
    const tool = chat.tool('read')
    await tool.waitFor({ timeout: patience })
    await chat.settles()
    await tool.getByRole('button').first().click()
    await tool
      .getByRole('button', { name: /^Open / })
      .first()
      .click()
    await page.locator('.tab.active').filter({ hasText: '.png' }).waitFor({ timeout: patience })
    await screenshot(page, 'at-hand-picture')
  })

  it('the state of the server: what it has, what was allowed, and a way to change it', async () => {
    const { chat, page } = running
    const run = '[[tool:bash {"command":"echo walrus","description":"x"}]][[text:Ran it.]]'
    await runCommand(page, 'OpenCode: Focus on Server View')
    await row('OpenCode 1.').waitFor({ timeout: patience })
    await row('1 of 1 connected').waitFor({ timeout: patience })
    await expand('MCP servers')
    await row('sample').hover()
    await row('sample').getByRole('button', { name: 'Disconnect MCP Server' }).click()
    await row('0 of 1 connected').waitFor({ timeout: patience })
    await row('sample').hover()
    await row('sample').getByRole('button', { name: 'Connect MCP Server' }).click()
    await row('1 of 1 connected').waitFor({ timeout: patience })
    await screenshot(page, 'at-hand-server')
    await chat.send(run)
    await chat.permission.getByRole('button', { name: 'Always allow' }).click({ timeout: patience })
    await chat.sees('Ran it.')
    await chat.settles()
    // Without the chat above it the view has room for all its rows.
    const header = page.locator('.pane-header').filter({ hasText: 'Chat' }).first()
    await header.click()
    await expand('Agents and their rules')
    await expand(/^build/)
    await row('bash: ask').waitFor({ timeout: patience })
    await screenshot(page, 'at-hand-rules')
    await row('Agents and their rules').click()
    await expand('Allowed')
    await row('echo').waitFor({ timeout: patience })
    await row('Allowed').hover()
    await row('Allowed')
      .getByRole('button', { name: /Forget/ })
      .click()
    await clickDialogButton(page, 'Forget')
    await row('Nothing from this window').waitFor({ timeout: patience })
    await header.click()
    await chat.ready()
    await chat.send(run)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.settles()
  })

  it('every source of context: terminal, symbol, past session, file from the picker', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'guide.md')
    await runCommand(page, 'Terminal: Create New Terminal')
    await page.locator('.terminal-wrapper.active .xterm').waitFor({ timeout: patience })
    await page.waitForTimeout(1_500)
    await page.keyboard.type('echo wal""rus-in-terminal\n')
    await page.waitForTimeout(1_500)
    await chat.newSession()
    await chat.ask('Of lobsters. [[text:They walk.]]', 'They walk.')
    await chat.newSession()
    await chat.composer.click()
    /** The language support may still be starting, so it is asked again as a person would: by another key. */
    const mention = async (query: string, name: RegExp): Promise<void> => {
      await page.keyboard.type(`@${query}`)
      await until(
        `a mention of ${query}`,
        async () => {
          if (await option(name).isVisible()) return true
          await page.keyboard.press('Backspace')
          await page.keyboard.type(query.slice(-1))
          await page.waitForTimeout(2_500)
          return option(name).isVisible()
        },
        patience,
      )
      await option(name).click()
    }
    await mention('terminal', /Terminal output/)
    await mention('Seahorse', /Seahorse chapter/)
    await mention('lobster', /Session/)
    await chat.button('Add context').click()
    await (await quickInput(page)).fill('notes')
    await pickRow(page, 'notes.txt')
    await until('four chips', async () => (await chat.chips.count()) === 4)
    await screenshot(page, 'at-hand-sources')
    assert.equal(await chat.chips.locator('.codicon-warning').count(), 0)
    const before = lab.model.requests.length
    await chat.composer.click()
    await page.keyboard.type(' [[text:All seen.]]')
    await page.keyboard.press('Enter')
    await chat.sees('All seen.')
    await chat.settles()
    const sent = JSON.stringify(lab.model.requests.slice(before).map(({ body }) => body))
    for (const words of ['walrus-in-terminal', 'swim upright', 'They walk.', 'the walrus is in the notes'])
      assert.ok(sent.includes(words), `the model sees "${words}"`)
  })

  it('the next agent by a key', async () => {
    const { chat, page } = running
    await chat.composer.click()
    await page.keyboard.press('Control+Alt+A')
    await chat.button('Agent: plan').waitFor({ timeout: patience })
    await page.keyboard.press('Control+Alt+A')
    await chat.button('Agent: build').waitFor({ timeout: patience })
  })

  it('a mistake in the configuration, with file and line', async () => {
    const { lab, page } = running
    const file = path.join(lab.project, 'opencode.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"share": "manual"', '"share": manual'))
    const line = text.split('\n').findIndex((each) => each.includes('"share"')) + 1
    assert.ok(line > 1)
    await runCommand(page, 'OpenCode: Restart Server')
    await runCommand(page, 'OpenCode: Focus on Server View')
    const mistake = row(`Mistake in opencode.json, line ${line}`)
    await mistake.waitFor({ timeout: patience })
    await screenshot(page, 'at-hand-mistake')
    await mistake.click()
    await tab('opencode.json').waitFor({ timeout: patience })
    await page
      .locator('.statusbar-item')
      .filter({ hasText: `Ln ${line},` })
      .waitFor({ timeout: patience })
  })
})
