import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { isAlive, type ProcessEntry } from '../../scripts/lib/processes.ts'
import { startLab, type Lab, type LabServer } from '../support/opencodeLab.ts'
import { OtherClient } from '../support/otherClient.ts'
import { runCommand, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import { clickDialogButton, dialog } from './support/chatWorkbench.ts'
import {
  askedFor,
  connectTo,
  gone,
  listed,
  openChat,
  opencodeProcesses,
  patience,
  serverOf,
  notified,
  statusSays,
  type Chat,
} from './support/lifecycle.ts'

describe('two windows on one project', function () {
  this.timeout(300_000)
  let lab: Lab
  let workbench: Workbench
  let shared: LabServer
  let pages: [Page, Page]
  let first: Chat
  let second: Chat
  let own: ProcessEntry

  before(async () => {
    lab = await startLab()
    workbench = await startWorkbench({ env: lab.env, folder: lab.project })
    pages = [await workbench.openPage(), await workbench.openPage()]
    first = await openChat(pages[0])
    own = await serverOf(workbench)
    second = await openChat(pages[1])
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })

  it('work side by side on one server, and say that they share it', async () => {
    await Promise.all([
      first.send('left window [[text:Left answer]]'),
      second.send('right window [[text:Right answer]]'),
    ])
    await Promise.all([first.answered('Left answer'), second.answered('Right answer')])
    assert.deepEqual(
      (await workbench.opencodeServers()).map(({ pid }) => pid),
      [own.pid],
    )
    assert.equal(askedFor(lab, 'left window'), 1)
    assert.equal(askedFor(lab, 'right window'), 1)
    await Promise.all(pages.map((page) => statusSays(page, /shared by 2 windows/)))
  })

  it('ask before one stops it for the other, and can leave it to the other', async () => {
    await runCommand(pages[1], 'OpenCode: Stop Server')
    await dialog(pages[1]).getByText('Another window uses this server.').waitFor({ timeout: patience })
    await clickDialogButton(pages[1], 'Disconnect This Window')
    await statusSays(pages[1], /not running/)
    await statusSays(pages[0], /runs on this machine\./)
    assert.ok(await isAlive(own.pid))
    await runCommand(pages[1], 'OpenCode: Start Server')
    await statusSays(pages[1], /shared by 2 windows/)
    assert.equal((await serverOf(workbench)).pid, own.pid)
  })

  it('both go over to the new server when one restarts it', async () => {
    await runCommand(pages[1], 'OpenCode: Restart Server')
    await clickDialogButton(pages[1], 'Restart for All Windows')
    own = await serverOf(workbench, own.pid)
    await Promise.all(pages.map((page) => statusSays(page, /shared by 2 windows/)))
    await first.send('after the restart [[text:Still together]]')
    await first.answered('Still together')
  })

  it('leave it to the other one when they are closed', async () => {
    await pages[1].close({ runBeforeUnload: true })
    await statusSays(pages[0], /runs on this machine\./)
    assert.ok(await isAlive(own.pid))
    await first.send('still here [[text:Yes I am]]')
    await first.answered('Yes I am')
  })

  it('have one server each when the setting says so', async () => {
    await workbench.setSettings({ 'opencodeSessions.server.shared': false })
    const page = await workbench.openPage()
    await openChat(page)
    await until('two servers run', async () => (await workbench.opencodeServers()).length === 2, patience)
    const others = (await workbench.opencodeServers()).filter(({ pid }) => pid !== own.pid)
    await page.close({ runBeforeUnload: true })
    await gone(others, 8_000)
    await workbench.setSettings({ 'opencodeSessions.server.shared': true })
  })

  it('say so when the password of a server is wrong, and stay where they were', async () => {
    shared = await lab.startServer()
    await connectTo(pages[0], shared.url, 'not-the-password')
    const sentence = await notified(pages[0], /refused the user name or password/)
    assert.doesNotMatch(sentence, /not-the-password/)
    assert.ok(await isAlive(own.pid))
    await first.send('not moved [[text:Same server]]')
    await first.answered('Same server')
  })

  it('connect when the right password is given, and show the sessions that are there', async () => {
    await new OtherClient(shared).createSession(lab.project, 'Made before by hand')
    await connectTo(pages[0], shared.url, shared.password)
    await gone([own], patience)
    await runCommand(pages[0], 'OpenCode: New Session')
    await first.shows(shared.url)
    await runCommand(pages[0], 'OpenCode: Sessions')
    await listed(pages[0], 'Made before by hand')
    await pages[0].keyboard.press('Escape')
    assert.deepEqual(await opencodeProcesses(lab, [shared.pid]), [])
  })

  it('share the sessions of one server', async () => {
    pages[1] = await workbench.openPage()
    second = await openChat(pages[1])
    // A workbench in a browser may keep secrets per window: then it asks, and is told.
    await second.shows(/refused the password|http:/)
    if (!(await second.text()).includes(shared.url)) await connectTo(pages[1], shared.url, shared.password)
    await second.shows(shared.url)
    await runCommand(pages[1], 'OpenCode: Sessions')
    await listed(pages[1], 'Made before by hand')
    await first.send('made in the first window [[text:Shared answer]]')
    await first.answered('Shared answer')
    const row = await listed(pages[1], /made in the first window/i)
    await row.click()
    await second.answered('Shared answer')
    await Promise.all([
      first.send('from the left [[text:To the left]]'),
      first.answered('To the left'),
      second.answered('To the left'),
    ])
  })

  it('show a session of another client as it appears, and its answer as it streams', async () => {
    await runCommand(pages[1], 'OpenCode: Sessions')
    await listed(pages[1], 'Made before by hand')
    const terminal = new OtherClient(shared)
    const created = await terminal.createSession(lab.project, 'From the terminal')
    const text = 'terminal prompt [[text:It streams. ]][[delay:100]][[lorem:1200]]'
    await terminal.prompt(lab.project, created, text)
    const row = await listed(pages[1], 'From the terminal')
    await row.click()
    await second.answered('It streams.')
    const answer = (await second.answers()).filter({ hasText: 'It streams.' })
    const before = (await answer.innerText()).length
    assert.ok(await (await second.frame()).getByRole('button', { name: 'Stop' }).isVisible())
    await until('the answer grows', async () => (await answer.innerText()).length > before + 50, patience)
    await second.press('Stop')
    await second.shows('Stopped')
  })

  it('leave the server of somebody else running when they are closed', async () => {
    const hosts = await workbench.extensionHosts()
    await Promise.all(pages.map((page) => page.close({ runBeforeUnload: true })))
    await gone(hosts, 30_000)
    assert.ok(await isAlive(shared.pid))
  })
})
