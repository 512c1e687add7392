import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { Chat, patience } from '../../test/e2e/support/chat.ts'
import { quickInput } from '../../test/e2e/support/chatWorkbench.ts'
import { startLab, type Lab } from '../../test/support/opencodeLab.ts'
import {
  openFile,
  quickRows,
  runCommand,
  startWorkbench,
  themes,
  until,
  type Workbench,
} from '../../test/support/workbench.ts'
import { bundle } from '../lib/bundle.ts'
import { inRepository } from '../lib/repository.ts'

const folder = inRepository('docs', 'images')
const size = { width: 1200, height: 800 }
const wide = 440
const narrow = 300

const dark = { name: 'chat-dark', theme: 'Dark Modern', kind: 'vscode-dark' }
const looks = [
  dark,
  { name: 'chat-light', theme: 'Light Modern', kind: 'vscode-light' },
  { name: 'chat-hc', theme: 'Dark High Contrast', kind: 'vscode-high-contrast' },
  { name: 'chat-hc-light', theme: 'Light High Contrast', kind: 'vscode-high-contrast-light' },
]

const settings = {
  'workbench.colorTheme': themes.dark,
  'editor.minimap.enabled': false,
  'window.title': 'greeting',
  'opencodeSessions.chat.notifyWhenWaiting': false,
}

const files = {
  'style.md': 'Greet by the time of day.\n',
  'clock.md': 'Ask when in doubt.\n',
  'src/greeting.ts': [
    "export type Hour = 'morning' | 'evening'",
    '',
    'export function greet(name: string): string {',
    "  return 'Hello, ' + name",
    '}',
    '',
  ].join('\n'),
  'test/greeting.test.ts': [
    "import { greet } from '../src/greeting.ts'",
    '',
    "if (greet('Ada') === '') throw new Error('No greeting')",
    '',
  ].join('\n'),
}

await takePictures()

/** Draws the pictures of the documentation anew: a real workbench, a real server, the scripted model. */
async function takePictures(): Promise<void> {
  await bundle({ production: true })
  await mkdir(folder, { recursive: true })
  const lab = await startLab({ files })
  const workbench = await startWorkbench({ env: lab.env, folder: lab.project, settings })
  try {
    const context = await workbench.browser.newContext({ viewport: size, deviceScaleFactor: 2 })
    await draw({ lab, workbench, context })
  } finally {
    await workbench.dispose()
    await lab.dispose()
  }
}

interface Studio {
  readonly lab: Lab
  readonly workbench: Workbench
  readonly context: BrowserContext
}

async function draw({ lab, workbench, context }: Studio): Promise<void> {
  const page = await workbench.openPage({ ...size, context })
  await openFile(page, 'greeting.ts')
  await runCommand(page, 'OpenCode: Open Chat')
  const chat = await new Chat(page).ready()
  await setSideBarWidth(page, wide)
  await useLook(page, chat, dark)
  await converse(page, chat, lab)
  for (const look of looks) {
    await useLook(page, chat, look)
    await shoot(page, look.name)
  }
  await useLook(page, chat, dark)
  await setSideBarWidth(page, narrow)
  await shoot(page, 'chat-narrow', { x: 0, y: 0, width: 360, height: size.height })
  await setSideBarWidth(page, wide)
  await askQuestion(page, chat, lab)
  await shoot(page, 'question')
  await chat.question.getByRole('button', { name: 'Dismiss' }).click()
  await chat.settles()
  await showTab(page)
  await shoot(page, 'editor-tab')
}

/** What the model does stands in a file that goes along, so that the prompt itself reads as people write. */
async function prompt(
  page: Page,
  chat: Chat,
  lab: Lab,
  words: { file: string; script: string; text: string },
) {
  await writeFile(path.join(lab.project, words.file), `${words.script}\n`)
  await openFile(page, words.file)
  await runCommand(page, 'OpenCode: Add File to Chat')
  await chat.chips.filter({ hasText: words.file }).waitFor({ timeout: patience })
  await runCommand(page, 'View: Close Editor')
  await chat.send(words.text)
}

async function converse(page: Page, chat: Chat, lab: Lab): Promise<void> {
  const file = path.join(lab.project, 'src/greeting.ts')
  const edit = {
    filePath: file,
    oldString: "export function greet(name: string): string {\n  return 'Hello, ' + name\n}",
    newString:
      'export function greet(name: string, hour: Hour): string {\n  return `Good ${hour}, ${name}!`\n}',
  }
  const answer = [
    'The greeting now follows the time of day:',
    '',
    '| Hour | Greeting |',
    '| --- | --- |',
    '| `morning` | Good morning, Ada! |',
    '| `evening` | Good evening, Ada! |',
    '',
    'The call in `test/greeting.test.ts:3` needs an hour:',
    '',
    '```ts',
    "greet('Ada', 'morning')",
    '```',
  ].join('\\n')
  const script = [
    '[[reason:The type Hour is there already. The function only has to take it.]]',
    `[[tool:read ${JSON.stringify({ filePath: file })}]]`,
    `[[tool:edit ${JSON.stringify(edit)}]]`,
    `[[usage:18400,420]][[text:${answer}]]`,
  ].join('')
  await prompt(page, chat, lab, {
    file: 'style.md',
    script,
    text: 'Greet people by the time of day, as our style guide says.',
  })
  await chat.permission.waitFor({ timeout: patience })
  await shoot(page, 'permission-dark')
  await chat.permission.getByRole('button', { name: 'Allow once' }).click()
  await chat.sees(/needs an hour/)
  await chat.settles()
}

async function askQuestion(page: Page, chat: Chat, lab: Lab): Promise<void> {
  const options = [
    { label: 'Local time', description: 'The hour of the machine that runs the program' },
    { label: 'Time of the user', description: 'Passed in by the caller' },
  ]
  const questions = [{ header: 'Time zone', question: 'Which clock decides what is a morning?', options }]
  const script = `[[tool:question ${JSON.stringify({ questions })}]]`
  await prompt(page, chat, lab, { file: 'clock.md', script, text: 'Pick the hour by itself.' })
  await chat.question.waitFor({ timeout: patience })
  await chat.question.getByRole('radio').first().check()
}

async function showTab(page: Page): Promise<void> {
  await runCommand(page, 'OpenCode: Open Chat in Editor')
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility')
  const tab = await new Chat(page).ready()
  await tab.sees(/needs an hour/)
}

/** Picks a theme as a user does and waits until the chat follows. */
async function useLook(page: Page, chat: Chat, { theme, kind }: typeof dark): Promise<void> {
  const body = chat.frame.locator('body')
  if ((await body.getAttribute('data-vscode-theme-kind')) === kind) return
  await runCommand(page, 'Preferences: Color Theme')
  const input = await quickInput(page)
  await input.fill(theme)
  await quickRows(page, theme).first().waitFor({ timeout: patience })
  await page.keyboard.press('Enter')
  await until(
    `the theme is ${theme}`,
    async () => (await body.getAttribute('data-vscode-theme-kind')) === kind,
    patience,
  )
  await chat.composer.click()
}

/** Drags the edge of the side bar, as a user does. */
async function setSideBarWidth(page: Page, width: number): Promise<void> {
  const bar = page.locator('.part.sidebar')
  const box = await bar.boundingBox()
  if (!box) throw new Error('There is no side bar.')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + width, y, { steps: 8 })
  await page.mouse.up()
  await until(
    'the side bar has its width',
    async () => near((await bar.boundingBox())?.width, width),
    patience,
  )
}

function near(value: number | undefined, wanted: number): boolean {
  return value !== undefined && Math.abs(value - wanted) < 6
}

interface Clip {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

async function shoot(page: Page, name: string, clip?: Clip): Promise<void> {
  await page.mouse.move(size.width - 300, size.height / 2)
  // Ends with the frame in which themes, fonts and highlighting are drawn.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
  await page.screenshot({
    path: path.join(folder, `${name}.png`),
    animations: 'disabled',
    caret: 'hide',
    ...(clip ? { clip } : {}),
  })
  console.log(`docs/images/${name}.png`)
}
