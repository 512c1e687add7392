import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { labels } from '../../src/server/container/containerOwner.ts'
import { clickDialogButton } from '../e2e/support/chatWorkbench.ts'
import { notified, openChat, type Chat } from '../e2e/support/lifecycle.ts'
import { modelConfig, offlineEnvironment } from '../support/opencodeLab.ts'
import {
  reloadWindow,
  runCommand,
  screenshot,
  startWorkbench,
  until,
  type Workbench,
} from '../support/workbench.ts'
import { removeProjectData } from '../../src/server/container/containerLeftovers.ts'
import { defaultSettings } from '../support/containerSettings.ts'
import {
  giveTo,
  launchAndDie,
  startContainerTestLab,
  type ContainerTestLab,
} from './support/containerTestLab.ts'

const inside = '/workspace/elsewhere'
const owner = { uid: 1234, gid: 1234 }
const patience = 60_000

describe('A window whose server runs in a container', function () {
  this.timeout(180_000)
  let lab: ContainerTestLab
  let workbench: Workbench
  let page: Page
  let chat: Chat

  before(async () => {
    lab = await startContainerTestLab()
    const { project, env } = lab.lab
    await lab.lab.configure(modelConfig(lab.modelUrlInside))
    await giveTo(project, owner)
    workbench = await startWorkbench({ env, folder: project, settings: boxed() })
    page = await workbench.openPage()
    chat = await openChat(page)
  })
  after(async function () {
    await workbench.dispose()
    await lab.dispose()
  })
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'container-failure')
  })

  /** Settings with a container, and what else its profile says. */
  function boxed(changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, unknown>> {
    const profile = {
      name: 'Box',
      kind: 'container',
      engine: lab.engine.facts.kind,
      workspaceTarget: inside,
      environment: offlineEnvironment,
      ...changes,
    }
    return { 'opencodeSessions.server.profiles': [profile], 'opencodeSessions.server.profile': 'Box' }
  }

  async function containers() {
    return lab.engine.list([`${labels.workspace}=${lab.lab.project}`])
  }

  async function theContainer(): Promise<string> {
    const [first, ...more] = await containers()
    assert.deepEqual(more, [])
    assert.ok(first?.isRunning)
    return first.id
  }

  it('edits a file after asking, names it by its path outside, and it belongs to its owner', async () => {
    const edit = { filePath: `${inside}/a.txt`, oldString: 'two', newString: '2' }
    await chat.send(`[[tool:edit ${JSON.stringify(edit)}]][[text:It is done.]]`)
    const frame = await chat.frame()
    const permission = frame.getByRole('group', { name: 'Permission required' })
    await permission.waitFor({ timeout: patience })
    assert.doesNotMatch(await permission.innerText(), /elsewhere/)
    assert.match(await permission.innerText(), /a\.txt/)
    await permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.answered('It is done.')
    const file = path.join(lab.lab.project, 'a.txt')
    assert.equal(await readFile(file, 'utf8'), 'one\n2\nthree\n')
    const { uid, gid } = await stat(file)
    assert.deepEqual({ uid, gid }, owner)
    const answers = await Promise.all(
      (await (await chat.answers()).all()).map((answer) => answer.innerText()),
    )
    assert.match(answers.join('\n'), /Edited\s+a\.txt/)
    assert.doesNotMatch(answers.join('\n'), /elsewhere/)
    const pwd = await lab.podman('exec', await theContainer(), 'pwd')
    assert.equal(pwd.trim(), inside)
  })

  it('shows what it changed for review, and undoes it here, byte for byte, for its owner', async () => {
    await runCommand(page, 'OpenCode: Show Changes')
    const rows = page.locator('.pane-body .monaco-list-row')
    await rows.filter({ hasText: /a\.txt.*\+1 −1/ }).waitFor({ timeout: patience })
    const command = `mkdir -p made/deep && printf 'x\\r\\ny' > made/deep/new.txt`
    await chat.send(
      `[[tool:bash ${JSON.stringify({ command, description: 'Makes a file' })}]][[text:Made it.]]`,
    )
    const permission = (await chat.frame()).getByRole('group', { name: 'Permission required' })
    await permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.answered('Made it.')
    await chat.settled()
    await rows.filter({ hasText: /new\.txt.*\+2.*new/ }).waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Undo All Changes…')
    await clickDialogButton(page, 'Undo All')
    const { project } = lab.lab
    const file = path.join(project, 'a.txt')
    await until('it is undone', async () => (await readFile(file, 'utf8')) === 'one\ntwo\nthree\n', patience)
    await until('new folders are gone', async () => !(await readdir(project)).includes('made'), patience)
    const { uid, gid } = await stat(file)
    assert.deepEqual({ uid, gid }, owner)
    await rows.filter({ hasText: 'a.txt' }).waitFor({ state: 'detached', timeout: patience })
  })

  it('opens the file that an answer links by its path inside', async () => {
    await chat.send(`[[text:Look at [the file](${inside}/a.txt).]]`)
    const link = (await chat.frame()).getByRole('link', { name: 'the file' })
    await link.click({ timeout: patience })
    await page.locator('.tab.active').filter({ hasText: 'a.txt' }).waitFor({ timeout: patience })
  })

  it('cannot ask VS Code, and says why for as long as it is so', async () => {
    await workbench.setSettings({ ...boxed(), 'opencodeSessions.editorTools.enabled': true })
    await notified(page, /cannot ask VS Code anything\. It runs in a container with a network of its own/)
    await runCommand(page, 'Focus on Server View')
    const row = page.getByRole('treeitem', { name: /Cannot ask VS Code/ })
    await row.getByText('It runs in a container').waitFor({ timeout: patience })
    await screenshot(page, 'container-tools')
    await workbench.setSettings({ 'opencodeSessions.editorTools.enabled': false })
    await row.waitFor({ state: 'detached', timeout: patience })
    chat = await openChat(page)
  })

  it('takes the container over when it is reloaded', async () => {
    const before = await theContainer()
    await reloadWindow(page)
    chat = await openChat(page)
    await chat.shows('It is done.')
    await chat.send('[[text:After the reload.]]')
    await chat.answered('After the reload.')
    assert.equal(await theContainer(), before)
  })

  it('says that the container was killed, and goes on in a new one', async () => {
    const before = await theContainer()
    await lab.podman('kill', '--signal', 'KILL', before)
    await chat.shows(/was killed, by somebody or by the system/, patience)
    await until('a new one runs', async () => (await containers()).some(({ id }) => id !== before), patience)
    await chat.send('[[text:After the end.]]')
    await chat.answered('After the end.')
  })

  it('lists a container that nobody uses for cleaning up, and not its own', async () => {
    const workspace = path.join(lab.lab.project, 'src')
    const id = await launchAndDie({
      ...defaultSettings(workspace, lab.image),
      environment: offlineEnvironment,
    })
    await runCommand(page, 'OpenCode: Clean Up Containers…')
    const rows = page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
    await rows.filter({ hasText: workspace }).first().waitFor({ timeout: patience })
    const texts = await rows.filter({ hasText: 'runs without a window' }).allInnerTexts()
    assert.ok(!texts.some((text) => text.includes(`${lab.lab.project} `)), texts.join('\n'))
    await screenshot(page, 'container-clean-up')
    await page.keyboard.press('Escape')
    await lab.engine.remove([id])
    await removeProjectData(lab.engine, workspace)
  })

  it('says in the chat why no container comes up, and comes up when that is put right', async () => {
    const failures: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [{ memory: '90m' }, /ran out of memory\. Its limit is 90 MB; raise it/],
      [{ image: 'localhost/opencode-sessions-nothing:1' }, /image is missing and could not be fetched/],
    ]
    for (const [changes, sentence] of failures) {
      await runCommand(page, 'OpenCode: Stop Server')
      await until('it is gone', async () => (await containers()).length === 0, patience)
      await workbench.setSettings(boxed(changes))
      await runCommand(page, 'OpenCode: Start Server')
      await chat.shows(sentence, patience)
      await screenshot(page, `container-failed-${Object.keys(changes).join()}`)
    }
    await workbench.setSettings(boxed())
    await runCommand(page, 'OpenCode: Start Server')
    await chat.send('[[text:After the mending.]]')
    await chat.answered('After the mending.')
    const stop = (await chat.frame()).getByRole('button', { name: 'Stop', exact: true })
    await until('the run is over', async () => (await stop.count()) === 0, patience)
  })

  it('removes the container when the server is stopped, and when the window is closed', async () => {
    const started = performance.now()
    await runCommand(page, 'OpenCode: Stop Server')
    await until('it is gone', async () => (await containers()).length === 0, patience)
    const took = performance.now() - started
    // The command palette is part of it.
    assert.ok(took < 4000 * Math.max(1, loadavg()[0] ?? 1), `${String(took)} ms`)
    await runCommand(page, 'OpenCode: Start Server')
    await until('it runs', async () => (await containers()).length === 1, patience)
    await page.close()
    await until('it is gone again', async () => (await containers()).length === 0, 90_000)
  })
})
