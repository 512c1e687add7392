import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, until } from '../support/workbench.ts'
import { clickDialogButton, dialog, pickRow } from './support/chatWorkbench.ts'
import { keepFailure, openChat, patience, startChatLab, type ChatLab } from './support/chat.ts'

describe('Going back in a session', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async () => {
    running = await startChatLab({
      config: { permission: { bash: 'allow', edit: 'allow' } },
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

  const fileAt = (name: string): string => path.join(running.lab.project, name)
  const read = (name: string): Promise<string | undefined> =>
    readFile(fileAt(name), 'utf8').catch(() => undefined)
  const write = (name: string, content: string): string =>
    `[[tool:write ${JSON.stringify({ filePath: fileAt(name), content })}]]`
  const tools = (words: string) => running.chat.prompts.filter({ hasText: words })

  it('shows what an undo changes on disk before it does, and redoes it', async () => {
    const { chat, page } = running
    await chat.ask(`First ${write('new.txt', 'alpha\nbeta\n')}[[text:Made it.]]`, 'Made it.')
    await tools('First').hover()
    await tools('First').getByRole('button', { name: 'Undo from here' }).click()
    const question = dialog(page)
    await question.getByText('new.txt is deleted').waitFor({ timeout: patience })
    assert.equal(await read('new.txt'), 'alpha\nbeta\n', 'nothing is touched before the answer')
    await clickDialogButton(page, 'Show Changes')
    await page
      .locator('.monaco-multi-diff-editor, .multiDiffEntry, .multi-diff-root')
      .first()
      .waitFor({ timeout: patience })
    await pickRow(page, 'Undo')
    await until('the file is gone', async () => (await read('new.txt')) === undefined, patience)
    const strip = chat.frame.getByRole('group', { name: 'Undone' })
    await strip.waitFor({ timeout: patience })
    assert.equal(await chat.prompts.count(), 0)
    await strip.getByRole('button', { name: 'Redo' }).click()
    await until('the file is back', async () => (await read('new.txt')) === 'alpha\nbeta\n', patience)
    await tools('First').waitFor({ timeout: patience })
  })

  it('warns of unsaved text and of what was changed since, and touches nothing when that is not wanted', async () => {
    const { chat, page } = running
    await writeFile(fileAt('a.txt'), 'one\ntwo\nthree\n')
    const edit = { filePath: fileAt('a.txt'), oldString: 'two', newString: 'TWO' }
    const look = `[[tool:read ${JSON.stringify({ filePath: fileAt('a.txt') })}]]`
    await chat.ask(`Second ${look}[[tool:edit ${JSON.stringify(edit)}]][[text:Edited.]]`, 'Edited.')
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    await writeFile(fileAt('a.txt'), 'one\nTWO\nthree\nand mine\n')
    await chat.answers.getByRole('button', { name: 'Open file' }).last().click()
    await page.locator('.tab', { hasText: 'a.txt' }).waitFor({ timeout: patience })
    await page.locator('.editor-instance .monaco-editor').first().click()
    await page.keyboard.type('unsaved')
    await page.locator('.tab.dirty', { hasText: 'a.txt' }).waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Undo Last Prompt…')
    const question = dialog(page)
    await question.getByText(/Unsaved in an editor/).waitFor({ timeout: patience })
    await question.getByText(/Changed since OpenCode wrote them/).waitFor({ timeout: patience })
    await clickDialogButton(page, 'Cancel')
    assert.equal(await read('a.txt'), 'one\nTWO\nthree\nand mine\n')
    assert.equal(await tools('Second').count(), 1)
  })

  it('says that files stay where there is no git repository, and takes the words back', async () => {
    const { lab, workbench } = running
    const plain = path.join(lab.root, 'plain')
    await mkdir(plain)
    await copyFile(fileAt('opencode.json'), path.join(plain, 'opencode.json'))
    const file = path.join(plain, 'kept.txt')
    const page = await workbench.openPage({ folder: plain })
    const chat = await openChat(page)
    await chat.button('Model: Scripted').waitFor({ timeout: patience })
    const call = JSON.stringify({ filePath: file, content: 'kept\n' })
    await chat.ask(`Plain [[tool:write ${call}]][[text:Written.]]`, 'Written.')
    await runCommand(page, 'OpenCode: Undo Last Prompt…')
    await dialog(page)
      .getByText(/restores files only inside a git repository/)
      .waitFor({ timeout: patience })
    await clickDialogButton(page, 'Undo')
    await chat.frame.getByRole('group', { name: 'Undone' }).waitFor({ timeout: patience })
    assert.equal(await readFile(file, 'utf8'), 'kept\n')
    await page.close()
  })

  it('takes an earlier prompt back into the composer', async () => {
    const { chat, page } = running
    await tools('Second').hover()
    await tools('Second').getByRole('button', { name: 'Edit and send again' }).click()
    await dialog(page).getByText('One file on disk is changed').waitFor({ timeout: patience })
    await clickDialogButton(page, 'Undo and Edit')
    await runCommand(page, 'File: Revert File')
    await until(
      'the words are back',
      async () => (await chat.composer.inputValue()).startsWith('Second'),
      patience,
    )
    await chat.composer.fill('')
    await chat.ask('Second again [[text:Without edits.]]', 'Without edits.')
    assert.equal(await chat.prompts.count(), 2)
    assert.equal(await chat.frame.getByRole('group', { name: 'Undone' }).count(), 0)
  })

  it('forks before a prompt, with its words in the composer', async () => {
    const { chat } = running
    await tools('Second again').hover()
    await tools('Second again').getByRole('button', { name: 'Fork from here' }).click()
    await chat.frame.getByRole('heading', { name: /fork #1/ }).waitFor({ timeout: patience })
    await until('one prompt is left', async () => (await chat.prompts.count()) === 1, patience)
    assert.match(await chat.composer.inputValue(), /^Second again/)
    await chat.composer.fill('')
  })
})
