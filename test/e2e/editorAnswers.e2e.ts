import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { openFile, runCommand, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'

const files = {
  'src/greeting.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name\n}\n",
  'a.txt': 'one\ntwo\nthree\n',
  'b.txt': 'four\n',
}

describe('What OpenCode answers in editors', function () {
  this.timeout(240_000)
  let running: ChatLab
  before(async () => {
    running = await startChatLab({ files, settings: { 'files.autoSave': 'off' } })
  })
  afterEach(function () {
    return keepFailure(this.currentTest, running)
  })
  after(() => running.dispose())

  const zone = (text: string | RegExp) =>
    running.page.locator('.review-widget:visible').filter({ hasText: text })

  it('is a change at the cursor, which goes where the lines are by then', async () => {
    const { lab, page } = running
    await openFile(page, 'greeting.ts')
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.press('Shift+Home')
    await page.keyboard.press('Control+Alt+k')
    await zone('Change line 2').waitFor({ timeout: patience })
    await page.locator('.review-widget .edit-textarea .monaco-editor.focused').waitFor({ timeout: patience })
    const code = '```ts\\n  return `Hello, ${name}!`\\n```'
    await page.keyboard.insertText(`Shorter. [[wait:2500]][[text:It is shorter.\\n${code}]]`)
    await page.keyboard.press('Control+Enter')
    await zone('Working…').waitFor({ timeout: patience })
    await page
      .locator('.editor-instance .view-lines')
      .first()
      .click({ position: { x: 200, y: 8 } })
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('const meanwhile = 1\n')
    // The words stream in; the change can be accepted when all of it is there.
    const accept = zone('It is shorter.').getByRole('button', { name: 'Accept Inline Change' })
    await accept.first().waitFor({ timeout: patience })
    await zone('Change line 3').waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Accept Inline Change')
    await until('the zone is closed', async () => (await zone('Change line 3').count()) === 0, patience)
    await runCommand(page, 'File: Save')
    const file = path.join(lab.project, 'src/greeting.ts')
    await until(
      'the file is saved',
      async () => (await readFile(file, 'utf8')).includes('meanwhile'),
      patience,
    )
    assert.equal(
      await readFile(file, 'utf8'),
      'const meanwhile = 1\nexport function greet(name: string): string {\n  return `Hello, ${name}!`\n}\n',
    )
    await runCommand(page, 'View: Close All Editors')
  })

  it('is a commit message in the box of the source control view', async () => {
    const { lab, page, workbench } = running
    await writeFile(path.join(lab.project, 'b.txt'), 'four\nfive\n')
    await workbench.setSettings({
      'opencodeSessions.prompts': { commitMessage: '[[text:Greet by a template]]', review: reviewPrompt },
    })
    await page.keyboard.press('Control+Shift+g')
    const button = page.getByRole('button', { name: 'Generate Commit Message' }).first()
    const box = page.locator('.scm-editor .view-lines').first()
    await until(
      'the message is there',
      async () => {
        await button.click({ timeout: 5_000 }).catch(() => undefined)
        return shows(box, 'Greet by a template')
      },
      patience,
    )
  })

  it('is a review whose findings stand at their lines and can be fixed', async () => {
    const { lab, page } = running
    await writeFile(path.join(lab.project, 'a.txt'), 'one\ntwo\nthree\nfour\n')
    await runCommand(page, 'OpenCode: Review Changes')
    await zone('Four is a new').waitFor({ timeout: patience })
    await page.locator('.tab.active').filter({ hasText: 'a.txt' }).waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Open Chat')
    const chat = await running.chat.ready()
    await zone('Four is a new')
      .locator('.action-label[aria-label*="Fix Finding"]')
      .click({ timeout: patience })
    await chat.prompts
      .getByText(/^Fix what a review found in a\.txt: Four is a new/)
      .waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Reject' }).click({ timeout: patience })
    await chat.settles()
    await runCommand(page, 'OpenCode: Clear Review Comments')
    await until('the findings are gone', async () => (await zone('Four is a new').count()) === 0, patience)
    await runCommand(page, 'View: Close All Editors')
  })

  it('begins in the menu of the explorer for all selected files', async () => {
    const { chat, lab, page } = running
    await chat.newSession()
    await runCommand(page, 'View: Show Explorer')
    const row = (name: string) =>
      page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name }).first()
    await row('a.txt').click({ timeout: patience })
    await row('b.txt').click({ modifiers: ['Control'] })
    await row('b.txt').click({ button: 'right' })
    const menu = page.getByRole('menuitem', { name: 'OpenCode' })
    await menu.waitFor({ timeout: patience })
    await clickUntilGone(page, menu, page.getByRole('menuitem', { name: 'Explain', exact: true }))
    const asked = () =>
      lab.model.requests.findLast(({ kind, prompt }) => kind === 'chat' && prompt.includes('Explain this:'))
    await until('the model is asked', () => asked() !== undefined, patience)
    assert.match(asked()?.prompt ?? '', /three[\s\S]*four/)
  })
})

const finding = { file: 'a.txt', line: 4, severity: 'warning', message: 'Four is a new number.' }
const reviewPrompt = `[[text:${JSON.stringify({ findings: [finding] })}]]`

/** Opens a submenu and clicks an entry; VS Code takes no click right after a menu has opened. */
async function clickUntilGone(page: Page, menu: Locator, item: Locator): Promise<void> {
  await until(
    'the menu to close',
    async () => {
      await menu.hover({ timeout: 2_000 }).catch(() => undefined)
      await item.click({ timeout: 2_000 }).catch(() => undefined)
      return (await page.locator('.monaco-menu:visible').count()) === 0
    },
    patience,
  )
}

async function shows(box: Locator, text: string): Promise<boolean> {
  const shown = await box.innerText({ timeout: 5_000 }).catch(() => '')
  return shown.replaceAll('\u00a0', ' ').includes(text)
}
