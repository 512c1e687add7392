import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { bundleExample } from '../../scripts/lib/exampleExtension.ts'
import { loginPlugin } from '../support/loginPlugin.ts'
import { mcpScript } from '../support/mcpScript.ts'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab } from '../support/opencodeLab.ts'
import { openFile, runCommand, screenshot, startWorkbench, until } from '../support/workbench.ts'
import type { Workbench } from '../support/workbench.ts'
import { answerInput, listed, openChat, patience, serverOf } from './support/lifecycle.ts'

const goodKey = 'sk-the-good-one-4714'

describe('providers and other extensions', function () {
  this.timeout(300_000)
  let lab: Lab
  let provider: Server
  let workbench: Workbench
  let page: Page
  const asked: string[] = []

  before(async () => {
    provider = createServer((request, response) => {
      const isModels = request.url === '/v1/models'
      if (isModels) asked.push(request.headers.authorization ?? 'nobody')
      const isGood = request.headers.authorization === `Bearer ${goodKey}`
      response.writeHead(isModels && !isGood ? 401 : 200, { 'content-type': 'application/json' }).end('{}')
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    lab = await startLab()
    Object.assign(lab.env, { GROQ_API_KEY: 'gsk-of-the-environment' })
    await configure(lab, origin)
    workbench = await startWorkbench({
      env: lab.env,
      folder: lab.project,
      extensions: [await bundleExample(lab.root)],
    })
    page = await workbench.openPage()
    await openChat(page)
    await serverOf(workbench)
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
    provider.close()
  })

  /** What one test leaves open must not stand in the way of the next. */
  afterEach(async () => {
    for (let press = 0; press < 3; press++) await page.keyboard.press('Escape')
  })

  it('are listed with who connects them', async () => {
    await runCommand(page, 'OpenCode: Providers…')
    const groq = await listed(page, 'GROQ_API_KEY')
    assert.match(await groq.innerText(), /of the environment, used by OpenCode itself/)
    await screenshot(page, 'providers-list')
    await page.keyboard.press('Escape')
  })

  it('take a login by the code of a page, and another code after a wrong one', async () => {
    await pickProvider('Acme')
    await (await listed(page, 'Log In: Acme account')).click()
    await visited(async () => (await listed(page, 'Free')).click())
    await answerInput(page, 'Log in to Acme', 'wrong-code')
    const note = page.locator('.quick-input-widget').filter({ hasText: 'did not accept the login' })
    await note.waitFor({ timeout: patience })
    await screenshot(page, 'providers-code')
    await answerInput(page, 'Log in to Acme', 'good-code')
    await says('You are logged in to Acme')
    assert.match(await readFile(lab.keysFile, 'utf8'), /"access-code"/)
  })

  it('take a login that ends in the browser, and forget it', async () => {
    await pickProvider('Acme', 'login of OpenCode')
    await visited(async () => (await listed(page, 'Log In: Acme in the browser')).click())
    await until(
      'the login',
      async () => (await readFile(lab.keysFile, 'utf8')).includes('access-browser'),
      patience,
    )
    await says('You are logged in to Acme')
    await pickProvider('Acme', 'login of OpenCode')
    await (await listed(page, 'Disconnect…')).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click({ timeout: patience })
    await says('Acme is disconnected')
    assert.doesNotMatch(await readFile(lab.keysFile, 'utf8'), /access-/)
  })

  it('check a key with the provider before it is stored', async () => {
    await pickProvider('Acme')
    await (await listed(page, 'Enter an API Key…')).click()
    await answerInput(page, 'API key of Acme', 'sk-the-wrong-one')
    await (await listed(page, 'then store it')).click()
    const dialog = page.getByRole('dialog').filter({ hasText: 'does not take this key' })
    await dialog.waitFor({ timeout: patience })
    await screenshot(page, 'providers-refused')
    assert.doesNotMatch(await readFile(lab.keysFile, 'utf8'), /sk-the-wrong-one/)
    await dialog.getByRole('button', { name: 'Enter Another Key' }).click()
    await answerInput(page, 'API key of Acme', goodKey)
    await (await listed(page, 'then store it')).click()
    await says('The key of Acme is set')
    assert.ok((await readFile(lab.keysFile, 'utf8')).includes(goodKey))
    assert.deepEqual(asked, ['nobody', 'Bearer sk-the-wrong-one', 'nobody', `Bearer ${goodKey}`])
  })

  it('show MCP servers with their states, and the rules of an agent in the configuration', async () => {
    await runCommand(page, 'OpenCode: MCP Servers…')
    assert.match(await (await listed(page, 'sample')).innerText(), /connected/)
    assert.match(await (await listed(page, 'broken')).innerText(), /failed/)
    await screenshot(page, 'features-mcp')
    await page.keyboard.press('Escape')
    await runCommand(page, 'OpenCode: Agents, Commands and Rules…')
    const agent = await listed(page, 'build')
    await screenshot(page, 'features-list')
    await agent.click()
    const edit = await listed(page, 'Edit in the Configuration')
    await screenshot(page, 'features-rules')
    await edit.click()
    // The real server has put a configuration into the home too, so the user is asked which.
    if (lab.wire === 1) await (await listed(page, /opencode\.json(?!c)/)).click()
    await page.locator('.tab.active').filter({ hasText: 'opencode.json' }).waitFor({ timeout: patience })
    const lines = (await readFile(path.join(lab.project, 'opencode.json'), 'utf8')).split('\n')
    const line = lines.findIndex((text) => text.includes('"permission":')) + 1
    assert.ok(line > 1)
    await page
      .locator('.statusbar-item')
      .filter({ hasText: `Ln ${line},` })
      .waitFor({ timeout: patience })
  })

  it('let another extension use OpenCode only after the user has agreed, and show that it may', async () => {
    await openFile(page, 'README.md')
    await runCommand(page, 'Example: Review the Open File')
    const dialog = page.getByRole('dialog').filter({ hasText: 'Example Reviewer (example.reviewer)' })
    await dialog.waitFor({ timeout: patience })
    await screenshot(page, 'api-consent')
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
    const chat = await openChat(page)
    await chat.press('Show')
    await chat.press('Allow once')
    await page.locator('.tab').filter({ hasText: 'Untitled' }).first().waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Manage Extension Access…')
    const row = await listed(page, 'Example Reviewer')
    assert.match(await row.innerText(), /allowed/)
    await page.keyboard.press('Escape')
  })

  async function pickProvider(name: string, state = ''): Promise<void> {
    await runCommand(page, 'OpenCode: Providers…')
    await (await listed(page, new RegExp(`${name}.*${state}`, 's'))).click()
    await page.locator('.quick-input-title').filter({ hasText: name }).waitFor({ timeout: patience })
  }

  /** A window behind the page of the login draws nothing, so its user comes back. */
  async function visited(open: () => Promise<void>): Promise<void> {
    const opened = workbench.context.waitForEvent('page', { timeout: patience })
    await open()
    await (await opened).close()
    await page.bringToFront()
  }

  async function says(text: string): Promise<void> {
    await page.locator('.statusbar-item').filter({ hasText: text }).first().waitFor({ timeout: patience })
  }
})

async function configure(lab: Lab, origin: string): Promise<void> {
  const plugin = path.join(lab.root, 'login.js')
  await writeFile(plugin, loginPlugin(origin))
  const file = path.join(lab.project, 'opencode.json')
  const {
    enabled_providers: _,
    provider,
    ...config
  } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly enabled_providers: unknown
    readonly provider: object
  }
  const acme = {
    npm: '@ai-sdk/openai-compatible',
    name: 'Acme',
    options: { baseURL: `${origin}/v1` },
    models: { one: { name: 'One' } },
  }
  const script = path.join(lab.root, 'mcp.cjs')
  await writeFile(script, mcpScript)
  const mcp = {
    sample: { type: 'local', command: [process.execPath, script] },
    broken: { type: 'local', command: [path.join(lab.root, 'not-there')] },
  }
  const plugins = [pathToFileURL(plugin).href]
  const changed = { ...config, mcp, plugin: plugins, provider: { ...provider, acme } }
  await writeFile(file, JSON.stringify(changed, null, 2))
}
