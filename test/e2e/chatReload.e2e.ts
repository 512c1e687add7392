import assert from 'node:assert/strict'
import { startLab, usualWire, type Lab } from '../support/opencodeLab.ts'
import {
  chatFrames,
  openFile,
  reloadWindow,
  runCommand,
  startWorkbench,
  until,
  type Workbench,
  quickRows,
} from '../support/workbench.ts'
import { Chat, keepFailure, openChat, patience } from './support/chat.ts'
import { clickDialogButton, dialog, pickRow, quickInput, reloadByCommand } from './support/chatWorkbench.ts'
import type { Page } from 'playwright-core'

/** A server that the window finds again; 2.x has none without a password, so there it is the extension's own. */
async function serverSettings(lab: Lab): Promise<Readonly<Record<string, unknown>>> {
  if (usualWire === 2) return {}
  const { url } = await lab.startServer({ password: '' })
  return {
    'opencodeSessions.server.profiles': [{ name: 'Lab', kind: 'url', url }],
    'opencodeSessions.server.profile': 'Lab',
  }
}

describe('A window that is reloaded', function () {
  this.timeout(240_000)
  let lab: Lab
  let workbench: Workbench
  let page: Page
  let chat: Chat

  before(async function () {
    lab = await startLab()
    workbench = await startWorkbench({
      env: lab.env,
      folder: lab.project,
      settings: await serverSettings(lab),
    })
    page = await workbench.openPage()
    chat = await openChat(page)
  })
  beforeEach(async () => {
    await chat.ready()
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, { page, workbench })
  })
  after(async function () {
    this.timeout(60_000)
    await workbench.dispose()
    await lab.dispose()
  })

  it('shows the stream again and follows it to its end, with nothing doubled', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `w${String(index + 1)}`).join(' ')
    await chat.send(`Count [[delay:400]][[chunk:4]][[text:${words}]]`)
    await chat.sees(/w4\b/)
    await reloadWindow(page)
    await chat.ready()
    await chat.stopButton.waitFor({ timeout: patience })
    await chat.sees(/w\d/)
    assert.doesNotMatch(await chat.answers.innerText(), /w60/)
    await chat.sees(/w60\b/)
    await chat.settles()
    const answer = (await chat.answers.innerText()).replace(/^OpenCode answered\s+/, '')
    assert.equal(answer.trim(), words)
    assert.equal(await chat.prompts.count(), 1)
    assert.equal(
      lab.model.requests.filter(({ kind, prompt }) => kind === 'chat' && prompt.startsWith('Count')).length,
      1,
    )
  })

  it('keeps what is being written and its chips', async () => {
    await openFile(page, 'greeting.ts')
    await runCommand(page, 'OpenCode: Add File to Chat')
    await chat.chips.filter({ hasText: 'greeting.ts' }).waitFor({ timeout: patience })
    await chat.composer.fill('half a thought')
    await reloadByCommand(page)
    await chat.ready()
    await until(
      'the text is back',
      async () => (await chat.composer.inputValue()) === 'half a thought',
      patience,
    )
    await chat.chips.filter({ hasText: 'greeting.ts' }).waitFor({ timeout: patience })
  })

  it('keeps both while the view is hidden, and while another session is on screen', async () => {
    await page
      .getByRole('tab', { name: /^Explorer/ })
      .first()
      .click()
    await until(
      'the chat is hidden',
      async () => (await page.locator('.explorer-folders-view').count()) > 0,
      patience,
    )
    await runCommand(page, 'OpenCode: Open Chat')
    await chat.ready()
    await until(
      'the text is back',
      async () => (await chat.composer.inputValue()) === 'half a thought',
      patience,
    )
    assert.equal(await chat.chips.count(), 1)
    await chat.newSession()
    await until('the composer is empty', async () => (await chat.composer.inputValue()) === '', patience)
    assert.equal(await chat.chips.count(), 0)
    await chat.button('Sessions').click()
    await pickRow(page, /Count/)
    await chat.prompts.getByText('Count').waitFor({ timeout: patience })
    await until(
      'the text is back',
      async () => (await chat.composer.inputValue()) === 'half a thought',
      patience,
    )
    assert.equal(await chat.chips.count(), 1)
    await chat.chips.getByRole('button', { name: 'Remove greeting.ts' }).click()
    await until('the chip is gone', async () => (await chat.chips.count()) === 0, patience)
    await chat.composer.fill('')
  })

  it('brings a chat in an editor tab back with its session', async () => {
    await chat.newSession()
    await chat.ask('Tabbed words [[text:The tab shows this.]]', 'The tab shows this.')
    await runCommand(page, 'OpenCode: Open Chat in Editor')
    const tab = await new Chat(page, 1).ready()
    await tab.sees('The tab shows this.')
    await chat.newSession()
    await reloadByCommand(page)
    await until('both chats are back', () => holdsInAny(page, 'The tab shows this.'), patience)
    await page
      .locator('.tab')
      .filter({ has: page.locator('.tab-label', { hasText: 'Tabbed words' }) })
      .first()
      .waitFor({ timeout: patience })
    await runCommand(page, 'View: Close All Editors')
    // A tab that is being closed may still look like the first chat.
    await until('one chat is left', async () => (await chatFrames(page)).length === 1, patience)
    await chat.ready()
  })

  it('lists sessions with a search, and switches between them', async () => {
    await chat.newSession()
    await chat.ask('Ostrich facts [[text:It runs.]]', 'It runs.')
    await chat.newSession()
    await chat.ask('Penguin facts [[text:It swims.]]', 'It swims.')
    await chat.button('Sessions').click()
    const input = await quickInput(page)
    await input.fill('Ostrich')
    await quickRows(page, /Ostrich/).waitFor({ timeout: patience })
    await until('others are left out', async () => (await quickRows(page, /Penguin/).count()) === 0, patience)
    await pickRow(page, /Ostrich/)
    await chat.sees('It runs.')
    assert.equal(await chat.answers.getByText('It swims.').count(), 0)
  })

  it('renames a session', async () => {
    await runCommand(page, 'OpenCode: Rename Session…')
    const input = await quickInput(page)
    await input.fill('Large birds')
    await page.keyboard.press('Enter')
    await chat.frame.getByRole('heading', { name: 'Large birds' }).waitFor({ timeout: patience })
    await chat.button('Sessions').click()
    await quickRows(page, /Large birds/).waitFor({ timeout: patience })
    await page.keyboard.press('Escape')
  })

  it('asks before it deletes a session', async () => {
    await runCommand(page, 'OpenCode: Delete Session…')
    await dialog(page).getByText('Delete the session "Large birds"?').waitFor({ timeout: patience })
    await clickDialogButton(page, 'Cancel')
    await chat.sees('It runs.')
    await runCommand(page, 'OpenCode: Delete Session…')
    await clickDialogButton(page, 'Delete')
    await chat.log.waitFor({ state: 'detached', timeout: patience })
    await chat.button('Sessions').click()
    await quickRows(page, /Penguin/).waitFor({ timeout: patience })
    assert.equal(await quickRows(page, /Large birds/).count(), 0)
    await page.keyboard.press('Escape')
  })
})

async function holdsInAny(page: Page, text: string): Promise<boolean> {
  for (const frame of page.frames()) {
    const count = await frame
      .getByRole('article')
      .getByText(text)
      .count()
      .catch(() => 0)
    if (count > 0) return true
  }
  return false
}
