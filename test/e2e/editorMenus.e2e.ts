import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
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

  it('of a problem: in its editor, in the light bulb and in the Problems view', async () => {
    const { page } = running
    await openFile(page, 'broken.json')
    await page.locator('.squiggly-error').first().waitFor({ timeout: patience })
    const text = page.locator('.editor-instance .view-lines').first()
    const open = () => text.click({ button: 'right', position: { x: 60, y: 28 } })
    await choose(page, open, 'OpenCode', 'Fix')
    assert.match(await asked('FIX'), /\[f:broken\.json\][\s\S]*error.*Value expected/i)
    await runCommand(page, 'Go to Next Problem in Files')
    await page.keyboard.press('Escape')
    await runCommand(page, 'Quick Fix...')
    await page.locator('.action-widget').getByText('Explain with OpenCode').click({ timeout: patience })
    assert.match(await asked('EXPLAINPROBLEM'), /\[f:broken\.json\][\s\S]*Value expected/)
    await runCommand(page, 'View: Toggle Problems')
    const row = rowOf(page.locator('.markers-panel'), 'Value expected')
    await choose(page, () => row.click({ button: 'right' }), 'Ask OpenCode…')
    await answer(page, 'Why?')
    assert.match(await asked('ASK'), /\[i:Why\?\][\s\S]*Value expected/)
    await choose(page, () => row.click({ button: 'right' }), 'Add to OpenCode chat')
    await (await running.chat.ready()).chips.filter({ hasText: 'Problem in broken.json' }).waitFor()
    await runCommand(page, 'View: Close All Editors')
  })

  it('of changes: one file, and a whole group', async () => {
    const { lab, page } = running
    await writeFile(path.join(lab.project, 'b.txt'), 'four\nfive\n')
    await writeFile(path.join(lab.project, 'fresh.txt'), 'new here\n')
    await page.keyboard.press('Control+Shift+g')
    const row = (name: string) => rowOf(page.locator('.scm-view'), name)
    await choose(page, () => row('b.txt').click({ button: 'right' }), 'OpenCode', 'Explain')
    assert.match(await asked('EXPLAIN'), /\[f:b\.txt\][\s\S]*^\+five$/m)
    await page.keyboard.press('Control+Shift+g')
    await choose(page, () => row('Changes').click({ button: 'right' }), 'OpenCode', 'Ask…')
    await answer(page, 'What is new?')
    assert.match(await asked('ASK'), /\[i:What is new\?\][\s\S]*^\+five$[\s\S]*^\+new here$/m)
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

  it('of notebook cells', async () => {
    const { page } = running
    await openFile(page, 'book.ipynb')
    const cell = page.locator('.notebookOverlay .code-cell-row').first()
    await cell.hover({ timeout: patience })
    const more = cell
      .locator('.cell-title-toolbar')
      .getByLabel(/More Actions|More/)
      .last()
    await choose(page, () => more.click(), 'OpenCode', 'Explain')
    assert.match(await asked('EXPLAIN'), /\[f:book\.ipynb \(cell 1\)\] \[l:1–2\][\s\S]*x = 1\ny = 2/)
    await runCommand(page, 'View: Close All Editors')
  })

  it('of search results in an editor', async () => {
    const { page } = running
    await runCommand(page, 'Search Editor: New Search Editor')
    await page.keyboard.type('three\n')
    const found = page.locator('.search-editor .view-line').filter({ hasText: 'three' }).last()
    await choose(page, () => found.click({ button: 'right', timeout: patience }), 'OpenCode', 'Explain')
    assert.match(await asked('EXPLAIN'), /three/)
    await runCommand(page, 'View: Close All Editors')
  })

  it('above functions, where the setting wants it', async () => {
    const { page, workbench } = running
    await openFile(page, 'style.css')
    const lens = page.locator('.codelens-decoration').getByText('Explain')
    assert.equal(await lens.count(), 0)
    await workbench.setSettings({ 'opencodeSessions.editor.codeLens': true })
    await lens.click({ timeout: patience })
    assert.match(await asked('EXPLAIN'), /\[f:style\.css\] \[l:1–3\][\s\S]*\(css, in \.card\)/)
    await workbench.setSettings({ 'opencodeSessions.editor.codeLens': false })
    await lens.waitFor({ state: 'detached', timeout: patience })
    await runCommand(page, 'View: Close All Editors')
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
