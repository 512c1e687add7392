import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, Frame, Locator, Page } from 'playwright-core'
import { launchBrowser } from '../../scripts/lib/browser.ts'
import { descendants, processesWithHome, type ProcessEntry } from '../../scripts/lib/processes.ts'
import { cacheFolder, repositoryRoot } from '../../scripts/lib/repository.ts'
import { startVscodeServer, writeSettings, type VscodeServer } from '../../scripts/lib/vscodeServer.ts'
import { freePort } from './opencodeLab.ts'

/** A real workbench in a real browser, with its own settings, extension hosts and browser storage. */
export interface Workbench {
  readonly server: VscodeServer
  readonly browser: Browser
  /** Pages of one context share storage, as windows of one user do. */
  readonly context: BrowserContext
  /** Where the server keeps its settings, logs and state; removed by `dispose`. */
  readonly dataDirectory: string
  /** Opens a window and waits until it can be used. */
  openPage(options?: PageOptions): Promise<Page>
  /** Merges over the user settings; open windows follow. */
  setSettings(settings: Readonly<Record<string, unknown>>): Promise<void>
  /** The extension hosts of all open windows. */
  extensionHosts(): Promise<readonly ProcessEntry[]>
  /** Ends one extension host without a word, as a crash would. */
  killExtensionHost(pid?: number): Promise<void>
  /** Processes that run `opencode serve` for its windows, be the one that started them still there or not. */
  opencodeServers(): Promise<readonly ProcessEntry[]>
  /** Closes the browser, stops the server and removes its data. */
  dispose(): Promise<void>
}

export interface WorkbenchOptions {
  /** Environment of server and extension host, usually `lab.env`. */
  readonly env: Readonly<Record<string, string>>
  /** Folder that windows open, usually `lab.project`. */
  readonly folder: string
  /** The working tree when left out; `false` loads none (for installed packages). */
  readonly extensionPath?: string | false
  readonly settings?: Readonly<Record<string, unknown>>
  readonly vsix?: readonly string[]
  /** Folders of more extensions. */
  readonly extensions?: readonly string[]
  /** Turns Restricted Mode on. */
  readonly workspaceTrust?: boolean
}

export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly folder?: string
  /** Another user's browser storage instead of the shared one. */
  readonly context?: BrowserContext
}

export async function startWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const dataDirectory = await realpath(await mkdtemp(path.join(tmpdir(), 'workbench-')))
  const server = await startVscodeServer({ ...options, dataDirectory, port: await freePort() })
  const browser = await launchBrowser()
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  let settings = options.settings ?? {}
  const below = async (pattern: RegExp) =>
    (await descendants(server.pid)).filter(({ command }) => pattern.test(command))
  return {
    server,
    browser,
    context,
    dataDirectory,
    openPage: (page = {}) => openPage({ server, context }, options, page),
    setSettings: (changes) =>
      writeSettings({ dataDirectory, settings: (settings = { ...settings, ...changes }) }),
    extensionHosts: () => below(/--type=extensionHost/),
    opencodeServers: () => supervised(options.env['HOME'] ?? ''),
    killExtensionHost: async (pid) => {
      const hosts = await below(/--type=extensionHost/)
      const host = pid === undefined ? hosts[0] : hosts.find((entry) => entry.pid === pid)
      assert.ok(host, 'There is no such extension host.')
      process.kill(host.pid, 'SIGKILL')
    },
    dispose: async () => {
      await browser.close()
      await server.stop()
      await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** Servers that the extension started; those of a test itself have no supervisor. */
async function supervised(home: string): Promise<readonly ProcessEntry[]> {
  const all = await processesWithHome(home)
  const supervisors = new Set(
    all.filter(({ command }) => command.includes('supervisor.js')).map(({ pid }) => pid),
  )
  return all.filter(({ parent, command }) => supervisors.has(parent) && /opencode\S* serve/.test(command))
}

async function openPage(
  parts: { server: VscodeServer; context: BrowserContext },
  workbench: WorkbenchOptions,
  options: PageOptions,
): Promise<Page> {
  const page = await (options.context ?? parts.context).newPage()
  await page.setViewportSize({ width: options.width ?? 1280, height: options.height ?? 800 })
  const extensionPath = workbench.extensionPath ?? repositoryRoot
  await page.goto(
    parts.server.windowUrl({
      folder: options.folder ?? workbench.folder,
      ...(extensionPath === false ? {} : { extensionPath }),
    }),
  )
  await workbenchReady(page)
  return page
}

/** Waits until a window that was opened or reloaded can be used and its extension host runs. */
export async function workbenchReady(page: Page): Promise<void> {
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 })
  await page.locator('.statusbar-item').first().waitFor({ timeout: 60_000 })
  await page.locator('.activitybar .action-item').first().waitFor({ timeout: 60_000 })
}

/** Reloads the window, as the command of that name does. */
export async function reloadWindow(page: Page): Promise<void> {
  await page.reload()
  await workbenchReady(page)
}

/**
 * Runs a command by its full title in the palette, e.g. `OpenCode: Open Chat`. A window that has just opened may not
 * know the commands of extensions yet; the palette lists what it knew when it opened, so it is opened again.
 */
export async function runCommand(page: Page, title: string): Promise<void> {
  for (let attempt = 0; attempt < 15; attempt += 1) {
    const input = await openPalette(page)
    if (!(await fills(input, `>${title}`))) continue
    const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first()
    if ((await becomesVisible(row)) && (await isClicked(row))) return
    await page.keyboard.press('Escape')
  }
  throw new Error(`The palette has no command "${title}".`)
}

/**
 * Rows of the open quick pick that show these words. VS Code draws a list with the rows of the one before, which go on
 * to hold words of that one, hidden.
 */
export function quickRows(page: Page, text: string | RegExp): Locator {
  return page
    .locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
    .filter({ has: page.getByText(text).filter({ visible: true }) })
}

/** A loading window may swallow the key, so it is pressed until the palette shows. */
async function openPalette(page: Page) {
  const input = page.locator('.quick-input-widget input[type="text"]').first()
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await page.keyboard.press('F1')
    if (await becomesVisible(input)) return input
  }
  throw new Error('The command palette did not open.')
}

/** The palette closes when something else takes the focus meanwhile. */
async function fills(input: ReturnType<Page['locator']>, text: string): Promise<boolean> {
  try {
    await input.fill(text, { timeout: 3000 })
    return true
  } catch {
    return false
  }
}

async function isClicked(row: Locator): Promise<boolean> {
  try {
    await row.click({ timeout: 3000 })
    return true
  } catch {
    return false
  }
}

async function becomesVisible(locator: ReturnType<Page['locator']>, timeout = 1500): Promise<boolean> {
  try {
    await locator.waitFor({ timeout })
    return true
  } catch {
    return false
  }
}

/** Opens a file by its name or path in the quick picker, which may not know the files of a new window yet. */
export async function openFile(page: Page, name: string): Promise<void> {
  const row = page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ hasText: path.basename(name) })
    .first()
  for (let attempt = 0; attempt < 15; attempt += 1) {
    const input = await openPalette(page)
    if (!(await fills(input, name))) continue
    if (await becomesVisible(row, 6000)) {
      await row.click()
      await page
        .locator('.tab.active')
        .filter({ hasText: path.basename(name) })
        .waitFor({ timeout: 60_000 })
      const content = '.editor-instance .view-lines, .notebookOverlay .code-cell-row'
      await page.locator(content).first().waitFor({ timeout: 60_000 })
      return
    }
    await page.keyboard.press('Escape')
  }
  throw new Error(`The quick picker found no file "${name}".`)
}

/** The page inside a webview of ours: the first frame that holds the root of the chat. */
export async function chatFrame(
  page: Page,
  options: { timeout?: number; index?: number } = {},
): Promise<Frame> {
  const end = Date.now() + (options.timeout ?? 30_000)
  while (Date.now() < end) {
    const frames = await chatFrames(page)
    const frame = frames[options.index ?? 0]
    if (frame) return frame
    await sleep(100)
  }
  throw new Error(
    `No chat appeared. Frames: ${page
      .frames()
      .map((frame) => frame.url().slice(0, 80))
      .join(', ')}`,
  )
}

/** All chats that a window shows: a webview is a frame within a frame. */
export async function chatFrames(page: Page): Promise<readonly Frame[]> {
  const inner = page.frames().filter((frame) => frame.parentFrame()?.parentFrame() === page.mainFrame())
  const checked = await Promise.all(
    inner.map(async (frame) => ((await holdsChat(frame)) ? frame : undefined)),
  )
  return checked.filter((frame) => frame !== undefined)
}

async function holdsChat(frame: Frame): Promise<boolean> {
  // A hidden webview is detached while we look.
  return (
    (await frame
      .locator('#root > *')
      .count()
      .catch(() => 0)) > 0
  )
}

/** Keeps a picture of the window in `.cache/screenshots`. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = path.join(cacheFolder, 'screenshots')
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, `${name}.png`)
  await page.screenshot({ path: file })
  return file
}

/** Ids for the `workbench.colorTheme` setting, of this code-server; an id that it does not know changes nothing. */
export const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const

/** Waits until a condition holds; the message says what was awaited. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeout = 20_000,
): Promise<void> {
  const end = Date.now() + timeout
  while (Date.now() < end) {
    if (await condition()) return
    await sleep(50)
  }
  throw new Error(`Waited in vain: ${what}.`)
}
