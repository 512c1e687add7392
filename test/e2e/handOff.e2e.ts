import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { descendants } from '../../scripts/lib/processes.ts'
import { runCommand, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { notified } from './support/lifecycle.ts'
import { answerFileDialog, clickDialogButton, dialog } from './support/chatWorkbench.ts'

describe('A session beyond the chat', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async () => {
    running = await startChatLab()
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  const attached = async () =>
    (await descendants(running.workbench.server.pid)).filter(({ command }) => / attach http/.test(command))

  it('has subagents that say who asks, can be read on their own, and lead back', async () => {
    const { chat } = running
    const command = JSON.stringify({ command: 'echo hi', description: 'Say hi' })
    const prompt = `[[tool:bash ${command}]][[text:Child done.]]`
    const task = { description: 'Look around', prompt, subagent_type: 'general' }
    await chat.send(`Parent title [[tool:task ${JSON.stringify(task)}]][[text:Parent done.]]`)
    await chat.permission.waitFor({ timeout: patience })
    await chat.permission.getByText(/Asked by subagent: Look around/).waitFor({ timeout: patience })
    await chat.permission.getByText(/@general · mock/).waitFor({ timeout: patience })
    await chat
      .tool('task')
      .getByText(/Waits for you/)
      .waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Open', exact: true }).click()
    const bar = chat.frame.getByRole('group', { name: 'Read only' })
    await bar.waitFor({ timeout: patience })
    assert.equal(await chat.composer.count(), 0)
    const crumbs = chat.frame.getByRole('navigation', { name: 'Parent sessions' })
    await crumbs.getByRole('button', { name: /Parent title/ }).waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.sees('Child done.')
    await bar.getByRole('button', { name: 'Back to parent' }).click()
    await chat.sees('Parent done.')
    await chat.composer.waitFor({ timeout: patience })
  })

  it('goes to the terminal and comes back, without its password in sight', async () => {
    const { chat, page, workbench } = running
    await chat.newSession()
    await chat.ask('Terminal title [[text:To the terminal.]]', 'To the terminal.')
    await runCommand(page, 'OpenCode: Open Session in Terminal')
    await until('the terminal runs', async () => (await attached()).length > 0, patience)
    const [terminal] = await attached()
    const [server] = await workbench.opencodeServers()
    assert.ok(terminal && server)
    const password = await variableOf(server.pid, 'OPENCODE_SERVER_PASSWORD')
    assert.ok(password && password.length > 20)
    assert.match(terminal.command, /--session ses_/)
    assert.equal(await variableOf(terminal.pid, 'OPENCODE_SERVER_PASSWORD'), password)
    const all = await descendants(workbench.server.pid)
    assert.deepEqual(
      all.filter(({ command }) => command.includes(password)),
      [],
    )
    await page.locator('.terminal.xterm').first().waitFor({ timeout: patience })
    await chat.newSession()
    await runCommand(page, 'OpenCode: Continue in Chat')
    await chat.sees('To the terminal.')
    await until('the terminal is closed', async () => (await attached()).length === 0, patience)
  })

  it('is exported as Markdown and JSON, and imported again as a copy', async () => {
    const { chat, lab, page } = running
    await exportTo(path.join(lab.root, 'session.md'))
    const markdown = await readFile(path.join(lab.root, 'session.md'), 'utf8')
    assert.match(markdown, /^# .+\n\n\*OpenCode session of .+\*\n\n## Prompt\n\nTerminal title/)
    assert.match(markdown, /\nTo the terminal\.\n/)
    await exportTo(path.join(lab.root, 'session.json'))
    const document = JSON.parse(await readFile(path.join(lab.root, 'session.json'), 'utf8')) as {
      readonly messages: readonly unknown[]
    }
    assert.equal(document.messages.length, 2)
    await chat.newSession()
    await runCommand(page, 'OpenCode: Import Session…')
    await answerFileDialog(page, path.join(lab.root, 'session.json'))
    await clickDialogButton(page, 'Import as Copy')
    await chat.sees('To the terminal.')
    assert.equal(await chat.prompts.count(), 1)
  })

  it('is shared only after a question, and says why it could not be', async () => {
    const { page } = running
    await runCommand(page, 'OpenCode: Share Session…')
    await dialog(page)
      .getByText(/Everyone who has the link/)
      .waitFor({ timeout: patience })
    await clickDialogButton(page, 'Share and Copy Link')
    await notified(page, /could not reach the sharing site/)
  })

  it('is summarized when that is wanted', async () => {
    const { chat, page } = running
    await runCommand(page, 'OpenCode: Compact Session')
    await chat.log.getByText('Conversation summarized').first().waitFor({ timeout: patience })
    await chat.settles()
  })

  async function exportTo(file: string): Promise<void> {
    await runCommand(running.page, 'OpenCode: Export Session…')
    await answerFileDialog(running.page, file)
    await until(
      'the file is written',
      () =>
        readFile(file).then(
          () => true,
          () => false,
        ),
      patience,
    )
  }
})

async function variableOf(pid: number, name: string): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8')
  const line = text.split('\0').find((each) => each.startsWith(`${name}=`))
  return line?.slice(name.length + 1)
}
