import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { openFile, runCommand, until } from '../support/workbench.ts'
import { pickRow } from './support/chatWorkbench.ts'
import { keepFailure, openChat, patience, startChatLab, type ChatLab } from './support/chat.ts'

const files = {
  'src/greeting.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name\n}\n",
  'src/sum.py': 'def add(a, b):\n    return a + b\n',
  'broken.json': '{\n  "name": \n}\n',
  'a.txt': 'one\ntwo\nthree\n',
  '.env': 'KEY=hunter2\n',
}

describe('What goes from the editor into the chat', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab({ files, settings: { 'files.autoSave': 'off' } })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })
  beforeEach(async () => {
    await running.chat.ready()
    if ((await running.chat.log.count()) > 0) await running.chat.newSession()
  })

  it('is a selection that a real edit changes, with a diff before and after', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'greeting.ts')
    await selectLines(page, 2)
    await runCommand(page, 'OpenCode: Add Selection to Chat')
    await chat.chips.filter({ hasText: /greeting\.ts:1/ }).waitFor({ timeout: patience })
    const filePath = path.join(lab.project, 'src/greeting.ts')
    const edit = JSON.stringify({ filePath, oldString: "'Hello, '", newString: "'Good day, '" })
    await chat.send(`More polite, please. [[tool:edit ${edit}]][[text:It is polite now.]]`)
    await until('the chip went along', async () => (await chat.chips.count()) === 0, patience)
    await chat.permission
      .getByText(/Good day, /)
      .first()
      .waitFor({ timeout: patience })
    await chat.permission
      .getByText(/Hello, /)
      .first()
      .waitFor()
    assert.match(await readFile(filePath, 'utf8'), /Hello, /)
    await chat.permission.getByRole('button', { name: 'Open diff' }).click()
    await diffShows(page, { before: 'Hello, ', after: 'Good day, ' })
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.sees('It is polite now.')
    assert.match(await readFile(filePath, 'utf8'), /Good day, /)
    await runCommand(page, 'View: Close All Editors')
    await chat.tool('edit').getByRole('button', { name: 'Open diff' }).click()
    await diffShows(page, { before: 'Hello, ', after: 'Good day, ' })
    const first = lab.model.requests.find(
      ({ kind, prompt }) => kind === 'chat' && prompt.includes('More polite'),
    )
    assert.match(first?.prompt ?? '', /export function greet/)
    await runCommand(page, 'View: Close All Editors')
  })

  it('is the text of a buffer that is not saved, as it stands there', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'sum.py')
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('# not on disk yet\n')
    await selectLines(page, 2)
    await runCommand(page, 'OpenCode: Add Selection to Chat')
    await chat.chips.filter({ hasText: /sum\.py/ }).waitFor({ timeout: patience })
    await chat.ask('What is new? [[text:A comment is new.]]', 'A comment is new.')
    const request = lab.model.requests.findLast(
      ({ kind, prompt }) => kind === 'chat' && prompt.includes('What is new'),
    )
    assert.match(request?.prompt ?? '', /# not on disk yet/)
    assert.doesNotMatch(await readFile(path.join(lab.project, 'src/sum.py'), 'utf8'), /not on disk/)
    await runCommand(page, 'File: Revert File')
    await runCommand(page, 'View: Close All Editors')
  })

  it('is a problem that its quick fix sends', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'broken.json')
    await page.locator('.squiggly-error').first().waitFor({ timeout: patience })
    await runCommand(page, 'Go to Next Problem in Files')
    await page.keyboard.press('Escape')
    await runCommand(page, 'Quick Fix...')
    await page.locator('.action-widget').getByText('Fix with OpenCode').click({ timeout: patience })
    await chat.prompts.getByText(/Fix this problem in .*broken\.json/).waitFor({ timeout: patience })
    await until(
      'the model has it',
      () => lab.model.requests.some(({ prompt }) => /broken\.json[\s\S]*Value expected/i.test(prompt)),
      patience,
    )
    await chat.permission.getByRole('button', { name: 'Reject' }).click({ timeout: patience })
    await chat.settles()
    await runCommand(page, 'View: Close All Editors')
  })

  it('is a selection to be explained', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'a.txt')
    await selectLines(page, 2)
    await runCommand(page, 'OpenCode: Explain')
    await chat.prompts.getByText(/^Explain this:/).waitFor({ timeout: patience })
    await chat.sees(/scripted model/)
    await chat.settles()
    const request = lab.model.requests.findLast(
      ({ kind, prompt }) => kind === 'chat' && prompt.includes('Explain this:'),
    )
    assert.match(request?.prompt ?? '', /one\n?[\s\S]*two/)
    await runCommand(page, 'View: Close All Editors')
  })

  it('is lines that are followed until they are sent, and a chip that says when they are gone', async () => {
    const { chat, lab, page } = running
    await openFile(page, 'a.txt')
    await selectLines(page, 0)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+End')
    await page.keyboard.press('Control+Alt+l')
    await chat.chips.filter({ hasText: 'a.txt:2' }).waitFor({ timeout: patience })
    await selectLines(page, 0)
    await page.keyboard.type('zero\n')
    await chat.chips.filter({ hasText: 'a.txt:3' }).waitFor({ timeout: patience })
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Control+Shift+k')
    const stale = chat.chips.filter({ hasText: /a\.txt:3[\s\S]*were removed/ })
    await stale.waitFor({ timeout: patience })
    await chat.ask('What was it? [[text:It was two.]]', 'It was two.')
    const prompt = lab.model.requests.findLast(({ kind }) => kind === 'chat')?.prompt ?? ''
    assert.match(prompt, /a\.txt:3: these lines were selected and have been changed or removed[\s\S]*\btwo\b/)
    await runCommand(page, 'File: Revert File')
    await runCommand(page, 'View: Close All Editors')
  })

  it('is the selection by itself, where the setting wants it, and never of secrets', async () => {
    const { chat, lab, page, workbench } = running
    const asked = () => lab.model.requests.findLast(({ kind }) => kind === 'chat')?.prompt ?? ''
    await workbench.setSettings({ 'opencodeSessions.context.attachSelection': true })
    await openFile(page, 'a.txt')
    await selectLines(page, 1)
    await chat.chips.filter({ hasText: 'a.txt:1' }).waitFor({ timeout: patience })
    await openFile(page, '.env')
    await selectLines(page, 1)
    await until('nothing of the secret is taken', async () => (await chat.chips.count()) === 0, patience)
    await chat.ask('And now? [[text:Nothing.]]', 'Nothing.')
    assert.doesNotMatch(asked(), /hunter2|\.env/)
    await openFile(page, 'a.txt')
    await selectLines(page, 1)
    await chat.chips.filter({ hasText: 'a.txt:1' }).waitFor({ timeout: patience })
    await chat.ask('Which line? [[text:The first.]]', 'The first.')
    assert.match(asked(), /lines 1 of a\.txt \(plaintext\)[\s\S]*one/)
    await workbench.setSettings({ 'opencodeSessions.context.attachSelection': false })
    await until('the chip is gone', async () => (await chat.chips.count()) === 0, patience)
    await runCommand(page, 'View: Close All Editors')
  })

  it('has a way back: a file named in an answer opens at its line', async () => {
    const { chat, page } = running
    await chat.ask('[[text:See `src/greeting.ts:2` for it.]]', 'for it.')
    await chat.answers.getByText('src/greeting.ts:2').click()
    await page.locator('.tab.active').filter({ hasText: 'greeting.ts' }).waitFor({ timeout: patience })
    await page.getByText(/^Ln 2, Col 1/).waitFor({ timeout: patience })
    await runCommand(page, 'View: Close All Editors')
  })

  it('follows the pickers: model, agent and thinking effort change what is sent', async () => {
    const { chat, lab, page } = running
    await openChat(page)
    const pick = async (button: RegExp, row: string | RegExp) => {
      await chat.button(button).click()
      await pickRow(page, row)
    }
    await pick(/^Variant:/, 'high')
    await chat.button('Variant: high').waitFor({ timeout: patience })
    await chat.ask('[[text:With effort.]]', 'With effort.')
    const hard = lab.model.requests.findLast(({ kind }) => kind === 'chat')
    assert.equal(hard?.model, 'mock')
    await pick(/^Model:/, 'Scripted small')
    await chat.button('Model: Scripted small').waitFor({ timeout: patience })
    await pick(/^Agent:/, 'plan')
    await chat.button('Agent: plan').waitFor({ timeout: patience })
    await chat.ask('[[text:With a plan.]]', 'With a plan.')
    const planned = lab.model.requests.findLast(({ kind }) => kind === 'chat')
    assert.equal(planned?.model, 'mock-small')
    assert.match(JSON.stringify(planned.body.messages), /plan mode/i)
    await pick(/^Agent:/, 'build')
    await chat.button(/^Model:/).click()
    // Their group is named like the model.
    await page
      .getByRole('option', { name: /^Scripted(?! small)/ })
      .first()
      .click({ timeout: patience })
    await chat.button('Model: Scripted').waitFor({ timeout: patience })
  })
})

/** Selects from the start of the active editor. */
async function selectLines(page: Page, count: number): Promise<void> {
  await page.locator('.editor-instance .view-lines').first().click()
  await page.keyboard.press('Control+Home')
  for (let line = 0; line < count; line += 1) await page.keyboard.press('Shift+ArrowDown')
}

/** VS Code's own diff editor is in front and shows these words. */
async function diffShows(
  page: Page,
  words: { readonly before: string; readonly after: string },
): Promise<void> {
  const editor = page.locator('.monaco-diff-editor:visible')
  const side = async (name: string) =>
    (await editor.locator(`.editor.${name} .view-lines`).first().innerText({ timeout: patience })).replaceAll(
      '\u00a0',
      ' ',
    )
  await until(
    'the left side is as before',
    async () => (await side('original')).includes(words.before),
    patience,
  )
  await until(
    'the right side is as after',
    async () => (await side('modified')).includes(words.after),
    patience,
  )
}
