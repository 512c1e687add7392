import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Frame, Page } from 'playwright-core'
import type { ContainerHandle } from '../../src/server/container/containerHandle.ts'
import { labels } from '../../src/server/container/containerOwner.ts'
import { answerFileDialog, clickDialogButton, dialog, withQuickRow } from '../e2e/support/chatWorkbench.ts'
import { answerInput, listed, notified, openChat, patience, type Chat } from '../e2e/support/lifecycle.ts'
import { freePort } from '../support/opencodeLab.ts'
import { runCommand, screenshot, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import { makeCertificates } from '../unit/client/support/certificates.ts'
import { kubeConfig, startApiServer } from '../unit/server/kubernetes/support/apiServer.ts'
import { startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

const inside = '/workspace/elsewhere'

describe('Servers of all kinds, added and changed in the workbench', function () {
  this.timeout(240_000)
  let lab: ContainerTestLab
  let outside: ContainerHandle
  let proxy: Server
  let cluster: Awaited<ReturnType<typeof startApiServer>>
  let url: string
  let authority: string
  let workbench: Workbench
  let page: Page
  let chat: Chat

  before(async () => {
    lab = await startContainerTestLab()
    const { root, project, env } = lab.lab
    outside = await lab.launch({ workspaceTarget: inside })
    const { ca, key, cert } = await makeCertificates('localhost')
    authority = path.join(root, 'authority.pem')
    await writeFile(authority, ca)
    const port = await freePort()
    proxy = passOn(outside.endpoint.url, { key, cert }).listen(port, '127.0.0.1')
    url = `https://127.0.0.1:${port}`
    cluster = await startApiServer()
    const kubeconfig = path.join(root, 'kubeconfig')
    await writeFile(kubeconfig, kubeConfig(cluster.url))
    workbench = await startWorkbench({
      env: { ...env, KUBECONFIG: kubeconfig },
      folder: project,
      settings: {
        'opencodeSessions.server.autoStart': false,
      },
    })
    page = await workbench.openPage()
    chat = await openChat(page)
  })
  after(async () => {
    await workbench.dispose()
    proxy.closeAllConnections()
    proxy.close()
    await cluster.close()
    await lab.dispose()
  })
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(page, `servers-failure-${this.currentTest.title.slice(0, 12)}`)
  })

  async function addServer(kind: string): Promise<void> {
    await runCommand(page, 'OpenCode: Select Server…')
    await (await listed(page, 'Add server…')).click()
    await (await listed(page, kind)).click()
  }

  async function pressInRow(name: string, button: 'Edit' | 'Remove'): Promise<void> {
    await withQuickRow(page, name, async (row, timeout) => {
      await row.hover({ timeout })
      await row.getByRole('button', { name: button }).click({ timeout })
    })
  }

  const answered = (text: string): Promise<void> =>
    chat.send(`[[text:${text}]]`).then(() => chat.answered(text))

  it('asks for the authority of a server, and where the folder is there, and works with both', async () => {
    await addServer('Running server…')
    await answerInput(page, '(1/3)', url)
    await answerInput(page, '(2/3)', 'opencode')
    await answerInput(page, '(3/3)', outside.endpoint.password)
    await dialog(page).getByText('certificate').first().waitFor({ timeout: patience })
    await screenshot(page, 'servers-authority')
    await clickDialogButton(page, 'Pick CA file…')
    await answerFileDialog(page, authority)
    await dialog(page).getByText(`as ${inside}?`).waitFor({ timeout: patience })
    await screenshot(page, 'servers-paths')
    await clickDialogButton(page, 'Translate paths')
    await chat.shows(url)
    const edit = { filePath: `${inside}/a.txt`, oldString: 'two', newString: '2' }
    await chat.send(`[[tool:edit ${JSON.stringify(edit)}]][[text:It is done.]]`)
    await chat.answered('It is done.')
    assert.equal(await readFile(path.join(lab.lab.project, 'a.txt'), 'utf8'), 'one\n2\nthree\n')
    assert.doesNotMatch(await (await chat.answers()).first().innerText(), /elsewhere/)
  })

  it('examines it, on a page that all can read', async () => {
    await runCommand(page, 'OpenCode: Doctor')
    const doctor = await doctorFrame(page)
    await doctor.getByText(`It calls it ${inside}.`).waitFor({ timeout: patience })
    await doctor.getByText(/It takes our login and refuses strangers/).waitFor({ timeout: patience })
    await doctor.getByText(/All is well|It works, with warnings/).waitFor({ timeout: patience })
    assert.deepEqual(await violations(doctor), [])
    await screenshot(page, 'doctor-url')
  })

  it('lists what the server has, and the rules of an agent', async () => {
    await runCommand(page, 'OpenCode: MCP Servers…')
    await listed(page, 'Add a Server…')
    await page.keyboard.press('Escape')
    await runCommand(page, 'OpenCode: Agents, Commands and Rules…')
    await (await listed(page, 'build')).click()
    await listed(page, 'Forget All "Always" Answers')
    await listed(page, 'bash: allow')
    await screenshot(page, 'servers-rules')
    await page.keyboard.press('Escape')
  })

  it('renames it and goes on with it, then removes it with all that is kept for it', async () => {
    const name = new URL(url).host
    await runCommand(page, 'OpenCode: Select Server…')
    await pressInRow(name, 'Edit')
    await (await listed(page, 'Name')).click()
    await answerInput(page, 'Name of the server profile', 'Beyond')
    await (await listed(page, 'All fields in the settings')).waitFor()
    await screenshot(page, 'servers-edit')
    await page.keyboard.press('Escape')
    await listed(page, 'Beyond')
    await page.keyboard.press('Escape')
    await answered('Under its new name')
    await runCommand(page, 'OpenCode: Select Server…')
    await pressInRow('Beyond', 'Remove')
    await dialog(page).getByText('Remove the server profile "Beyond"?').waitFor({ timeout: patience })
    await clickDialogButton(page, 'Remove')
    await until('it is gone from the list', async () => {
      const rows = page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
      return (await rows.count()) > 2 && (await rows.filter({ hasText: 'Beyond' }).count()) === 0
    })
    await page.keyboard.press('Escape')
  })

  it('says what a cluster forbids, and why no connection comes about', async () => {
    await addServer('Kubernetes…')
    await page.getByText('The cluster does not let you do this').first().waitFor({ timeout: patience })
    await answerInput(page, '(2/3)', 'default')
    await (await listed(page, 'deployment/opencode')).click()
    await dialog(page).getByText('Read the password from the Secret "opencode-password"?').waitFor()
    await clickDialogButton(page, 'Enter it myself')
    await answerInput(page, 'Password of the OpenCode server', 'not-known')
    await screenshot(page, 'servers-kubernetes')
    await notified(page, /The words of kubectl are in the details|No pod of the server runs|cluster/)
  })

  it('runs in a container after one step', async () => {
    await runCommand(page, 'OpenCode: Select Server…')
    await (await listed(page, 'Run in a container')).click()
    await chat.shows('in a container')
    await answered('From the container')
    const all = await lab.engine.list([`${labels.workspace}=${lab.lab.project}`])
    assert.equal(all.length, 2, 'that of the test and that of the window')
    await runCommand(page, 'OpenCode: Doctor')
    const doctor = await doctorFrame(page)
    await doctor.getByText(/Container · .*/).waitFor({ timeout: patience })
    await doctor.getByText(/All is well|It works, with warnings/).waitFor({ timeout: patience })
    await doctor
      .getByText(/podman/i)
      .first()
      .waitFor({ timeout: patience })
    await page.setViewportSize({ width: 640, height: 900 })
    await screenshot(page, 'doctor-container')
  })
})

/** Encrypts what somebody else serves. */
function passOn(target: string, tls: { readonly key: string; readonly cert: string }): Server {
  return createServer(tls, (incoming, response) => {
    const { method, headers } = incoming
    const outgoing = request(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
}

async function doctorFrame(page: Page): Promise<Frame> {
  let found: Frame | undefined
  await until(
    'the Doctor shows',
    async () => {
      for (const frame of page.frames()) {
        const heading = frame.getByRole('heading', { name: 'OpenCode Doctor' })
        if (await heading.isVisible().catch(() => false)) found = frame
      }
      return found !== undefined
    },
    patience,
  )
  assert.ok(found)
  return found
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

async function violations(frame: Frame): Promise<readonly string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await frame.evaluate(axe)
  const result = await frame.evaluate<{ violations: readonly Violation[] }>('axe.run()')
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  )
}
