import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { openFile, runCommand, screenshot, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'

describe('The transcript', function () {
  this.timeout(240_000)
  let running: ChatLab
  before(async function () {
    running = await startChatLab({ config: { permission: { bash: 'allow' } }, width: 1400 })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  const editor = () => running.page.locator('.editor-instance .view-lines').first()

  it('puts code of an answer at the cursor, and into a file after a look at the difference', async () => {
    const { chat, page, lab } = running
    await openFile(page, 'src/greeting.ts')
    const before = await readFile(path.join(lab.project, 'src/greeting.ts'), 'utf8')
    const first = before.split('\n').find((line) => line.startsWith('export function')) ?? ''
    assert.notEqual(first, '')
    const code = `${first}\\n  return 'Hi'\\n}`
    await chat.ask(`[[text:\`\`\`ts src/greeting.ts\\n${code}\\n\`\`\`\\nApply it.]]`, 'Apply it.')
    await chat.log.locator('.code').hover()
    await chat.button('Apply to file…').click()
    await page.locator('.monaco-diff-editor').waitFor({ timeout: patience })
    await screenshot(page, 'apply-code')
    await page.getByRole('button', { name: 'Apply Code to File' }).click()
    await page.locator('.monaco-diff-editor').waitFor({ state: 'detached', timeout: patience })
    await editor().getByText("return 'Hi'").waitFor({ timeout: patience })
    assert.equal(await readFile(path.join(lab.project, 'src/greeting.ts'), 'utf8'), before)
    await page.keyboard.press('Control+Home')
    await chat.log.locator('.code').hover()
    await chat.button('Insert at cursor').click()
    await until(
      'the code stands there twice',
      async () => (await editor().getByText("return 'Hi'").count()) === 2,
    )
    await runCommand(page, 'File: Revert File')
  })

  it('shows a long command while it runs, and stops it', async () => {
    const { chat, page } = running
    await chat.newSession()
    await chat.send(
      '[[tool:bash {"command":"for i in $(seq 1 200); do echo tick $i; sleep 0.3; done"}]][[text:never]]',
    )
    const live = chat.log.locator('.tool-live')
    await live.getByText('tick 8').waitFor({ timeout: patience })
    await screenshot(page, 'live-output')
    await live.getByRole('button', { name: 'Stop run' }).click()
    await chat.settles()
    await chat.sees('Stopped')
  })

  it('asks a provider again at once that wanted to be left alone, and goes on after an error', async () => {
    const { chat, page } = running
    await chat.newSession()
    await chat.send(
      '[[error:429 retry-after=600 times=1]][[error:401 times=1]][[text:Patience was not needed.]]',
    )
    await chat.frame.getByText(/Retrying in .* · attempt 1/).waitFor({ timeout: patience })
    await screenshot(page, 'retry')
    await chat.button('Retry now').click()
    await chat.sees('The provider refused the credentials')
    await chat.settles()
    await chat.button('Try again').click()
    await chat.sees('Patience was not needed.')
    assert.equal(await chat.prompts.count(), 1)
  })

  it('finds words with the key of the editor, from wherever the focus is', async () => {
    const { chat, page } = running
    await chat.composer.focus()
    await page.keyboard.press('Control+f')
    await chat.frame.getByRole('textbox', { name: 'Find' }).fill('patience')
    await chat.frame.getByText(/^\d of [23]$/).waitFor({ timeout: patience })
    await screenshot(page, 'find')
    assert.equal(await chat.button(/^Go to bottom/).count(), 0)
    await page.keyboard.press('Escape')
    assert.equal(await chat.frame.getByRole('search').count(), 0)
  })

  it('opens as a document that follows the session and stays readable without a server', async () => {
    const { chat, page } = running
    await runCommand(page, 'OpenCode: Open Transcript as Document')
    await editor().getByText('Patience was not needed.').first().waitFor({ timeout: patience })
    await screenshot(page, 'transcript-document')
    await chat.ask('[[text:One more word.]]', 'One more word.')
    await editor().getByText('One more word.').first().waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Stop Server')
    await runCommand(page, 'View: Close All Editors')
    await runCommand(page, 'OpenCode: Open Transcript as Document')
    await editor().getByText('One more word.').first().waitFor({ timeout: patience })
  })
})
