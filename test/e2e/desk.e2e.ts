import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { runCommand, screenshot, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { pickRow, quickInput, reloadByCommand } from './support/chatWorkbench.ts'

const many = Array.from({ length: 10_000 }, (_, index) => `line ${index}`)
const allowed = { 'windows.txt': 'allow', 'theme.css': 'allow', 'data.json': 'allow' }
/** The workbench checks CSS and JSON by itself; `colr` is wrong from the start. */
const theme = ':root { --accent: teal; }\na { colr: red; }\nb { color: var(--accent); }\nc { margin: 0; }\n'
const windows = 'eins\r\nzwei\r\ndrei\r\nvier\r\nfünf'

describe('Edits of the agent and the text in the editors', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab({
      files: {
        'many.txt': `${many.join('\n')}\n`,
        'windows.txt': windows,
        'plain.txt': 'one\ntwo\nthree\n',
        'again.txt': 'one\ntwo\n',
        'block.ts': `if (true) {\n${Array.from({ length: 20 }, (_, index) => `  call(${index})\n`).join('')}}\n`,
        'old/name.txt': 'one\ntwo\nthree\nfour\nfive\n',
        'theme.css': theme,
        'data.json': '{\n  "a": 1,\n  "b": 2\n}\n',
      },
      config: { permission: { bash: 'allow', edit: { '*': 'ask', ...allowed } } },
      settings: { 'files.autoSave': 'off' },
      patching: true,
      isAttached: true,
    })
    await writeFile(path.join(running.lab.project, 'wide.txt'), wide('eins\r\nzwei äöü\r\ndrei'))
    // A window with unsaved text asks before it is left.
    running.page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined))
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  it('shows the edit before it is allowed, and applies it as the user changed it', async () => {
    const { chat, page } = running
    await chat.send(`${edit('plain.txt', 'two', 'TWO')}[[text:Plain is done.]]`)
    await chat.permission.waitFor({ timeout: patience })
    const side = page.locator('.modified-in-monaco-diff-editor .view-lines')
    await side.getByText('TWO').waitFor({ timeout: patience })
    // Nothing took the focus from the chat.
    await chat.composer.press('End')
    await screenshot(page, 'desk-proposal')
    await side.getByText('TWO').click()
    await page.keyboard.press('End')
    await page.keyboard.type(' and mine')
    await chat.permission.getByRole('button', { name: 'Apply my version' }).click({ timeout: patience })
    await chat.sees('Plain is done.')
    assert.equal(await text('plain.txt'), 'one\nTWO and mine\nthree\n')
    await side.waitFor({ state: 'detached', timeout: patience })
  })

  it('merges an edit with unsaved text of a long file', async () => {
    const { chat, page } = running
    await openFile('many.txt')
    await typeAtTop('typed by me')
    await chat.send(`${edit('many.txt', 'line 9990\n', 'line by OpenCode\n')}[[text:Many is done.]]`)
    await chat.permission.getByText('many.txt has unsaved changes').waitFor({ timeout: patience })
    await screenshot(page, 'desk-guard')
    await chat.permission.getByRole('button', { name: 'Merge' }).click()
    await chat.sees('Many is done.')
    const expected = ['typed by me', ...many.with(9_990, 'line by OpenCode'), ''].join('\n')
    assert.equal(await text('many.txt'), expected)
    await until('the file is saved', async () => (await dirtyTabs().count()) === 0)
  })

  it('has an edit made again on top of text that is saved first, and rejects one with a reason', async () => {
    const { chat, lab } = running
    const twice = edit('again.txt', 'two', 'TWO')
    await openFile('again.txt')
    await typeAtTop('mine')
    await chat.send(`${twice}${twice}[[text:Made again.]]`)
    await chat.permission.getByRole('button', { name: 'Save first' }).click({ timeout: patience })
    await until('it is saved', async () => (await text('again.txt')) === 'mine\none\ntwo\n', patience)
    // Asked for anew, and nothing is at risk any more.
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.sees('Made again.')
    assert.equal(await text('again.txt'), 'mine\none\nTWO\n')
    await typeAtTop('more')
    await chat.send(`${edit('again.txt', 'one', 'ONE')}[[text:As you like.]]`)
    await chat.permission.getByText('again.txt has unsaved changes').waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Give a reason' }).click()
    await chat.permission.getByRole('textbox', { name: 'Reason' }).fill('Ones stay small.')
    await screenshot(running.page, 'desk-reason')
    await chat.permission.getByRole('button', { name: 'Reject' }).click()
    await chat.sees('As you like.')
    assert.ok(lab.model.requests.some(({ body }) => JSON.stringify(body).includes('Ones stay small.')))
    assert.equal(await text('again.txt'), 'mine\none\nTWO\n')
    assert.equal(await dirtyTabs().count(), 1)
    await runCommand(running.page, 'File: Save')
    await until('it is saved', async () => (await text('again.txt')) === 'more\nmine\none\nTWO\n', patience)
  })

  it('says that a file was written under unsaved text, and loses neither', async () => {
    const { chat, page } = running
    await openFile('windows.txt')
    await typeAtTop('von mir')
    await chat.ask(`${edit('windows.txt', 'vier', 'VIER')}[[text:Windows is done.]]`, 'Windows is done.')
    const strip = chat.frame.getByRole('group', { name: 'Unsaved changes' })
    await strip.getByText('windows.txt').waitFor({ timeout: patience })
    assert.equal(await text('windows.txt'), windows.replace('vier', 'VIER'))
    await screenshot(page, 'desk-conflict')
    await strip.getByRole('button', { name: 'Merge' }).click()
    await strip.waitFor({ state: 'detached', timeout: patience })
    await page
      .locator('.editor-instance .view-lines')
      .getByText('VIER')
      .first()
      .waitFor({ timeout: patience })
    await runCommand(page, 'File: Save')
    await until('the file is saved', async () => (await text('windows.txt')).includes('von mir'), patience)
    assert.equal(await text('windows.txt'), `von mir\r\n${windows.replace('vier', 'VIER')}`)
  })

  it('keeps text of a file that a command moved away', async () => {
    const { chat, page } = running
    await openFile('plain.txt')
    await typeAtTop('still here')
    const move = `[[tool:bash ${JSON.stringify({ command: 'mv plain.txt moved.txt', description: 'Move' })}]]`
    await chat.ask(`${move}[[text:Moved it.]]`, 'Moved it.')
    const strip = chat.frame.getByRole('group', { name: 'Unsaved changes' })
    await strip.getByRole('button', { name: 'Save it again' }).click({ timeout: patience })
    await until('it is saved', async () => (await text('plain.txt')).startsWith('still here'), patience)
    await runCommand(page, 'OpenCode: Restore Unsaved Text…')
    await pickRow(page, 'plain.txt')
    await page.locator('.monaco-diff-editor').waitFor({ timeout: patience })
  })

  it('keeps what was typed into a file and into the proposal for it over a reload', async () => {
    const { chat, page } = running
    await openFile('block.ts')
    await typeAtTop('typed()')
    await chat.send(`${edit('block.ts', 'call(10)', 'call(10, true)')}[[text:Block is done.]]`)
    await chat.permission.getByText('block.ts has unsaved changes').waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Open diff' }).click()
    const side = page.locator('.modified-in-monaco-diff-editor .view-lines')
    await side.getByText('call(10, true)').click({ timeout: patience })
    await page.keyboard.press('End')
    await page.keyboard.type(' // mine')
    const apply = chat.permission.getByRole('button', { name: 'Apply my version' })
    await apply.waitFor({ timeout: patience })
    await screenshot(page, 'desk-changed')
    await reloadByCommand(page)
    await chat.ready()
    await running.chat.permission
      .getByRole('button', { name: 'Apply my version' })
      .click({ timeout: patience })
    await chat.sees('Block is done.')
    const lines = (await text('block.ts')).split('\n')
    assert.deepEqual([lines[0], lines[12], lines.length], ['typed()', '  call(10, true) // mine', 24])
    await until('nothing is unsaved', async () => (await dirtyTabs().count()) === 0, patience)
  })

  it('merges what is written anew over UTF-16, in UTF-16', async () => {
    const { chat } = running
    await openFile('wide.txt')
    await typeAtTop('von mir')
    const input = { filePath: path.join(running.lab.project, 'wide.txt'), content: 'eins\nzwei äöü\nDREI' }
    await chat.send(`[[tool:write ${JSON.stringify(input)}]][[text:Wide is done.]]`)
    await chat.permission.getByText('wide.txt has unsaved changes').waitFor({ timeout: patience })
    await chat.permission.getByRole('button', { name: 'Merge' }).click()
    await chat.sees('Wide is done.')
    const bytes = await readFile(path.join(running.lab.project, 'wide.txt'))
    assert.deepEqual(bytes, wide('von mir\r\neins\r\nzwei äöü\r\nDREI'))
  })

  it('tells the problems that came up, in any language, and has just those fixed', async () => {
    const { chat, page, lab } = running
    // These two language services look at files in tabs only.
    await openFile('data.json')
    await openFile('theme.css')
    await page.locator('.squiggly-warning').first().waitFor({ timeout: patience })
    const edits = [edit('theme.css', 'margin: 0', 'margin: '), edit('data.json', '"b": 2', '"b":')]
    await chat.ask(`${edits.join('')}[[text:Broke both.]]`, 'Broke both.')
    const strip = chat.frame.getByRole('group', { name: 'New problems' })
    await strip.getByText('2 new problems in theme.css and 1 more file').waitFor({ timeout: patience })
    await screenshot(page, 'desk-problems')
    await strip.getByRole('button', { name: 'Fix' }).click()
    const told = [
      'Problems that the editor reports since your last changes:',
      '- theme.css:4:13-4:14 error (css css-propertyvalueexpected): property value expected',
      '- data.json:4:1-4:2 error (json 516): Value expected',
      '',
    ].join('\n')
    const heading = told.slice(0, told.indexOf('\n'))
    const asked = () =>
      lab.model.requests.map(({ body }) => JSON.stringify(body)).find((body) => body.includes(heading))
    await until('the model is asked', () => asked() !== undefined, patience)
    const words = asked() ?? ''
    assert.ok(words.includes(JSON.stringify(told).slice(1)), words.slice(words.indexOf(heading)))
    await strip.waitFor({ state: 'detached', timeout: patience })
    await chat.prompts.getByText('Fix the problems that came up').waitFor({ timeout: patience })
    // What the model does about it is to write a file of its own.
    await chat.permission.waitFor({ timeout: patience })
    await chat.stopButton.click()
    await chat.settles()
  })

  it('follows what is read and changed, while somebody types into the chat', async () => {
    const { chat, page, workbench } = running
    await chat.newSession()
    await runCommand(page, 'View: Close All Editors')
    await workbench.setSettings({ 'opencodeSessions.edits.follow': true })
    const read = { filePath: path.join(running.lab.project, 'many.txt'), offset: 5_000, limit: 20 }
    const change = edit('windows.txt', 'zwei', 'ZWEI')
    await chat.send(
      `[[tool:read ${JSON.stringify(read)}]][[wait:4000]]${change}[[wait:4000]][[text:Followed.]]`,
    )
    const tab = (name: string) => page.locator('.tab.active').filter({ hasText: name })
    await page.keyboard.type('Typed while', { delay: 30 })
    await tab('many.txt').waitFor({ timeout: patience })
    await page.locator('.view-line').getByText('line 4999', { exact: true }).waitFor({ timeout: patience })
    await page.keyboard.type(' it follows', { delay: 30 })
    await screenshot(page, 'desk-follow')
    await tab('windows.txt').waitFor({ timeout: patience })
    await page.keyboard.type(' me.', { delay: 30 })
    await chat.sees('Followed.')
    assert.equal(await chat.composer.inputValue(), 'Typed while it follows me.')
    assert.equal(await page.locator('.tabs-container .tab').count(), 1)
    await chat.composer.fill('')
    await workbench.setSettings({ 'opencodeSessions.edits.follow': false })
  })

  it('loses nothing when the server dies before it writes what was allowed', async () => {
    const { chat, page, lab, server } = running
    assert.ok(server)
    await chat.newSession()
    await openFile('plain.txt')
    await typeAtTop('precious')
    const before = await text('plain.txt')
    await chat.send(`${edit('plain.txt', 'three', 'THREE')}[[text:Never said.]]`)
    const allow = chat.permission.getByRole('button', { name: 'Allow anyway' })
    await allow.waitFor({ timeout: patience })
    process.kill(server.pid, 'SIGSTOP')
    await allow.click()
    await page.waitForTimeout(1_000)
    await server.kill('SIGKILL')
    await lab.startServer({ port: server.port, password: '' })
    await chat.permission.waitFor({ state: 'detached', timeout: patience })
    assert.equal(await text('plain.txt'), before)
    await page.locator('.view-line').getByText('precious').first().waitFor()
    assert.equal(await dirtyTabs().count(), 1)
    await runCommand(page, 'File: Save')
    await until('it is saved', async () => (await text('plain.txt')).startsWith('precious'), patience)
  })

  it('merges an edit that moves the file, at its new place', async () => {
    const { chat, page } = running
    await chat.newSession()
    await chat.button(/^Model:/).click()
    await pickRow(page, 'Patching')
    await chat.button('Model: Patching').waitFor({ timeout: patience })
    await openFile('name.txt')
    await typeAtTop('typed')
    const patchText =
      '*** Begin Patch\n*** Update File: old/name.txt\n*** Move to: new/name.txt\n@@\n three\n-four\n+FOUR\n*** End Patch'
    await chat.send(`[[tool:apply_patch ${JSON.stringify({ patchText })}]][[text:Moved and merged.]]`)
    await chat.permission.getByText('name.txt has unsaved changes').waitFor({ timeout: patience })
    await screenshot(page, 'desk-move')
    await chat.permission.getByRole('button', { name: 'Merge' }).click()
    await chat.sees('Moved and merged.')
    assert.equal(await text('new/name.txt'), 'typed\none\ntwo\nthree\nFOUR\nfive\n')
    assert.equal(await text('old/name.txt'), '')
    await until('nothing is unsaved', async () => (await dirtyTabs().count()) === 0, patience)
  })

  it('lets the agent ask VS Code, until the window is closed', async () => {
    const { chat, page, lab, workbench } = running
    await writeFile(path.join(lab.project, 'theme.css'), theme)
    await workbench.setSettings({ 'opencodeSessions.editorTools.enabled': true })
    await toolsBecome('connected')
    await openFile('theme.css')
    await page.locator('.squiggly-warning').first().waitFor({ timeout: patience })
    const at = { path: 'theme.css', line: 3, symbol: '--accent' }
    const tool = (name: string, input: object) => `[[tool:vscode_editor_${name} ${JSON.stringify(input)}]]`
    const script = [
      tool('definition', at),
      tool('rename_preview', { ...at, newName: '--brand' }),
      tool('diagnostics', { path: 'theme.css' }),
    ]
    await chat.ask(`${script.join('')}[[text:Asked the editor.]]`, 'Asked the editor.')
    const outputs = lab.model.requests
      .findLast(({ kind }) => kind === 'chat')
      ?.body.messages.filter(({ role }) => role === 'tool')
      .slice(-3)
      .map(({ content }) => content)
    assert.deepEqual(outputs, [
      'theme.css:1:9-1:17: :root { --accent: teal; }',
      'theme.css:1:9-1:17 → --brand\ntheme.css:3:16-3:24 → --brand',
      "- theme.css:2:5-2:9 warning (css unknownProperties): Unknown property: 'colr'",
    ])
    const shown = chat.tool('vscode_editor_definition')
    await shown.getByRole('button').first().click()
    await shown.getByText(':root { --accent: teal; }').waitFor({ timeout: patience })
    await screenshot(page, 'desk-tools')
    await page.close({ runBeforeUnload: true })
    await toolsBecome('disabled')
    // The server still knows the address, but nobody is there.
    await mcp('POST', '/vscode_editor/connect')
    await toolsBecome('failed')
  })

  async function toolsBecome(status: string): Promise<void> {
    let last: unknown
    const isSo = async (): Promise<boolean> => {
      const servers = (await (await mcp('GET', '')).json()) as Record<string, { status: string } | undefined>
      last = servers['vscode_editor']
      return servers['vscode_editor']?.status === status
    }
    await until(`the tools are ${status}`, isSo, patience).catch(() => assert.fail(JSON.stringify(last)))
  }

  function mcp(method: string, rest: string): Promise<Response> {
    const directory = encodeURIComponent(running.lab.project)
    return fetch(`${running.server?.url ?? ''}/mcp${rest}?directory=${directory}`, { method })
  }

  function edit(name: string, oldString: string, newString: string): string {
    const input = { filePath: path.join(running.lab.project, name), oldString, newString }
    return `[[tool:edit ${JSON.stringify(input)}]]`
  }

  function text(name: string): Promise<string> {
    return readFile(path.join(running.lab.project, name), 'utf8').catch(() => '')
  }

  async function openFile(name: string): Promise<void> {
    const { page } = running
    await runCommand(page, 'Go to File...')
    await (await quickInput(page)).fill(name)
    await pickRow(page, name)
    await page
      .getByRole('tab', { name: new RegExp(name) })
      .first()
      .waitFor({ timeout: patience })
  }

  async function typeAtTop(words: string): Promise<void> {
    const { page } = running
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+Home')
    // The line end first: after a word, Enter may take a suggestion instead.
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.type(words)
    await until('the file is unsaved', async () => (await dirtyTabs().count()) === 1, patience)
  }

  function dirtyTabs(): Locator {
    return running.page.locator('.tab.dirty')
  }
})

/** Bytes of a text in UTF-16, as VS Code writes it. */
function wide(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, 'utf16le')
}
