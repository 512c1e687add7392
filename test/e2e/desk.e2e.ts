import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { runCommand, screenshot, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { pickRow, quickInput } from './support/chatWorkbench.ts'

const many = Array.from({ length: 10_000 }, (_, index) => `line ${index}`)
const windows = 'eins\r\nzwei\r\ndrei\r\nvier\r\nfünf'

describe('Edits of the agent and the text in the editors', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab({
      files: { 'many.txt': `${many.join('\n')}\n`, 'windows.txt': windows, 'plain.txt': 'one\ntwo\nthree\n' },
      config: { permission: { bash: 'allow', edit: { '*': 'ask', 'windows.txt': 'allow' } } },
      settings: { 'files.autoSave': 'off' },
    })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  it('shows the edit before it is allowed, and applies it as the user changed it', async () => {
    const { chat, page } = running
    await chat.send(`${edit('plain.txt', 'two', 'TWO')}[[text:Plain is done.]]`)
    await chat.permission.waitFor({ timeout: patience })
    const side = page.locator('.modified-in-monaco-diff-editor .view-lines')
    await side.getByText('TWO').waitFor({ timeout: patience })
    // Nothing took the focus from the chat.
    await chat.composer.press('End')
    await screenshot(page, 'desk-proposal')
    await side.getByText('TWO').click()
    await page.keyboard.press('End')
    await page.keyboard.type(' and mine')
    await chat.permission.getByRole('button', { name: 'Apply my version' }).click({ timeout: patience })
    await chat.sees('Plain is done.')
    assert.equal(await text('plain.txt'), 'one\nTWO and mine\nthree\n')
    await side.waitFor({ state: 'detached', timeout: patience })
  })

  it('merges an edit with unsaved text of a long file', async () => {
    const { chat, page } = running
    await openFile('many.txt')
    await typeAtTop('typed by me')
    await chat.send(`${edit('many.txt', 'line 9990\n', 'line by OpenCode\n')}[[text:Many is done.]]`)
    await chat.permission.getByText('many.txt has unsaved changes').waitFor({ timeout: patience })
    await screenshot(page, 'desk-guard')
    await chat.permission.getByRole('button', { name: 'Merge' }).click()
    await chat.sees('Many is done.')
    const expected = ['typed by me', ...many.with(9_990, 'line by OpenCode'), ''].join('\n')
    assert.equal(await text('many.txt'), expected)
    await until('the file is saved', async () => (await dirtyTabs().count()) === 0)
  })

  it('says that a file was written under unsaved text, and loses neither', async () => {
    const { chat, page } = running
    await openFile('windows.txt')
    await typeAtTop('von mir')
    await chat.ask(`${edit('windows.txt', 'vier', 'VIER')}[[text:Windows is done.]]`, 'Windows is done.')
    const strip = chat.frame.getByRole('group', { name: 'Unsaved changes' })
    await strip.getByText('windows.txt').waitFor({ timeout: patience })
    assert.equal(await text('windows.txt'), windows.replace('vier', 'VIER'))
    await screenshot(page, 'desk-conflict')
    await strip.getByRole('button', { name: 'Merge' }).click()
    await strip.waitFor({ state: 'detached', timeout: patience })
    await page
      .locator('.editor-instance .view-lines')
      .getByText('VIER')
      .first()
      .waitFor({ timeout: patience })
    await runCommand(page, 'File: Save')
    await until('the file is saved', async () => (await text('windows.txt')).includes('von mir'), patience)
    assert.equal(await text('windows.txt'), `von mir\r\n${windows.replace('vier', 'VIER')}`)
  })

  it('keeps text of a file that a command moved away', async () => {
    const { chat, page } = running
    await openFile('plain.txt')
    await typeAtTop('still here')
    const move = `[[tool:bash ${JSON.stringify({ command: 'mv plain.txt moved.txt', description: 'Move' })}]]`
    await chat.ask(`${move}[[text:Moved it.]]`, 'Moved it.')
    const strip = chat.frame.getByRole('group', { name: 'Unsaved changes' })
    await strip.getByRole('button', { name: 'Save it again' }).click({ timeout: patience })
    await until('it is saved', async () => (await text('plain.txt')).startsWith('still here'), patience)
    await runCommand(page, 'OpenCode: Restore Unsaved Text…')
    await pickRow(page, 'plain.txt')
    await page.locator('.monaco-diff-editor').waitFor({ timeout: patience })
  })

  function edit(name: string, oldString: string, newString: string): string {
    const input = { filePath: path.join(running.lab.project, name), oldString, newString }
    return `[[tool:edit ${JSON.stringify(input)}]]`
  }

  function text(name: string): Promise<string> {
    return readFile(path.join(running.lab.project, name), 'utf8').catch(() => '')
  }

  async function openFile(name: string): Promise<void> {
    const { page } = running
    await runCommand(page, 'Go to File...')
    await (await quickInput(page)).fill(name)
    await pickRow(page, name)
    await page
      .getByRole('tab', { name: new RegExp(name) })
      .first()
      .waitFor({ timeout: patience })
  }

  async function typeAtTop(words: string): Promise<void> {
    const { page } = running
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type(`${words}\n`)
    await until('the file is unsaved', async () => (await dirtyTabs().count()) === 1, patience)
  }

  function dirtyTabs(): Locator {
    return running.page.locator('.tab.dirty')
  }
})
