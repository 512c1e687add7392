import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { openFile, runCommand, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { choose, entriesOf } from './support/menus.ts'

const notebook = {
  cells: [
    { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: ['x = 1\n', 'y = 2'] },
  ],
  metadata: { language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 2,
}
const files = {
  'src/greeting.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name\n}\n",
  'broken.json': '{\n  "name": \n}\n',
  'a.txt': 'one\ntwo\nthree\n',
  'b.txt': 'four\n',
  'style.css': '.card {\n  color: red;\n}\n',
  'book.ipynb': JSON.stringify(notebook),
}

/** Each says who it is and what it was told; the model ends the run at once. */
const names = ['ask', 'explain', 'explainProblem', 'fix', 'fixOutput', 'refactor', 'tests', 'docs'] as const
const prompts = Object.fromEntries(
  names.map((name) => [
    name,
    `${name.toUpperCase()} [f:\${file}] [l:\${lines}] [i:\${input}] [[text:Seen.]]`,
  ]),
)

describe('The menus of the workbench', function () {
  this.timeout(240_000)
  let running: ChatLab
  /** How many requests of the model were looked at. */
  let seen = 0

  before(async () => {
    const settings = {
      'files.autoSave': 'off',
      'opencodeSessions.prompts': prompts,
      // So that its text stands in the page.
      'terminal.integrated.gpuAcceleration': 'off',
    }
    running = await startChatLab({ files, settings })
  })
  afterEach(function () {
    return keepFailure(this.currentTest, running)
  })
  after(() => running.dispose())
  beforeEach(async () => {
    await runCommand(running.page, 'OpenCode: Open Chat')
    await running.chat.ready()
    if ((await running.chat.log.count()) > 0) await running.chat.newSession()
  })

  /** What the model got of a command's prompt; the run is over then. */
  async function asked(start: string): Promise<string> {
    const { chat, lab } = running
    const find = () =>
      lab.model.requests
        .slice(seen)
        .find(({ kind, prompt }) => kind === 'chat' && prompt.startsWith(`${start} `))
    await until(`the model is asked: ${start}`, () => find() !== undefined, patience)
    const prompt = find()?.prompt ?? ''
    // The side bar may have shown something else meanwhile.
    await (await chat.ready()).settles()
    seen = lab.model.requests.length
    return prompt
  }

  it('of the explorer: for all selected files and folders', async () => {
    const { page } = running
    await runCommand(page, 'View: Show Explorer')
    const row = (name: string) => rowOf(page.locator('.explorer-folders-view'), name)
    await row('a.txt').click({ timeout: patience })
    await row('src').click({ modifiers: ['Control'] })
    await choose(page, () => row('src').click({ button: 'right' }), 'OpenCode', 'Explain')
    const explained = await asked('EXPLAIN')
    assert.match(explained, /\[f:(?:src, a\.txt|a\.txt, src)\][\s\S]*three/)
    assert.match(explained, /greeting\.ts/)
    await runCommand(page, 'View: Show Explorer')
    await choose(page, () => row('b.txt').click({ button: 'right' }), 'Add File to Chat')
    await (await running.chat.ready()).chips.filter({ hasText: 'b.txt' }).waitFor({ timeout: patience })
  })

  it('of an editor: what can be done there, and no more', async () => {
    const { page } = running
    await openFile(page, 'greeting.ts')
    const text = page.locator('.editor-instance .view-lines').first()
    const open = () => text.click({ button: 'right', position: { x: 60, y: 28 } })
    assert.deepEqual(await entriesOf(page, open), [
      'Add Selection to Chat',
      'Add File to Chat',
      'Ask…',
      'Explain',
      'Ask Inline',
      'Refactor…',
      'Write Tests',
      'Write Docs',
      'Review Changes',
    ])
    await choose(page, open, 'OpenCode', 'Ask…')
    await answer(page, 'Who is greeted?')
    assert.match(await asked('ASK'), /\[f:src\/greeting\.ts\] \[l:\d.*\] \[i:Who is greeted\?\][\s\S]*Hello/)
    const tab = page.locator('.tab.active')
    await choose(page, () => tab.click({ button: 'right' }), 'OpenCode', 'Refactor…')
    await answer(page, 'Shorter.')
    assert.match(await asked('REFACTOR'), /\[f:src\/greeting\.ts\].*\[i:Shorter\.\]/)
    const more = page.locator('.editor-actions').getByLabel('More Actions...').first()
    await choose(page, () => more.click(), 'OpenCode', 'Write Docs')
    assert.match(await asked('DOCS'), /\[f:src\/greeting\.ts\]/)
    await runCommand(page, 'View: Close All Editors')
  })

  it('of a terminal: what is selected in it', async () => {
    const { page } = running
    await runCommand(page, 'Terminal: Create New Terminal')
    const terminal = page.locator('.terminal-wrapper.active .xterm')
    await terminal.waitFor({ timeout: patience })
    await page.keyboard.type('echo pine$((20+3))apple\n')
    await terminal.locator('.xterm-rows').filter({ hasText: 'pine23apple' }).waitFor({ timeout: patience })
    await runCommand(page, 'Terminal: Select All')
    await choose(page, () => terminal.click({ button: 'right' }), 'OpenCode', 'Explain')
    assert.match(await asked('EXPLAIN'), /pine23apple/)
    await runCommand(page, 'Terminal: Kill the Active Terminal Instance')
  })
})

function rowOf(view: Locator, name: string): Locator {
  return view.locator('.monaco-list-row').filter({ hasText: name }).first()
}

async function answer(page: Page, text: string): Promise<void> {
  const input = page.locator('.quick-input-widget:visible input').first()
  await input.waitFor({ timeout: patience })
  await input.fill(text)
  await input.press('Enter')
}
