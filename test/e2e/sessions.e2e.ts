import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { OtherClient } from '../support/otherClient.ts'
import { quickRows, runCommand, until } from '../support/workbench.ts'
import { badge, Chat, keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { endpointOf } from './support/lifecycle.ts'
import { clickDialogButton, pickRow, quickInput } from './support/chatWorkbench.ts'

describe('The session browser', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async () => {
    running = await startChatLab({ config: { permission: { bash: 'allow', edit: 'allow' } }, height: 1_200 })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  const view = (): Locator => running.page.locator('.pane').filter({ hasText: 'Sessions' })
  const row = (title: string | RegExp): Locator =>
    running.page.locator('.pane .monaco-list-row').filter({ hasText: title })
  const showView = async (): Promise<void> => {
    await running.page.evaluate(() => undefined)
    await runCommand(running.page, 'OpenCode: Focus on Sessions View')
    await view().first().waitFor({ timeout: patience })
  }
  const ask = async (prompt: string, end: string): Promise<void> => {
    await running.chat.newSession()
    await running.chat.ask(prompt, end)
  }

  it('leaves the chat its room until it is opened, and lists what the chat made', async () => {
    const { chat } = running
    assert.equal(await row('Alpha').count(), 0, 'it is collapsed')
    await chat.ask('Alpha title [[text:The answer has a platypus in it.]]', 'platypus')
    await ask('Beta title [[text:Just an answer.]]', 'Just an answer.')
    await showView()
    await row('Alpha').waitFor({ timeout: patience })
    await row('Beta').waitFor({ timeout: patience })
    await row('Today').waitFor({ timeout: patience })
  })

  it('opens a session with a click', async () => {
    const { chat } = running
    await row('Alpha').click()
    await chat.sees('platypus')
    await row('Beta').click()
    await chat.sees('Just an answer.')
  })

  it('shows live what runs, what waits and what ended unseen', async () => {
    const { chat, page } = running
    await row('Alpha').click()
    await chat.sees('platypus')
    await chat.send('[[wait:6000]][[text:Later.]]')
    await chat.stopButton.waitFor({ timeout: patience })
    // Its row has moved to the top by then.
    await row(/Alpha.*running/).waitFor({ timeout: patience })
    await row('Beta').click()
    await chat.sees('Just an answer.')
    await row(/Alpha.*new answer/).waitFor({ timeout: patience })
    await until('the badge says so', async () => (await badge(page)) === '1', patience)
    await row('Alpha').click()
    await row(/Alpha.*new answer/).waitFor({ state: 'detached', timeout: patience })
    await until('the badge is gone', async () => (await badge(page)) === '', patience)
    await chat.sees('Later.')
    await chat.send('[[wait:2000]][[error:401]]')
    await chat.prompts.getByText('[[error:401]]').waitFor({ timeout: patience })
    await row('Beta').click()
    await row(/Alpha.*failed/).waitFor({ timeout: patience })
    await row('Alpha').click()
    await row(/Alpha.*failed/).waitFor({ state: 'detached', timeout: patience })
  })

  it('pins, archives and renames from the row', async () => {
    const { lab, page } = running
    await row('Beta').hover()
    await row('Beta').getByRole('button', { name: 'Pin Session' }).click()
    await row('Pinned').waitFor({ timeout: patience })
    await row('Beta').click()
    await page.keyboard.press('F2')
    await (await quickInput(page)).fill('Beta renamed')
    await page.keyboard.press('Enter')
    await row('Beta renamed').waitFor({ timeout: patience })
    await row('Beta renamed').hover()
    // OpenCode 2 keeps no archive, so there is no button for it.
    if (lab.wire === 2) {
      await row('Beta renamed').getByRole('button', { name: 'Unpin Session' }).waitFor({ timeout: patience })
      assert.equal(await row('Beta renamed').getByRole('button', { name: 'Archive Session' }).count(), 0)
      return
    }
    await row('Beta renamed').getByRole('button', { name: 'Archive Session' }).click()
    await row('Beta renamed').waitFor({ state: 'detached', timeout: patience })
    await runCommand(page, 'OpenCode: Show Archived Sessions')
    await row('Archived').click()
    await row('Beta renamed').hover()
    await row('Beta renamed').getByRole('button', { name: 'Bring Session Back' }).click()
    await row(/^Archived/).waitFor({ state: 'detached', timeout: patience })
    await runCommand(page, 'OpenCode: Hide Archived Sessions')
  })

  it('finds words in messages, and goes back to all', async () => {
    const { page } = running
    await runCommand(page, 'OpenCode: Search Sessions…')
    await (await quickInput(page)).fill('platypus')
    await page.keyboard.press('Enter')
    await view().getByText('One session has "platypus"').waitFor({ timeout: patience })
    await row(/Alpha.*platypus/).waitFor({ timeout: patience })
    assert.equal(await row('Beta').count(), 0)
    await runCommand(page, 'OpenCode: Clear Search')
    await row('Beta').waitFor({ timeout: patience })
  })

  it('lists sessions of other folders when asked', async () => {
    const { lab, page, workbench } = running
    const other = path.join(lab.root, 'elsewhere')
    await mkdir(other)
    const [server] = await workbench.opencodeServers()
    assert.ok(server)
    await new OtherClient(await endpointOf(server)).createSession(other, 'Far away session')
    assert.equal(await row('Far away').count(), 0)
    await runCommand(page, 'OpenCode: Show Sessions of All Folders')
    await row('project').first().click()
    await row('elsewhere').waitFor({ timeout: patience })
    await row('Far away').waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Show Sessions of This Folder')
    await row('Far away').waitFor({ state: 'detached', timeout: patience })
  })

  it('deletes several at once, after one question', async () => {
    const { page } = running
    await row('Alpha').click()
    await row('Beta').click({ modifiers: ['ControlOrMeta'] })
    await page.keyboard.press('Delete')
    await clickDialogButton(page, 'Delete')
    await row('Alpha').waitFor({ state: 'detached', timeout: patience })
    assert.equal(await row('Beta').count(), 0)
  })

  it('is there as a quick pick too: grouped, with pins', async () => {
    const { page } = running
    const chat = await new Chat(page).ready()
    await chat.newSession().catch(() => undefined)
    await chat.ask('Gamma title [[text:Third.]]', 'Third.')
    await runCommand(page, 'OpenCode: Sessions')
    await quickInput(page)
    await quickRows(page, /Gamma/).hover()
    await quickRows(page, /Gamma/).getByRole('button', { name: 'Pin' }).click()
    await until(
      'it is pinned',
      async () => {
        await quickRows(page, /Gamma/).hover()
        return quickRows(page, /Gamma/).getByRole('button', { name: 'Unpin' }).isVisible()
      },
      patience,
    )
    await pickRow(page, /Gamma/)
    await chat.sees('Third.')
  })
})
