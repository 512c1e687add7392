import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { Chat, patience } from '../e2e/support/chat.ts'
import { clickDialogButton, dialog, pickRow, reloadByCommand } from '../e2e/support/chatWorkbench.ts'
import { answerInput, notified } from '../e2e/support/lifecycle.ts'
import {
  openFile,
  runCommand,
  screenshot,
  startWorkbench,
  until,
  type Workbench,
} from '../support/workbench.ts'
import { startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

describe('An isolated session in the workbench', function () {
  this.timeout(240_000)
  let lab: ContainerTestLab
  let workbench: Workbench
  let page: Page
  let chat: Chat
  let project: string

  before(async () => {
    lab = await startContainerTestLab()
    project = lab.lab.project
    workbench = await startWorkbench({
      env: lab.lab.env,
      folder: project,
      settings: { 'files.autoSave': 'off' },
    })
    page = await workbench.openPage({ width: 1100 })
  })
  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'isolated-failure')
  })

  const bar = () => chat.frame.locator('.isolation-bar')
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: project })).stdout
  /** Other tests on this machine may have theirs. */
  const containers = async (): Promise<string> => {
    const all = await lab.podman('ps', '--all', '--format', '{{.Labels}}')
    return all
      .split('\n')
      .filter((line) => line.includes(workbench.dataDirectory))
      .join('\n')
  }
  const storage = path.join('User', 'globalStorage', 'opencode-sessions.opencode-sessions', 'isolated')

  it('starts in a container of its own, in a tab that says so, and leaves the user’s files alone', async () => {
    await writeFile(path.join(project, 'mine.txt'), 'not committed\n')
    await runCommand(page, 'OpenCode: New Isolated Session…')
    await pickRow(page, /With my uncommitted changes.*container/)
    chat = await new Chat(page).ready()
    await bar().getByText('Isolated: opencode/isolated-1').waitFor({ timeout: patience })
    const command = 'cat mine.txt > copied.txt && sed -i s/two/TWO/ a.txt && pwd'
    await chat.ask(
      `[[tool:bash ${JSON.stringify({ command, description: 'work' })}]][[text:All done.]]`,
      'All done.',
    )
    assert.equal(await git('status', '--porcelain'), '?? mine.txt\n')
    assert.match(
      await containers(),
      new RegExp(`${path.basename(storage)}/[0-9a-f]+/tree/project-isolated-1`),
    )
    await screenshot(page, 'isolated-chat')
  })

  it('is there again after a reload, with its container', async () => {
    await reloadByCommand(page)
    chat = await new Chat(page).ready()
    await bar().getByText('Isolated: opencode/isolated-1').waitFor({ timeout: patience })
    await chat.sees('All done.')
    assert.equal((await containers()).split('\n').length, 1)
    await chat.ask('[[text:Still here.]]', 'Still here.')
  })

  it('shows its changes in the diff editor of many files', async () => {
    await bar().getByRole('button', { name: 'Review isolated changes' }).click()
    const editor = page.locator('.multiDiffEditor')
    await editor.getByText('copied.txt').first().waitFor({ timeout: patience })
    await editor.getByText('TWO').first().waitFor({ timeout: patience })
    await screenshot(page, 'isolated-review')
    assert.equal(await readFile(path.join(project, 'a.txt'), 'utf8'), 'one\ntwo\nthree\n')
  })

  it('brings its changes back as a branch, which leaves the files alone', async () => {
    await runCommand(page, 'OpenCode: Isolated Sessions')
    await pickRow(page, 'opencode/isolated-1')
    // A hidden tab has lost its page, and gets a new one.
    chat = await new Chat(page).ready()
    await bar().getByRole('button', { name: 'Bring isolated changes back' }).click()
    await pickRow(page, 'As a branch')
    await answerInput(page, 'Name of the branch', 'opencode/from-inside')
    await until('the branch is there', async () => (await git('branch', '--list', 'opencode/*')) !== '')
    assert.equal(await git('show', 'opencode/from-inside:a.txt'), 'one\nTWO\nthree\n')
    assert.equal(await git('show', 'opencode/from-inside:copied.txt'), 'not committed\n')
    assert.equal(await git('status', '--porcelain'), '?? mine.txt\n')
  })

  it('brings its changes into the files after questions, merged with what is new and not saved there', async () => {
    await openFile(page, 'a.txt')
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('four\n')
    await runCommand(page, 'OpenCode: Isolated Sessions')
    await pickRow(page, 'opencode/isolated-1')
    chat = await new Chat(page).ready()
    await bar().getByRole('button', { name: 'Bring isolated changes back' }).click()
    await pickRow(page, 'Into my files')
    await dialog(page).getByText('Save a.txt first?').waitFor({ timeout: patience })
    await screenshot(page, 'isolated-unsaved')
    assert.equal(await readFile(path.join(project, 'a.txt'), 'utf8'), 'one\ntwo\nthree\n')
    await clickDialogButton(page, 'Save and go on')
    await dialog(page).getByText('Change 2 of your files?').waitFor({ timeout: patience })
    await screenshot(page, 'isolated-question')
    await clickDialogButton(page, 'Change files')
    await until('the changes are there', async () =>
      (await git('status', '--porcelain')).includes('copied.txt'),
    )
    assert.equal(await readFile(path.join(project, 'a.txt'), 'utf8'), 'one\nTWO\nthree\nfour\n')
    assert.equal(await git('diff', '--cached', '--name-only'), '')
  })

  it('leaves nothing behind when it is discarded', async () => {
    await notified(page, /The changes of opencode\/isolated-1 are back/)
    await page.locator('[id="status.notifications"]').click()
    await page.getByRole('button', { name: 'Discard session' }).first().click({ timeout: patience })
    await until('the container is gone', async () => !(await containers()).includes('/isolated/'), patience)
    await until(
      'the tab is closed',
      async () => (await page.locator('.tab', { hasText: 'All done.' }).count()) === 0,
    )
    await until('the files are gone', async () => {
      // A folder that goes while it is read is one that was still there.
      const names = await readdir(workbench.dataDirectory, { recursive: true }).catch(() => undefined)
      return names?.every((name) => !name.includes('/isolated/')) === true
    })
    assert.match(await git('branch', '--list', 'opencode/*'), /^ *opencode\/from-inside\n$/)
    const volumes = await lab.podman('volume', 'ls', '--format', '{{.Labels}}')
    assert.ok(!volumes.includes(workbench.dataDirectory), volumes)
  })
})
