import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { startLab, type Lab } from '../support/opencodeLab.ts'
import { OtherClient } from '../support/otherClient.ts'
import { reloadWindow, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import {
  askedFor,
  endpointOf,
  gone,
  grace,
  openChat,
  opencodeProcesses,
  patience,
  serverOf,
  type Chat,
} from './support/lifecycle.ts'

describe('a server of our own that dies, and a window that goes', function () {
  this.timeout(240_000)
  let lab: Lab
  let workbench: Workbench
  let page: Page
  let chat: Chat

  before(async () => {
    lab = await startLab()
    workbench = await startWorkbench({ env: lab.env, folder: lab.project })
    page = await workbench.openPage()
    chat = await openChat(page)
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })

  it('shows a prompt that is sent while the server starts as pending, and delivers it once', async () => {
    await chat.send('early bird [[text:The worm]]')
    await chat.shows('early bird', 5_000)
    await chat.answered('The worm')
    assert.equal(askedFor(lab, 'early bird'), 1)
  })

  it('keeps the conversation when the server is killed in the middle of an answer', async () => {
    const server = await serverOf(workbench)
    await chat.send('first try [[text:It begins. ]][[delay:40]][[lorem:2000]]')
    const answer = (await chat.answers()).filter({ hasText: 'It begins.' })
    await answer.waitFor({ timeout: patience })
    await until('much of the answer shows', async () => (await answer.innerText()).length > 300, patience)
    process.kill(server.pid, 'SIGKILL')
    await chat.shows(/Starting server|Reconnecting/, 20_000)
    await chat.answered('The worm')
    await chat.shows('first try')
    const next = await serverOf(workbench, server.pid)
    assert.notEqual(next.pid, server.pid)
    await until(
      'the banner is gone',
      async () => !/Starting server|Reconnecting/.test(await chat.text()),
      patience,
    )
    await chat.shows('Interrupted')
    assert.equal(await (await chat.frame()).getByRole('button', { name: 'Stop' }).count(), 0)
    assert.equal(askedFor(lab, 'first try'), 1)
    await chat.send('second try [[text:Back again]]')
    await chat.answered('Back again')
    assert.equal(askedFor(lab, 'second try'), 1)
  })

  it('holds a prompt that is sent while the server is away, and delivers it once', async () => {
    const server = await serverOf(workbench)
    await chat.settled()
    process.kill(server.pid, 'SIGKILL')
    await chat.shows(/Starting server|Reconnecting/, 20_000)
    await chat.send('patient one [[text:It waited]]')
    await chat.shows('patient one', 5_000)
    await chat.shows('Waiting to be sent', 5_000)
    assert.equal(askedFor(lab, 'patient one'), 0)
    await chat.answered('It waited')
    assert.equal(askedFor(lab, 'patient one'), 1)
    assert.doesNotMatch(await chat.text(), /Waiting to be sent/)
  })

  it('goes on with an answer when the window is reloaded in the middle of it, and shows all of it', async () => {
    const server = await serverOf(workbench)
    // Long enough to outlast a slow reload.
    const words = Array.from({ length: 120 }, (_, index) => `w${String(index + 1)}`).join(' ')
    await chat.send(`count [[delay:500]][[chunk:4]][[text:${words}]]`)
    const answer = async () =>
      (await (await chat.answers()).last().innerText()).replace(/^OpenCode answered\s+/, '')
    await until('it has begun', async () => /w4\b/.test(await answer()), patience)
    await reloadWindow(page)
    chat = await openChat(page)
    await (await chat.frame()).getByRole('button', { name: 'Stop' }).waitFor({ timeout: patience })
    assert.doesNotMatch(await answer(), /w120/)
    await until('it has ended', async () => /w120\b/.test(await answer()), patience)
    await until('all of it shows', async () => (await answer()).trim() === words, 10_000)
    assert.equal(await new OtherClient(await endpointOf(server)).lastAnswer(lab.project), words)
    assert.equal((await serverOf(workbench)).pid, server.pid)
    assert.equal(askedFor(lab, 'count'), 1)
  })

  it('leaves nothing running when the extension host is killed in the middle of a tool', async () => {
    await serverOf(workbench)
    await chat.send('sleepy [[tool:bash {"command":"sleep 300","description":"Sleep"}]][[text:Awake]]')
    await chat.press('Allow once')
    const sleeps = async () => (await opencodeProcesses(lab)).some(({ command }) => /sleep 300/.test(command))
    await until('the tool runs', sleeps, patience)
    const running = await opencodeProcesses(lab)
    assert.ok(running.some(({ command }) => command.includes('supervisor.js')))
    assert.ok(running.some(({ command }) => / serve /.test(command)))
    await workbench.killExtensionHost()
    await gone(running, grace.killed + 5_000)
  })

  it('brings the chat back with its session after the extension host was killed', async () => {
    await reloadWindow(page)
    chat = await openChat(page)
    await chat.answered('Back again')
    await chat.shows('sleepy')
    await chat.shows(/interrupted/i)
    await serverOf(workbench)
    await chat.send('after the crash [[text:Here we are]]')
    await chat.answered('Here we are')
    assert.equal(askedFor(lab, 'after the crash'), 1)
  })

  it('ends everything when the window is closed', async () => {
    await chat.send('sleepy again [[tool:bash {"command":"sleep 300","description":"Sleep"}]][[text:Awake]]')
    await chat.press('Allow once')
    const sleeps = async () => (await opencodeProcesses(lab)).some(({ command }) => /sleep 300/.test(command))
    await until('the tool runs', sleeps, patience)
    const running = await opencodeProcesses(lab)
    const hosts = await workbench.extensionHosts()
    await page.close({ runBeforeUnload: true })
    await gone([...running, ...hosts], grace.busy + 10_000)
    assert.deepEqual(await opencodeProcesses(lab), [])
  })
})
