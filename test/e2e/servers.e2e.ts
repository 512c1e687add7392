import assert from 'node:assert/strict'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { isAlive, type ProcessEntry } from '../../scripts/lib/processes.ts'
import { startLab, type Lab, type LabServer } from '../support/opencodeLab.ts'
import { OtherClient } from '../support/otherClient.ts'
import { openFile, runCommand, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import { answerInput, gone, listed, openChat, patience, serverOf, type Chat } from './support/lifecycle.ts'

describe('several servers in one window', function () {
  this.timeout(300_000)
  let lab: Lab
  let elsewhere: Lab
  let shared: LabServer
  let second: string
  let workbench: Workbench
  let page: Page
  let chat: Chat
  let own: ProcessEntry
  let name: string

  before(async () => {
    lab = await startLab()
    // Its own home: what runs there is unknown to the server of this machine.
    elsewhere = await startLab()
    shared = await elsewhere.startServer({ directory: lab.project })
    name = new URL(shared.url).host
    second = path.join(lab.root, 'second')
    await mkdir(second)
    await copyFile(path.join(lab.project, 'opencode.json'), path.join(second, 'opencode.json'))
    const workspace = path.join(lab.root, 'two.code-workspace')
    await writeFile(workspace, JSON.stringify({ folders: [{ path: lab.project }, { path: second }] }))
    const prompts = { explain: 'Explain [${file}] [[text:Explained ${lines}.]]' }
    const settings = { 'opencodeSessions.prompts': prompts }
    workbench = await startWorkbench({ env: lab.env, folder: workspace, settings })
    page = await workbench.openPage()
    chat = await openChat(page)
    own = await serverOf(workbench)
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
    await elsewhere.dispose()
  })

  it('are picked by folder, and what is being written comes along', async () => {
    await (await chat.composer()).fill('half a sentence')
    await selectFor('project')
    await (await listed(page, 'Add server…')).click()
    await (await listed(page, 'Running server…')).click()
    await answerInput(page, '(1/3)', shared.url)
    await answerInput(page, '(2/3)', 'opencode')
    await answerInput(page, '(3/3)', shared.password)
    await chat.shows(shared.url)
    assert.equal(await (await chat.composer()).inputValue(), 'half a sentence')
    await statusBar(`OpenCode: ${name}`).waitFor({ timeout: patience })
    assert.ok(await isAlive(own.pid), 'the other folder uses the server of this machine')
  })

  it('each run the sessions of their own folder', async () => {
    await chat.send('to the other server [[text:From elsewhere]]')
    await chat.answered('From elsewhere')
    await newSessionIn('second')
    await chat.shows('running locally')
    await statusBar(/OpenCode$/).waitFor({ timeout: patience })
    await chat.send('to this machine [[text:From here]]')
    await chat.answered('From here')
    const terminal = new OtherClient(shared)
    assert.equal((await terminal.sessions(lab.project)).length, 1)
    assert.equal((await terminal.sessions(second)).length, 0)
    assert.equal((await workbench.opencodeServers()).length, 1)
  })

  it('get files of both folders: by the path from their own folder, and by the whole path', async () => {
    await writeFile(path.join(second, 'own.txt'), 'mine\n')
    await openFile(page, 'own.txt')
    await runCommand(page, 'OpenCode: Explain')
    await chat.answered('Explained 1.')
    await openFile(page, 'greeting.ts')
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await runCommand(page, 'OpenCode: Explain')
    await chat.answered('Explained 1–2.')
    const asked = lab.model.requests.flatMap(({ kind, prompt }) =>
      kind === 'chat' && prompt.startsWith('Explain [') ? [/^Explain \[(.*?)\]/.exec(prompt)?.[1]] : [],
    )
    assert.deepEqual(asked, ['own.txt', path.join(lab.project, 'src/greeting.ts')])
    await runCommand(page, 'View: Close All Editors')
  })

  it('are gone back to with no further question, each with its own session', async () => {
    await runCommand(page, 'OpenCode: Sessions')
    await (await listed(page, 'to the other server')).click()
    await chat.answered('From elsewhere')
    await (await chat.composer()).fill('not sent yet')
    await selectFor('project')
    await (await listed(page, 'This machine')).click()
    await chat.shows('running locally')
    assert.equal(await (await chat.composer()).inputValue(), 'not sent yet')
    await selectFor('project')
    await (await listed(page, name)).click()
    await chat.answered('From elsewhere')
    assert.equal(await (await chat.composer()).inputValue(), 'not sent yet')
  })

  it('leave the server of this machine when no folder uses it any more', async () => {
    await selectFor('All folders')
    await (await listed(page, name)).click()
    await gone([own], patience)
    await newSessionIn('second')
    await chat.shows(shared.url)
  })

  async function selectFor(folder: string): Promise<void> {
    await runCommand(page, 'OpenCode: Select Server…')
    await (await listed(page, folder)).click()
    await page
      .locator('.quick-input-widget')
      .filter({ hasText: /elect the server of/ })
      .waitFor()
    await listed(page, 'Add server…')
  }

  async function newSessionIn(folder: string): Promise<void> {
    await runCommand(page, 'OpenCode: New Session')
    await (await listed(page, folder)).click()
    await until('the chat is empty', async () => (await (await chat.prompts()).count()) === 0, patience)
  }

  function statusBar(text: string | RegExp): Locator {
    return page
      .locator('[id="opencode-sessions.opencode-sessions.opencodeSessions.status"]')
      .filter({ hasText: text })
  }
})
