import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
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
    // VS Code's list of comments would be in the way.
    assert.equal(await page.locator('.comments-panel:visible').count(), 0)
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
    assert.equal(await page.locator('.comments-panel:visible').count(), 0)
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

  it('is nothing after Escape: the zone goes without a trace', async () => {
    const { page } = running
    await openFile(page, 'greeting.ts')
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+Alt+k')
    await page.locator('.review-widget .edit-textarea .monaco-editor.focused').waitFor({ timeout: patience })
    await page.keyboard.type('Never mind')
    await page.keyboard.press('Escape')
    const marks = page.locator('.review-widget:visible, .comment-range-glyph.comment-thread')
    await until('zone and mark are gone', async () => (await marks.count()) === 0, patience)
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
    // The proposed change stood in the tab of the preview, and is gone with the answer.
    await openFile(page, 'a.txt')
    await zone('One is too few')
      .locator('.action-label[aria-label*="Dismiss Finding"]')
      .click({ timeout: patience })
    await until('the finding is gone', async () => (await zone('One is too few').count()) === 0, patience)
    await page.locator('.tab').filter({ hasText: 'a.txt' }).first().click()
    await page
      .locator('.editor-instance .view-lines')
      .first()
      .click({ position: { x: 40, y: 8 } })
    await page.keyboard.press('Control+End')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.type('twenty-')
    await zone('these lines changed since').waitFor({ timeout: patience })
    await runCommand(page, 'File: Save')
    await runCommand(page, 'OpenCode: Clear Review Comments')
    await until('the findings are gone', async () => (await zone('Four is a new').count()) === 0, patience)
    await runCommand(page, 'View: Close All Editors')
  })
})

const findings = [
  { file: 'a.txt', line: 4, severity: 'warning', message: 'Four is a new number.' },
  { file: 'a.txt', line: 1, severity: 'note', message: 'One is too few.' },
]
const reviewPrompt = `[[text:${JSON.stringify({ findings })}]]`

async function shows(box: Locator, text: string): Promise<boolean> {
  const shown = await box.innerText({ timeout: 5_000 }).catch(() => '')
  return shown.replaceAll('\u00a0', ' ').includes(text)
}
