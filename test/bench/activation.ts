import type { Page } from 'playwright-core'
import { chatFrames, runCommand, until } from '../support/workbench.ts'
import { findChat, startStage, type Stage } from '../e2e/support.ts'
import { percentile, type Bench, type BenchResult } from './support/result.ts'

export const activation: Bench = { name: 'activation', run }

async function run(): Promise<BenchResult> {
  const stage = await startStage()
  try {
    const idle = (await stage.workbench.opencodeServers()).length
    const withoutView = await activateByCommand(stage)
    const { cold, warm, withView } = await openView(stage)
    return {
      title: 'Activation and first view',
      note: 'Load and activate as VS Code reports it, by a command and by the view; icon click until the composer can be typed in, without and with a running server (median of 3).',
      columns: ['what', 'ms'],
      rows: [
        ['activation by a command, no view', withoutView],
        ['activation by the view', withView],
        ['icon click → usable, first time (starts the server)', cold],
        ['icon click → usable, warm server', warm],
        ['servers running before anyone needs one', idle],
      ],
    }
  } finally {
    await stage.dispose()
  }
}

async function activateByCommand(stage: Stage): Promise<number> {
  const page = await stage.workbench.openPage()
  await runCommand(page, 'OpenCode: Show Log')
  const ms = await reportedActivation(page)
  await page.close()
  return ms
}

async function openView(stage: Stage): Promise<{ cold: number; warm: number; withView: number }> {
  const page = await stage.workbench.openPage()
  const cold = await clickIcon(page)
  const withView = await reportedActivation(page)
  const warm: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await page
      .getByRole('tab', { name: /^Explorer/ })
      .first()
      .click()
    await until('the chat is hidden', async () => (await chatFrames(page)).length === 0)
    warm.push(await clickIcon(page))
  }
  return { cold, warm: percentile(warm, 0.5), withView }
}

async function clickIcon(page: Page): Promise<number> {
  const icon = page.getByRole('tab', { name: /OpenCode/ }).first()
  await icon.waitFor()
  const start = performance.now()
  await icon.click()
  await findChat(page)
  return performance.now() - start
}

/** VS Code lists load and activation time of each extension in its editor of running extensions. */
async function reportedActivation(page: Page): Promise<number> {
  await runCommand(page, 'Developer: Show Running Extensions')
  const rows = page.locator('.runtime-extensions-editor .monaco-list-row')
  const row = rows.filter({ hasText: /opencode-sessions|Sessions for OpenCode/i }).first()
  await row.waitFor({ timeout: 30_000 })
  const text = await row.innerText()
  // It opens above the window and has to be closed to get on.
  await page.keyboard.press('Escape')
  await page.locator('.monaco-modal-editor-block').waitFor({ state: 'hidden' })
  return Number(/Activation: (\d+)\s*ms/.exec(text)?.[1] ?? Number.NaN)
}
