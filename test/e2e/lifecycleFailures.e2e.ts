import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { freePort, startLab, usualWire, type Lab, type LabServer } from '../support/opencodeLab.ts'
import { runCommand, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import {
  makeProgram,
  notified,
  openChat,
  opencodeProcesses,
  patience,
  serverOf,
  type Chat,
} from './support/lifecycle.ts'

const pathSetting = 'opencodeSessions.server.path'
const versions =
  usualWire === 2
    ? { old: '2.0.3', floor: '2.0.4', fine: '2.0.21' }
    : { old: '1.0.0', floor: '1.2.27', fine: '1.18.33' }

describe('a server that cannot be started', function () {
  this.timeout(240_000)
  let lab: Lab
  let workbench: Workbench
  let page: Page
  let chat: Chat
  const inLab = (name: string) => path.join(lab.root, name)
  /** The setting reaches the extension host a moment after it was written, so Retry is pressed until it counts. */
  const retryUntil = async (wanted: string | RegExp) => {
    const shows = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
    const tryOnce = async () => {
      const retry = (await chat.frame()).getByRole('button', { name: 'Retry' }).first()
      if (await retry.isVisible()) await retry.click({ timeout: 2_000 }).catch(() => undefined)
      await until('it took effect', async () => shows(await chat.text()), 4_000).catch(() => undefined)
      return shows(await chat.text())
    }
    await until(`Retry leads to ${String(wanted)}`, tryOnce, patience).catch(async (error: unknown) => {
      throw new Error(`${String(error)} The chat shows:\n${await chat.text()}`)
    })
  }

  before(async () => {
    lab = await startLab()
    await makeProgram(inLab('broken'), '#!/bin/sh\necho "the bundle is damaged" >&2\nexit 1\n')
    await makeProgram(
      inLab('crashing'),
      `#!/bin/sh\nif [ "$1" = --version ]; then echo ${versions.fine}; exit 0; fi\necho "first words" >&2\necho "cannot open its database" >&2\nexit 1\n`,
    )
    await makeProgram(inLab('old'), `#!/bin/sh\necho ${versions.old}\n`)
    workbench = await startWorkbench({
      env: lab.env,
      folder: lab.project,
      settings: { [pathSetting]: inLab('missing') },
    })
    page = await workbench.openPage()
    chat = await openChat(page)
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })

  it('says how to get OpenCode when the program is not there', async () => {
    await chat.shows('OpenCode was not found')
    await chat.shows(inLab('missing'))
    const frame = await chat.frame()
    for (const name of ['Install', 'Set path', 'Retry']) {
      assert.ok(await frame.getByRole('button', { name, exact: true }).isVisible(), `no button "${name}"`)
    }
    assert.deepEqual(await opencodeProcesses(lab), [])
  })

  it('refuses a version that is too old and names the one to get', async () => {
    await workbench.setSettings({ [pathSetting]: inLab('old') })
    await retryUntil('too old')
    const text = await chat.text()
    assert.ok(text.includes(versions.old), text)
    assert.ok(text.includes(`${versions.floor} or newer`), text)
    assert.deepEqual(await opencodeProcesses(lab), [])
  })

  it('shows the last words of a program that fails when it is asked for its version', async () => {
    await workbench.setSettings({ [pathSetting]: inLab('broken') })
    await retryUntil('does not work')
    await chat.press('Details')
    await chat.shows('the bundle is damaged')
  })

  it('shows the last words of a server that ends at its start', async () => {
    await workbench.setSettings({ [pathSetting]: inLab('crashing') })
    await retryUntil('could not start')
    const details = (await chat.frame()).getByRole('button', { name: 'Details' })
    if ((await details.getAttribute('aria-expanded')) !== 'true') await details.click()
    await chat.shows('cannot open its database')
    assert.ok(await (await chat.frame()).getByRole('button', { name: 'Retry' }).isVisible())
    await chat.press('Show log')
    const output = page.locator('.output-view-container, .panel .monaco-editor').first()
    await output.waitFor({ timeout: patience })
    assert.deepEqual(await opencodeProcesses(lab), [])
  })

  it('goes on with Retry when the setting is mended', async () => {
    await workbench.setSettings({ [pathSetting]: lab.program })
    await retryUntil(/running locally/)
    await serverOf(workbench)
    await chat.send('mended [[text:It works]]')
    await chat.answered('It works')
  })

  it('names the file when the configuration of the project is broken, and goes on with Retry when it is mended', async () => {
    await workbench.setSettings({ [pathSetting]: lab.program })
    if ((await workbench.opencodeServers()).length === 0) await retryUntil(/running locally/)
    const server = await serverOf(workbench)
    await writeFile(path.join(lab.project, 'opencode.json'), '{ "model": "mock/mock", oops }\n')
    await chat.press('New session')
    await runCommand(page, 'OpenCode: Restart Server')
    await serverOf(workbench, server.pid)
    await chat.shows('opencode.json')
    // OpenCode 2 has no error of its own for this.
    await chat.shows(lab.wire === 2 ? /is not valid JSON/ : /cannot be read|cannot read/)
    await lab.configure({})
    await chat.press('Retry')
    await chat.shows('running locally')
    await chat.send('mended again [[text:It works again]]')
    await chat.answered('It works again')
  })
})

describe('Restricted Mode', function () {
  this.timeout(240_000)
  let lab: Lab
  let workbench: Workbench
  let page: Page
  let chat: Chat
  let server: LabServer
  let relay: Server
  let connections = 0

  before(async () => {
    lab = await startLab()
    server = await lab.startServer({ password: '' })
    relay = createServer((socket) => {
      connections++
      const onward = connect(server.port, '127.0.0.1')
      socket.on('error', () => onward.destroy()).pipe(onward)
      onward.on('error', () => socket.destroy()).pipe(socket)
    })
    const port = await freePort()
    await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve))
    await mkdir(path.join(lab.project, '.vscode'))
    await writeFile(
      path.join(lab.project, '.vscode', 'settings.json'),
      JSON.stringify({
        'opencodeSessions.server.profiles': [
          { name: 'Of the workspace', kind: 'url', url: `http://127.0.0.1:${String(port)}` },
        ],
        'opencodeSessions.server.profile': 'Of the workspace',
      }),
    )
    workbench = await startWorkbench({ env: lab.env, folder: lab.project, workspaceTrust: true })
    page = await workbench.openPage()
    chat = await openChat(page)
  })

  after(async () => {
    await workbench.dispose()
    relay.close()
    await lab.dispose()
  })

  it('starts nothing and says so', async () => {
    await chat.shows('Restricted Mode')
    assert.ok(await (await chat.frame()).getByRole('button', { name: 'Manage trust' }).isVisible())
    const send = (await chat.frame()).getByRole('button', { name: 'Send' })
    assert.equal(await send.getAttribute('aria-disabled'), 'true')
    await runCommand(page, 'OpenCode: Start Server')
    await notified(page, /Restricted Mode/)
    assert.deepEqual(await opencodeProcesses(lab, [server.pid]), [])
    assert.equal(connections, 0, 'the server that the workspace names was talked to')
  })

  it('goes on when the folder is trusted', async () => {
    await chat.press('Manage trust')
    await page
      .locator('.workspace-trust-editor .workspace-trust-buttons-row a.monaco-button')
      .filter({ hasText: /^Trust$/ })
      .first()
      .click({ timeout: patience })
    chat = await openChat(page)
    // Each server of OpenCode 2 has a password, so there is nothing more to see without it.
    await chat.shows(lab.wire === 2 ? /refused the user name or password/ : 'Of the workspace')
    assert.ok(connections > 0)
    if (lab.wire === 2) return
    await chat.send('trusted [[text:Thank you]]')
    await chat.answered('Thank you')
  })
})
