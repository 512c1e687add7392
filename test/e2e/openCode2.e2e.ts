import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { OtherClient } from '../support/otherClient.ts'
import type { Address } from '../support/otherClient.ts'
import { runCommand, screenshot, until } from '../support/workbench.ts'
import { Chat, keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { clickDialogButton, expandRow, pickRow, quickInput, treeRow } from './support/chatWorkbench.ts'
import { answerInput, endpointOf, serverOf } from './support/lifecycle.ts'

const bash = (command: string) => `[[tool:bash ${JSON.stringify({ command, description: 'Run' })}]]`

describe('What only OpenCode 2 has', function () {
  this.timeout(240_000)
  let running: ChatLab
  let service: ChildProcess | undefined
  before(async () => {
    running = await startChatLab({ wire: 2, height: 1_000 })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
    service?.kill()
  })

  const row = (text: string | RegExp) => treeRow(running.page, text)
  const expand = (text: string | RegExp) => expandRow(running.page, text)
  const onRow = async (text: string | RegExp, button: string): Promise<void> => {
    await row(text).hover()
    await row(text).getByRole('button', { name: button }).click()
  }
  const chatHeader = () => running.page.locator('.pane-header').filter({ hasText: 'Chat' }).first()

  it('keeps prompts on the server: queued, steered, taken back, each sent once', async () => {
    const { chat, page, lab } = running
    await chat.send(`${bash('sleep 6; echo slept')}[[text:The first is done.]]`)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.send('Later [[text:Later is done.]]')
    await chat.send('Never [[text:Never said.]]')
    const queue = chat.frame.getByRole('group', { name: 'Queued prompts' })
    await queue.getByText('2 prompts queued on the server').waitFor({ timeout: patience })
    await chat.composer.fill('At once, please')
    await chat.composer.press('Control+Enter')
    await chat.log.getByText('Joins the run at its next step').waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-queue')
    const never = queue.getByRole('listitem').filter({ hasText: 'Never' })
    await never.getByRole('button', { name: 'Remove queued prompt' }).click()
    await chat.sees('Later is done.')
    await chat.settles()
    await queue.waitFor({ state: 'detached', timeout: patience })
    const said = JSON.stringify(lab.model.requests.findLast(({ kind }) => kind === 'chat')?.body.messages)
    assert.deepEqual(
      ['Later [[', 'Never [[', 'At once'].map((text) => said.split(text).length - 1),
      [1, 0, 1],
    )
  })

  it('shows what it lacks as greyed, with the reason', async () => {
    const { chat } = running
    await chat.button('More').click()
    const share = chat.frame.getByRole('menuitem', { name: /Share session/ })
    assert.equal(await share.getAttribute('aria-disabled'), 'true')
    assert.match((await share.getAttribute('title')) ?? '', /cannot share sessions|configuration/)
    await chat.frame.getByRole('menu').press('Escape')
  })

  it('lists in the view of the server what was allowed, what runs and which working copies there are', async () => {
    const { chat, page, lab } = running
    await runCommand(page, 'OpenCode: Focus on Server View')
    await row('OpenCode 2.').waitFor({ timeout: patience })
    await chat.send(`${bash('echo walrus')}[[text:Ran it.]]`)
    await chat.permission.getByRole('button', { name: 'Always allow' }).click({ timeout: patience })
    await chat.sees('Ran it.')
    await chat.settles()
    // The same program, so it is not asked for again.
    await chat.send(`${bash('echo begun; sleep 300')}[[text:It goes on.]]`)
    await chat.log.locator('.tool-live').getByText('begun').waitFor({ timeout: patience })
    await chat.button('Move to background').click({ timeout: patience })
    await chat.sees('It goes on.')
    await chatHeader().click()
    await expand('Running commands')
    await row('echo begun').waitFor({ timeout: patience })
    await expand('Allowed')
    await row('shell: echo *').waitFor({ timeout: patience })
    await expand('Working copies')
    await row('this folder').waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-server')
    await row('echo begun').click()
    await page.locator('.tab.active').filter({ hasText: '.txt' }).waitFor({ timeout: patience })
    await onRow('echo begun', 'Stop Command')
    await row('None runs').waitFor({ timeout: patience })
    await onRow('shell: echo *', 'Revoke Permission')
    await row('Nothing is allowed "always" in this project').waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: New Working Copy…')
    const input = await quickInput(page)
    await input.fill('bad name')
    await page.getByText('A branch cannot be called that.').waitFor({ timeout: patience })
    await input.fill('try/walrus')
    await input.press('Enter')
    const copy = path.join(`${lab.project}-worktrees`, 'try-walrus')
    await until('a working copy', () => existsSync(path.join(copy, 'opencode.json')), patience)
    await row('try-walrus').waitFor({ timeout: patience })
    await page.locator('.tab.active').filter({ hasText: 'Untitled session' }).waitFor({ timeout: patience })
    await row(/^try-walrus\s*this folder/).waitFor({ timeout: patience })
    const inTab = await new Chat(page).ready()
    await inTab.ask('Here [[text:In the copy.]]', 'In the copy.')
    await screenshot(page, 'opencode2-worktree')
  })

  it('gives a session an environment, shows its log, and drops for good what is undone', async () => {
    const { lab, page } = running
    await runCommand(page, 'View: Close All Editors')
    await runCommand(page, 'OpenCode: Open Chat')
    const chat = await new Chat(page).ready()
    await chat.newSession()
    await chat.ask('Begin [[text:Begun.]]', 'Begun.')
    await runCommand(page, 'OpenCode: Set Environment of Session…')
    await pickRow(page, 'Set a Variable…')
    await answerInput(page, 'Name of the Variable', 'GREETING')
    await answerInput(page, 'GREETING', 'hello, walrus')
    await page.getByText('set; pick to remove').waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-environment')
    await page.keyboard.press('Escape')
    await chat.send(`Greet ${bash('echo "$GREETING"')}[[text:Greeted.]]`)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.sees('Greeted.')
    await chat.settles()
    const seen = lab.model.requests.findLast(({ kind }) => kind === 'chat')?.body.messages
    assert.match(JSON.stringify(seen), /hello, walrus/)
    await runCommand(page, 'OpenCode: Undo Last Prompt…')
    const strip = chat.frame.getByRole('group', { name: 'Undone' })
    await strip.getByText('1 prompt undone').waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-undone')
    await strip.getByRole('button', { name: 'Drop' }).click()
    await strip.waitFor({ state: 'detached', timeout: patience })
    assert.equal(await chat.prompts.count(), 1)
    await runCommand(page, 'OpenCode: Show Log of Session')
    await page.locator('.tab.active').filter({ hasText: '.jsonl' }).waitFor({ timeout: patience })
    const lines = page.locator('.editor-instance .view-lines').last()
    await lines.getByText('session.created').first().waitFor({ timeout: patience })
    await page.keyboard.press('Control+End')
    await lines.getByText('session.revert.committed').first().waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-log')
  })

  it('shows what is not committed, and the accounts that another program left there', async () => {
    const { lab, page, workbench } = running
    await writeFile(path.join(lab.project, 'README.md'), '# Changed by hand\n')
    const own = await endpointOf(await serverOf(workbench))
    const place = `location%5Bdirectory%5D=${encodeURIComponent(lab.project)}`
    const route = `/api/integration/mock/connect/key?${place}`
    await ask(own, 'POST', route, { key: 'sk-of-another-program', label: 'At work' })
    await runCommand(page, 'OpenCode: Focus on Server View')
    const header = page.locator('.pane-header').filter({ hasText: 'Server' })
    await header.hover()
    await header.getByRole('button', { name: 'Refresh Server View' }).click({ timeout: patience })
    await chatHeader().click()
    await expand('Not committed')
    await row('README.md').click()
    const tab = page.locator('.tab.active').filter({ hasText: 'README.md (not committed)' })
    await tab.waitFor({ timeout: patience })
    await page.locator('.editor-instance').getByText('Changed by hand').first().waitFor({ timeout: patience })
    await expand('Providers')
    await expand('Scripted')
    await onRow('At work', 'Rename Account…')
    await answerInput(page, 'Name of the Account', 'At home')
    await row('At home').waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-changes')
    await onRow('At home', 'Remove Account…')
    await clickDialogButton(page, 'Remove')
    await row('At home').waitFor({ state: 'detached', timeout: patience })
  })

  it('uses the service of the user when told, says so, and leaves it alone', async () => {
    const { lab, page, workbench } = running
    await runCommand(page, 'OpenCode: Stop Server')
    await until('no server', async () => (await workbench.opencodeServers()).length === 0, patience)
    service = await startService()
    await workbench.setSettings({ 'opencodeSessions.server.openCode2': 'service' })
    await runCommand(page, 'OpenCode: Start Server')
    const bar = page.locator('.statusbar-item').filter({ hasText: /OpenCode.*service/ })
    await bar.waitFor({ timeout: patience })
    await bar.hover()
    await page
      .getByText(/Connected to the OpenCode 2\.\S+ service of this machine/)
      .first()
      .waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-service')

    const terminal = await serviceClient()
    const foreign = await terminal.createSession(lab.project, 'Of the terminal')
    await terminal.prompt(
      lab.project,
      foreign,
      `${bash('echo of the terminal')}[[delay:40]][[lorem:60]][[text:Over.]]`,
    )
    await runCommand(page, 'OpenCode: Sessions')
    await pickRow(page, 'Of the terminal')
    const chat = await new Chat(page).ready()
    await chat.permission.getByText('echo of the terminal').first().waitFor({ timeout: patience })
    await screenshot(page, 'opencode2-foreign')
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.sees('Over.')
    await chat.settles()

    // Started anew it has another port and another password.
    const before = await readFile(registration(), 'utf8')
    service.kill('SIGTERM')
    await once(service, 'exit')
    service = await startService()
    assert.notEqual(await readFile(registration(), 'utf8'), before)
    await chat.send('Again [[text:From the new one.]]')
    await chat.sees('From the new one.')
    await chat.settles()
    assert.equal(await (await serviceClient()).lastAnswer(lab.project), 'From the new one.')

    await runCommand(page, 'OpenCode: Stop Server')
    await bar.waitFor({ state: 'detached', timeout: patience })
    assert.deepEqual([service.exitCode, service.signalCode], [null, null])
    assert.equal((await (await serviceClient()).sessions(lab.project)).includes(foreign), true)
  })

  const registration = () => path.join(running.lab.home, '.local', 'state', 'opencode', 'service.json')

  /** Up and registered. */
  async function startService(): Promise<ChildProcess> {
    const env = { ...running.lab.env }
    const child = spawn('opencode', ['serve', '--service', '--port', '0'], { env, stdio: 'ignore' })
    await until('it is registered', () => existsSync(registration()), patience)
    return child
  }

  /** The terminal finds the service by its registration, too. */
  async function serviceClient(): Promise<OtherClient> {
    const { url, password } = JSON.parse(await readFile(registration(), 'utf8')) as Record<string, string>
    const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
    return new OtherClient({ url: url ?? '', authorization }, 2)
  }
})

async function ask(
  { url, authorization }: Address,
  method: string,
  route: string,
  body: object,
): Promise<void> {
  const headers = { authorization, 'content-type': 'application/json' }
  const answer = await fetch(url + route, { method, headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${route}: HTTP ${answer.status}`)
}
