import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Frame, Locator, Page } from 'playwright-core'
import { isAlive, processesWithHome, type ProcessEntry } from '../../../scripts/lib/processes.ts'
import type { Lab } from '../../support/opencodeLab.ts'
import type { Address } from '../../support/otherClient.ts'
import { chatFrame, quickRows, runCommand, until, type Workbench } from '../../support/workbench.ts'

/** How long a server goes on when no window uses it, in milliseconds. */
export const grace = { killed: 10_000, idle: 10_000, busy: 20_000 }

/** Waits here are long, because the machine may be busy; none of them is a pause. */
export const patience = 90_000

/** What a person sees of one chat, whatever frame it stands in at the moment. */
export interface Chat {
  readonly page: Page
  frame(): Promise<Frame>
  answers(): Promise<Locator>
  prompts(): Promise<Locator>
  composer(): Promise<Locator>
  /** Types and sends with Enter. */
  send(text: string): Promise<void>
  /** Waits for an answer with this text; it may stand in the prompt too, as a directive. */
  answered(text: string): Promise<void>
  /** Waits until no run is going on: the last answer may stand there a moment before its session is idle. */
  settled(): Promise<void>
  /** Waits until the chat shows this text anywhere. */
  shows(text: string | RegExp, timeout?: number): Promise<void>
  text(): Promise<string>
  press(button: string | RegExp): Promise<void>
}

/** Brings the side bar's chat to the front. */
export async function openChat(page: Page): Promise<Chat> {
  await runCommand(page, 'OpenCode: Open Chat')
  await chatFrame(page, { timeout: patience })
  return chatOf(page)
}

function chatOf(page: Page): Chat {
  const frame = () => chatFrame(page, { timeout: patience })
  const role = async (kind: 'article', name: string) => (await frame()).getByRole(kind, { name, exact: true })
  const composer = async () => (await frame()).getByRole('textbox', { name: 'Message OpenCode' })
  const text = async () =>
    (await frame())
      .locator('body')
      .innerText()
      .catch(() => '')
  return {
    page,
    frame,
    composer,
    text,
    answers: () => role('article', 'OpenCode'),
    prompts: () => role('article', 'You'),
    send: async (prompt) => {
      const box = await composer()
      await box.fill(prompt, { timeout: patience })
      await box.press('Enter')
    },
    answered: async (wanted) => {
      await until(
        `OpenCode answers "${wanted}"`,
        async () => (await (await role('article', 'OpenCode')).filter({ hasText: wanted }).count()) > 0,
        patience,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)} The chat shows:\n${await text()}`)
      })
    },
    settled: async () => {
      const stop = (await frame()).getByRole('button', { name: 'Stop', exact: true })
      await stop.waitFor({ state: 'detached', timeout: patience })
    },
    shows: async (wanted, timeout = patience) => {
      const matches = (found: string) =>
        typeof wanted === 'string' ? found.includes(wanted) : wanted.test(found)
      let last = ''
      await until(
        `the chat shows ${String(wanted)}`,
        async () => matches((last = await text())),
        timeout,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)} It shows:\n${last}`)
      })
    },
    press: async (button) =>
      (await frame()).getByRole('button', { name: button }).first().click({ timeout: patience }),
  }
}

/** How often the model was asked to begin an answer to a prompt with this text. */
export function askedFor(lab: Lab, mark: string): number {
  return lab.model.requests.filter(
    ({ kind, prompt, toolResults }) => kind === 'chat' && toolResults === 0 && prompt.includes(mark),
  ).length
}

/** The one server that a workbench runs, when it has come up. */
export async function serverOf(workbench: Workbench, other?: number): Promise<ProcessEntry> {
  let found: ProcessEntry | undefined
  await until(
    'one OpenCode server runs',
    async () => {
      const servers = await workbench.opencodeServers()
      found = servers.length === 1 && servers[0]?.pid !== other ? servers[0] : undefined
      return found !== undefined
    },
    patience,
  )
  assert.ok(found)
  return found
}

/** Every process whose home is the lab's: what its workbench started, however far it has drifted. */
export async function processesOf(lab: Lab): Promise<readonly ProcessEntry[]> {
  return processesWithHome(lab.home)
}

/** OpenCode, its supervisor and what they run; neither the workbench nor servers that the test itself started. */
export async function opencodeProcesses(
  lab: Lab,
  spared: readonly number[] = [],
): Promise<readonly ProcessEntry[]> {
  const all = await processesOf(lab)
  return all.filter(
    ({ pid, command }) =>
      !spared.includes(pid) && /opencode\S* serve|supervisor\.js|sleep \d{3}/.test(command),
  )
}

/** Waits until none of these processes runs any more. */
export async function gone(entries: readonly ProcessEntry[], withinMs: number): Promise<void> {
  const left = async () => {
    const alive = await Promise.all(
      entries.map(async (entry) => ((await isAlive(entry.pid)) ? entry : undefined)),
    )
    return alive.filter((entry) => entry !== undefined)
  }
  await until('all processes are gone', async () => (await left()).length === 0, withinMs).catch(async () => {
    const names = (await left()).map(({ pid, command }) => `${String(pid)} ${command}`)
    assert.deepEqual(names, [], `still running after ${String(withinMs)} ms`)
  })
}

/** Waits until the status bar says this about the server. */
export async function statusSays(page: Page, wanted: RegExp): Promise<void> {
  const item = page.locator('.statusbar-item').filter({ hasText: 'OpenCode' }).first()
  let last = ''
  const look = async () => {
    last =
      (await item
        .locator('a')
        .first()
        .getAttribute('aria-label')
        .catch(() => '')) ?? ''
    return wanted.test(last)
  }
  await until(`the status bar says ${String(wanted)}`, look, patience).catch((error: unknown) => {
    throw new Error(`${String(error)} It says: ${last}`)
  })
}

/** The text of a notification; the list of them is opened, because what pops up also goes by itself. */
export async function notified(page: Page, wanted: RegExp): Promise<string> {
  const center = page.locator('.notifications-center.visible')
  const items = page.locator('.notification-list-item')
  let seen: readonly string[] = []
  const look = async () => {
    if (!(await center.isVisible())) {
      await page
        .locator('[id="status.notifications"]')
        .click({ timeout: 5_000 })
        .catch(() => undefined)
    }
    seen = await items.allInnerTexts()
    return seen.some((text) => wanted.test(text))
  }
  await until(`a notification says ${String(wanted)}`, look, patience).catch((error: unknown) => {
    throw new Error(`${String(error)} There are:\n${seen.join('\n')}`)
  })
  await page.keyboard.press('Escape')
  return seen.find((text) => wanted.test(text)) ?? ''
}

/** Fills the input box whose title or prompt has this text, and accepts. */
export async function answerInput(page: Page, title: string | RegExp, value: string): Promise<void> {
  const widget = page.locator('.quick-input-widget').filter({ hasText: title }).first()
  await widget.waitFor({ timeout: patience })
  const input = widget.locator('input').first()
  await input.fill(value)
  await input.press('Enter')
}

/** Where a server listens and how to log in, from what it was started with. */
export async function endpointOf({ pid, command }: ProcessEntry): Promise<Address> {
  const environment = (await readFile(`/proc/${String(pid)}/environ`, 'utf8')).split('\0')
  const password = environment.find((line) => line.startsWith('OPENCODE_SERVER_PASSWORD='))?.split('=')[1]
  const port = /--port (\d+)/.exec(command)?.[1]
  assert.ok(password !== undefined && port !== undefined)
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  return { url: `http://127.0.0.1:${port}`, authorization }
}

const run = promisify(execFile)

/** Makes a file that can be run. */
export async function makeProgram(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o755 })
  await run('chmod', ['755', file])
}

/** Goes through the three questions of "Connect to Server…". */
export async function connectTo(page: Page, url: string, password: string): Promise<void> {
  await runCommand(page, 'OpenCode: Connect to Server…')
  await answerInput(page, '(1/3)', url)
  await answerInput(page, '(2/3)', 'opencode')
  await answerInput(page, '(3/3)', password)
}

/** Waits until the open quick pick has a row with this text. */
export async function listed(page: Page, text: string | RegExp): Promise<Locator> {
  const row = quickRows(page, text).first()
  await row.waitFor({ timeout: patience })
  return row
}
