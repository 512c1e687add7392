import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { runCommand, until } from '../support/workbench.ts'
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
    await chat.settles()
    await runCommand(page, 'OpenCode: Clear Review Comments')
    await until('the findings are gone', async () => (await zone('Four is a new').count()) === 0, patience)
    await runCommand(page, 'View: Close All Editors')
  })
})

const finding = { file: 'a.txt', line: 4, severity: 'warning', message: 'Four is a new number.' }
const reviewPrompt = `[[text:${JSON.stringify({ findings: [finding] })}]]`

async function shows(box: Locator, text: string): Promise<boolean> {
  const shown = await box.innerText({ timeout: 5_000 }).catch(() => '')
  return shown.replaceAll('\u00a0', ' ').includes(text)
}
