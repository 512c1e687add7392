import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Frame, Locator, Page } from 'playwright-core'
import { startLab, usualWire, type Lab, type LabOptions, type LabServer } from '../../support/opencodeLab.ts'
import { chatFrame, runCommand, screenshot, startWorkbench, type Workbench } from '../../support/workbench.ts'

/** Long enough for a busy machine; nothing waits that long when all is well. */
export const patience = 90_000

/** A workbench with a real server behind it, and one window that shows the chat. */
export interface ChatLab {
  readonly lab: Lab
  readonly workbench: Workbench
  readonly page: Page
  readonly chat: Chat
  /** The one of `isAttached`. */
  readonly server: LabServer | undefined
  dispose(): Promise<void>
}

export interface ChatLabOptions extends LabOptions {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly width?: number
  /** Whether the server must run and its models be known before the first test; yes unless told. */
  readonly waitForServer?: boolean
  readonly height?: number
  /** Whether the window uses a server that the test runs, and so finds it again however long a reload takes. */
  readonly isAttached?: boolean
}

/** Opens a window on a project of its own and the chat in its side bar. */
export async function startChatLab(options: ChatLabOptions = {}): Promise<ChatLab> {
  const lab = await startLab(options)
  const server = options.isAttached ? await lab.startServer({ password: '' }) : undefined
  const workbench = await startWorkbench({
    env: lab.env,
    folder: lab.project,
    settings: { ...options.settings, ...(server ? attachedTo(server) : {}) },
  }).catch(async (error: unknown) => {
    await lab.dispose()
    throw error
  })
  const dispose = async () => {
    await workbench.dispose()
    await lab.dispose()
  }
  try {
    const page = await workbench.openPage({ width: options.width ?? 1280, height: options.height ?? 800 })
    const chat = await openChat(page)
    if (options.waitForServer !== false) await chat.button('Model: Scripted').waitFor({ timeout: patience })
    return { lab, workbench, page, chat, server, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

function attachedTo({ url }: LabServer): Readonly<Record<string, unknown>> {
  return {
    'opencodeSessions.server.profiles': [{ name: 'Lab', kind: 'url', url }],
    'opencodeSessions.server.profile': 'Lab',
  }
}

/** Shows the chat of the side bar and waits until it can be used. */
export async function openChat(page: Page): Promise<Chat> {
  await runCommand(page, 'OpenCode: Open Chat')
  const chat = new Chat(page)
  await chat.ready()
  return chat
}

/** Drives one chat by its accessible names. Its frame is looked up anew, so that it survives reloads. */
export class Chat {
  readonly page: Page
  readonly #index: number
  #frame: Frame | undefined

  /** @param index which chat of the window is meant, when it shows several. */
  constructor(page: Page, index = 0) {
    this.page = page
    this.#index = index
  }

  /** Waits until the page of the chat stands and looks it up again. */
  async ready(): Promise<this> {
    this.#frame = await chatFrame(this.page, { timeout: patience, index: this.#index })
    await this.composer.waitFor({ timeout: patience })
    return this
  }

  get frame(): Frame {
    assert.ok(this.#frame, 'The chat was not waited for.')
    return this.#frame
  }

  get log(): Locator {
    return this.frame.getByRole('log', { name: 'Conversation' })
  }

  get composer(): Locator {
    return this.frame.getByRole('textbox', { name: 'Message OpenCode' })
  }

  get chips(): Locator {
    return this.frame.getByRole('list', { name: 'Context' }).getByRole('listitem')
  }

  get prompts(): Locator {
    return this.log.getByRole('article', { name: 'You' })
  }

  get answers(): Locator {
    return this.log.getByRole('article', { name: 'OpenCode' })
  }

  get permission(): Locator {
    return this.frame.getByRole('group', { name: 'Permission required' })
  }

  get question(): Locator {
    return this.frame.getByRole('group', { name: 'Question', exact: true })
  }

  get stopButton(): Locator {
    return this.button('Stop')
  }

  button(name: string | RegExp): Locator {
    return this.frame.getByRole('button', { name, exact: true })
  }

  tool(name: string): Locator {
    return this.log.getByRole('group', { name: `Tool: ${toolName(name)}` })
  }

  /** Types and sends with Enter. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.composer.press('Enter')
  }

  /** Leaves the session for a new one. */
  async newSession(): Promise<void> {
    await this.button('New session').click()
    await this.log.waitFor({ state: 'detached', timeout: patience })
  }

  /** Waits for words in an answer. */
  async sees(text: string | RegExp): Promise<void> {
    await this.answers.getByText(text).first().waitFor({ timeout: patience })
  }

  /** Waits until nothing runs any more. */
  async settles(): Promise<void> {
    await this.stopButton.waitFor({ state: 'detached', timeout: patience })
  }

  /** Sends a prompt and waits until its answer, which ends with these words, is complete. */
  async ask(prompt: string, end: string): Promise<void> {
    await this.send(prompt)
    await this.answers.getByText(end).last().waitFor({ timeout: patience })
    await this.settles()
  }
}

/** OpenCode 2 has other names for some tools. */
function toolName(name: string): string {
  const names: Readonly<Record<string, string>> = { bash: 'shell', task: 'subagent' }
  return usualWire === 2 ? (names[name] ?? name) : name
}

/** The number on the activity bar's icon of ours; '' without one. */
export async function badge(page: Page): Promise<string> {
  const item = page
    .locator('.activitybar .action-item')
    .filter({ has: page.locator('[aria-label*="OpenCode"]') })
  const label = item.locator('.badge-content')
  return (await label.count()) === 0 ? '' : ((await label.first().textContent()) ?? '')
}

/** For `afterEach`: what a failed test looked like, and the end of the extension's own log. */
export async function keepFailure(
  test: Mocha.Test | undefined,
  { page, workbench }: Pick<ChatLab, 'page' | 'workbench'>,
): Promise<void> {
  if (test?.state !== 'failed') return
  const file = await screenshot(page, `failed-${test.title.replaceAll(/[^\p{L}\d]+/gu, '-').slice(0, 60)}`)
  const logs = path.join(workbench.dataDirectory, 'data', 'logs')
  const names = await readdir(logs, { recursive: true }).catch(() => [])
  const own = names.filter((name) => name.endsWith('OpenCode.log'))
  const texts = await Promise.all(own.map((name) => readFile(path.join(logs, name), 'utf8')))
  const ends = texts.map((text) => text.split('\n').slice(-25).join('\n'))
  process.stdout.write(`${[`Picture: ${file}`, ...ends].join('\n')}\n`)
}
