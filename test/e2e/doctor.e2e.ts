import assert from 'node:assert/strict'
import path from 'node:path'
import type { Frame, Page } from 'playwright-core'
import { startLab, type Lab } from '../support/opencodeLab.ts'
import { runCommand, screenshot, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import { patience } from './support/chat.ts'

/** The page of the Doctor, once it shows something. */
async function doctorFrame(page: Page): Promise<Frame> {
  const find = async (): Promise<Frame | undefined> => {
    for (const frame of page.frames()) {
      const heading = frame.getByRole('heading', { name: 'OpenCode Doctor' })
      if (await heading.isVisible().catch(() => false)) return frame
    }
    return undefined
  }
  await until('the Doctor shows', async () => (await find()) !== undefined, patience)
  const frame = await find()
  assert.ok(frame)
  return frame
}

describe('the Doctor', function () {
  this.timeout(240_000)
  let lab: Lab
  let workbench: Workbench
  let page: Page
  let frame: Frame

  before(async () => {
    lab = await startLab()
    workbench = await startWorkbench({ env: lab.env, folder: lab.project })
    page = await workbench.openPage()
    await runCommand(page, 'OpenCode: Doctor')
    frame = await doctorFrame(page)
  })
  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'failed-doctor')
  })

  const says = (text: string | RegExp) => frame.getByText(text).first().waitFor({ timeout: patience })

  it('walks through all steps with a server of its own, and ends that again', async () => {
    await says('All is well.')
    const steps = frame.getByRole('list', { name: 'Steps' }).getByRole('listitem')
    assert.equal(await steps.count(), 7)
    await says(/started at http:\/\/127\.0\.0\.1:\d+, just for this examination/)
    assert.equal(await steps.filter({ hasText: ': Good' }).count(), 7)
    await until(
      'its server has ended',
      async () => (await workbench.opencodeServers()).length === 0,
      patience,
    )
  })

  it('copies a report that names neither the user nor a password', async () => {
    await frame.getByRole('button', { name: 'Copy report' }).click()
    const read = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
    await until('the report is there', async () => (await read()).includes('# OpenCode Doctor'))
    const report = await read()
    assert.match(report, /\*\*Authentication\*\*: pass \(\d+ ms\)/)
    assert.match(report, /VS Code: \d/)
    assert.match(report, /opencodeSessions\.server\.autoStart: true/)
    assert.ok(!report.includes(lab.home), 'the home folder is written out')
    assert.doesNotMatch(report, /[Bb]asic [A-Za-z0-9]/)
  })

  it('tries a prompt when it is asked to', async () => {
    await frame.getByRole('button', { name: /^Try a prompt/ }).click()
    await says(/The model answered after/)
  })

  it('says what is missing and how to get it, when OpenCode is not there', async () => {
    await runCommand(page, 'OpenCode: Stop Server')
    await workbench.setSettings({ 'opencodeSessions.server.path': path.join(lab.root, 'missing') })
    const again = frame.getByRole('button', { name: 'Run again' })
    const fails = async (): Promise<boolean> => {
      if (await again.isVisible()) await again.click()
      return frame
        .getByText(/There is no program at/)
        .waitFor({ timeout: 5_000 })
        .then(
          () => true,
          () => false,
        )
    }
    await until('the setting counts', fails, patience)
    await says(/There is no program at/)
    await frame.getByRole('button', { name: 'How to install OpenCode' }).waitFor({ timeout: patience })
    assert.equal(await frame.getByText('Not looked at, because an earlier step failed.').count(), 6)
  })
})
