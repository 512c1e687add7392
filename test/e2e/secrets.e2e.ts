import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Frame, Page } from 'playwright-core'
import { scriptedProvider } from '../../scripts/lib/opencode.ts'
import { descendants } from '../../scripts/lib/processes.ts'
import { startLab, type Lab, type LabServer } from '../support/opencodeLab.ts'
import { reloadWindow, runCommand, startWorkbench, until, type Workbench } from '../support/workbench.ts'
import { clickDialogButton } from './support/chatWorkbench.ts'
import {
  answerInput,
  askedFor,
  connectTo,
  listed,
  openChat,
  patience,
  processesOf,
  serverOf,
  notified,
  type Chat,
} from './support/lifecycle.ts'

const apiKey = 'sk-never-to-be-seen-4711'
const wrongPassword = 'wrong-word-never-to-be-seen-4712'
const password = 'right-word-never-to-be-seen-4713'

describe('secrets', function () {
  this.timeout(300_000)
  let lab: Lab
  let workbench: Workbench
  let shared: LabServer
  let page: Page
  let chat: Chat
  const printed: string[] = []

  before(async () => {
    lab = await startLab()
    const { options, ...provider } = scriptedProvider(lab.modelUrl, { large: 'mock', small: 'mock-small' })
    assert.ok(options)
    await lab.configure({ provider: { mock: { ...provider, options: { baseURL: lab.modelUrl } } } })
    workbench = await startWorkbench({ env: lab.env, folder: lab.project })
    await workbench.context.addInitScript(recordMessages)
    page = await workbench.openPage()
    page.on('console', (message) => printed.push(message.text()))
    chat = await openChat(page)
    await serverOf(workbench)
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })

  it('reach the model that they are for', async () => {
    await runCommand(page, 'OpenCode: Set Provider API Key…')
    await (await listed(page, 'Scripted model')).click()
    await answerInput(page, 'API key of', apiKey)
    await (await listed(page, 'Store it without a check')).click()
    await page.locator('.statusbar-item').filter({ hasText: 'is set' }).first().waitFor({ timeout: patience })
    await until(
      'the server has the key',
      async () => (await readFile(lab.keysFile, 'utf8').catch(() => '')).includes(apiKey),
      patience,
    )
    await chat.send('with a key [[text:It was accepted]]')
    await chat.answered('It was accepted')
    assert.equal(askedFor(lab, 'with a key'), 1)
    const request = lab.model.requests.find(({ prompt }) => prompt.includes('with a key'))
    assert.equal(request?.authorization, `Bearer ${apiKey}`)
  })

  it('show nowhere while a server of our own runs', () => assertUnseen())

  it('show nowhere when the model refuses the key', async () => {
    await chat.send('refuse me [[error:401]]')
    await chat.shows(/refused the credentials|HTTP 401|401/)
    await assertUnseen()
  })

  it('show nowhere when a server refuses the password', async () => {
    shared = await lab.startServer({ password })
    await connectTo(page, shared.url, wrongPassword)
    await notified(page, /refused the user name or password/)
    await assertUnseen()
  })

  it('show nowhere when a server is connected to', async () => {
    await connectTo(page, shared.url, password)
    await runCommand(page, 'OpenCode: New Session')
    await chat.shows(shared.url)
    await chat.send('attached [[text:Attached answer]]')
    await chat.answered('Attached answer')
    await assertUnseen()
  })

  it('leave the file of the server when its last window goes to another one', async () => {
    await until(
      'the server has the key no more',
      async () => !(await readFile(lab.keysFile, 'utf8').catch(() => '')).includes(apiKey),
      patience,
    )
    await assertUnseen()
  })

  it('show nowhere after a reload', async () => {
    await reloadWindow(page)
    chat = await openChat(page)
    // A workbench in a browser may keep secrets per window: then it asks, and is told.
    await chat.shows(/refused the user name or password|Attached answer$/m)
    if (/refused/.test(await chat.text())) await connectTo(page, shared.url, password)
    await chat.answered('Attached answer')
    await assertUnseen()
  })

  it('are all gone when one signs out everywhere', async () => {
    await runCommand(page, 'OpenCode: Sign Out Everywhere…')
    await clickDialogButton(page, 'Sign out everywhere')
    const statusBar = page.locator('.statusbar-item').filter({ hasText: new URL(shared.url).host })
    await runCommand(page, 'OpenCode: Start Server')
    await statusBar.filter({ hasText: 'failed' }).waitFor({ timeout: patience })
    await assertUnseen()
  })

  async function assertUnseen(): Promise<void> {
    const places = [
      ...(await files(workbench.server.dataDirectory)),
      ...(await files(lab.home)),
      ...(await files(lab.project)),
      ...(await commandLines()),
      ...(await browserPlaces(page)),
      { name: 'console of the browser', text: printed.join('\n') },
    ].filter(({ name }) => name !== lab.keysFile)
    for (const wanted of ['settings.json', 'command line of', 'localStorage', 'messages of', 'page of']) {
      assert.ok(
        places.some(({ name, text }) => name.includes(wanted) && text !== ''),
        `nothing of ${wanted} was read`,
      )
    }
    assert.ok(
      places.some(({ name, text }) => name.startsWith('messages of') && text.includes('chat/changed')),
      'no message to the chat was seen',
    )
    const found = places.filter(({ text }) =>
      [apiKey, wrongPassword, password].some((secret) => holds(text, secret)),
    )
    assert.deepEqual(
      found.map(({ name }) => name),
      [],
    )
  }

  async function commandLines(): Promise<readonly Place[]> {
    const own = [...(await processesOf(lab)), ...(await descendants(workbench.server.pid))]
    return own.map(({ pid, command }) => ({ name: `command line of ${String(pid)}`, text: command }))
  }
})

interface Place {
  readonly name: string
  readonly text: string
}

/** As it is, and as an Authorization header carries it. */
function holds(text: string, secret: string): boolean {
  const header = Buffer.from(`opencode:${secret}`).toString('base64').replace(/=+$/, '')
  return (
    text.includes(secret) ||
    text.includes(header) ||
    text.includes(Buffer.from(secret).toString('base64').slice(0, -4))
  )
}

/** Everything below a folder, whatever it is: databases are read as bytes. */
async function files(folder: string): Promise<readonly Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(name, 'latin1').catch(() => '') })),
  )
}

/** Page texts, storage and messages of the window and of all frames in it. */
async function browserPlaces(page: Page): Promise<readonly Place[]> {
  const places = await Promise.all(page.frames().map((frame) => framePlaces(frame)))
  return places.flat()
}

async function framePlaces(frame: Frame): Promise<readonly Place[]> {
  // A frame may go while we look.
  const found = await frame.evaluate(readFrame).catch(() => undefined)
  if (!found) return []
  return Object.entries(found).map(([kind, text]) => ({
    name: `${kind} of ${frame.url().slice(0, 60)}`,
    text,
  }))
}

/** Runs in the page. The secret storage of the browser is its own matter: it is encrypted by VS Code. */
async function readFrame(): Promise<Record<string, string>> {
  const stored = Object.entries(localStorage).filter(([key]) => !key.startsWith('secrets.provider'))
  const names = (await indexedDB.databases()).flatMap(({ name }) => (name === undefined ? [] : [name]))
  const databases = await Promise.all(names.map((name) => readDatabase(name)))
  return {
    page: document.documentElement.outerHTML,
    localStorage: JSON.stringify([...stored, ...Object.entries(sessionStorage)]),
    indexedDB: JSON.stringify(databases, (_key, value: unknown) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
    ),
    messages: JSON.stringify((window as unknown as { seenMessages?: string[] }).seenMessages ?? []),
  }

  function readDatabase(name: string): Promise<unknown> {
    return new Promise((resolve) => {
      const opening = indexedDB.open(name)
      opening.onerror = () => resolve('')
      opening.onsuccess = () => {
        const database = opening.result
        const stores = [...database.objectStoreNames]
        const reads = stores.map(
          (store) =>
            new Promise((done) => {
              const request = database.transaction(store).objectStore(store).getAll()
              request.onsuccess = () => done(request.result)
              request.onerror = () => done('')
            }),
        )
        void Promise.all(reads).then((values) => {
          database.close()
          resolve(values)
        })
      }
    })
  }
}

/** Runs in every frame before anything else: keeps what arrives in messages, whichever way they take. */
function recordMessages(): void {
  const seen: string[] = []
  Object.assign(window, { seenMessages: seen })
  const keep = (data: unknown) => {
    try {
      const text = typeof data === 'string' ? data : JSON.stringify(data)
      if (seen.length < 20_000) seen.push(text)
    } catch {
      // What cannot be written cannot be searched either.
    }
  }
  window.addEventListener('message', ({ data }) => keep(data), true)
  const post = MessagePort.prototype.postMessage
  MessagePort.prototype.postMessage = function (this: MessagePort, ...parts: Parameters<typeof post>) {
    keep(parts[0])
    return post.apply(this, parts)
  } as typeof post
}
