import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { openFile, reloadWindow, runCommand, screenshot, until } from '../support/workbench.ts'
import { keepFailure, openChat, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { clickDialogButton, clickInSubmenu, giveChangesRoom } from './support/chatWorkbench.ts'

const utf16 = Buffer.from('\ufeffgröße\r\nzwei\r\ndrei\r\n', 'utf16le')
const latin1 = Buffer.from('straße\nzwei\n', 'latin1')
const big = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join('')
/** As they are before the agent comes. Some are committed, some are not. */
const originals: Readonly<Record<string, Buffer>> = {
  'crlf.txt': Buffer.from('one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight'),
  'big.txt': Buffer.from(big),
  'noend.txt': Buffer.from('first\nlast'),
  'both.txt': Buffer.from('a\nb\nc\n'),
  'wide.txt': utf16,
  'latin.txt': latin1,
  'before/old.txt': Buffer.from('alpha\nbeta\ngamma\ndelta\n'),
  '.gitignore': Buffer.from('secret.txt\n'),
  'secret.txt': Buffer.from('old\n'),
  'gone.txt': Buffer.from('gone\n'),
  'image.bin': Buffer.from([0x89, 0x50, 0, 1, 2, 255, 0]),
}

describe('Reviewing what OpenCode changed', function () {
  this.timeout(300_000)
  let running: ChatLab
  /** The window that a test looks at. */
  let shown: Page

  before(async () => {
    running = await startChatLab({
      config: { permission: { bash: 'allow', edit: 'allow' } },
      settings: { 'files.autoSave': 'off', 'editor.minimap.enabled': false },
      width: 1500,
      height: 950,
    })
  })
  beforeEach(() => {
    shown = running.page
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, { page: shown, workbench: running.workbench })
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  const fileAt = (name: string): string => path.join(running.lab.project, name)
  const read = (name: string): Promise<Buffer | undefined> => readFile(fileAt(name)).catch(() => undefined)
  const tool = (name: string, input: unknown): string => `[[tool:${name} ${JSON.stringify(input)}]]`
  const edit = (name: string, oldString: string, newString: string): string =>
    tool('read', { filePath: fileAt(name) }) + tool('edit', { filePath: fileAt(name), oldString, newString })
  const shell = (command: string): string => tool('bash', { command, description: 'Changes files' })
  const row = (name: string | RegExp): Locator =>
    running.page.locator('.pane-body .monaco-list-row').filter({ hasText: name })
  const lens = (words: string): Locator =>
    running.page.locator('.codelens-decoration a').filter({ hasText: words, visible: true })
  const becomes = (name: string, content: Buffer | undefined): Promise<void> =>
    until(
      `${name} has its bytes`,
      async () => {
        const found = await read(name)
        return content === undefined ? found === undefined : found?.equals(content) === true
      },
      patience,
    )

  it('shows edits, shell-made changes, new, deleted, moved and binary files with their counts', async () => {
    const { chat, page } = running
    await mkdir(fileAt('before'))
    for (const [name, bytes] of Object.entries(originals)) await writeFile(fileAt(name), bytes)
    await chat.ask(everything(), 'All changed.')
    await runCommand(page, 'OpenCode: Show Changes')
    await giveChangesRoom(page)
    await row(/crlf\.txt.*\+2 −2/).waitFor({ timeout: patience })
    await row(/big\.txt.*\+2 −2/).waitFor()
    await row(/new\.txt.*was before\/old\.txt/).waitFor()
    await row(/gone\.txt.*deleted/).waitFor()
    await row(/fresh\.txt.*\+1.*new/).waitFor()
    await row(/image\.bin.*binary/).waitFor()
    await row(/wide\.txt.*\+1 −1/).waitFor()
    await screenshot(page, 'review-tree')
  })

  it('keeps and undoes single places in the editor, byte for byte', async () => {
    const { page } = running
    await openFile(page, 'crlf.txt')
    await lens('Keep').nth(1).waitFor({ timeout: patience })
    await screenshot(page, 'review-editor')
    await lens('Undo').first().click()
    await becomes('crlf.txt', Buffer.from(originals['crlf.txt']?.toString().replace('seven', 'SEVEN') ?? ''))
    await page.locator('.tab:not(.dirty)', { hasText: 'crlf.txt' }).waitFor()
    await until('one place is left', async () => (await lens('Keep').count()) === 1, patience)
    await lens('Keep').first().click()
    await row('crlf.txt').waitFor({ state: 'detached', timeout: patience })
    await openFile(page, 'big.txt')
    await lens('1 of 2').waitFor({ timeout: patience })
    await page.keyboard.press('Alt+F5')
    await page.keyboard.press('Alt+F5')
    await lens('2 of 2').waitFor({ timeout: patience })
    await page.keyboard.press('Control+Alt+Backspace')
    await becomes('big.txt', Buffer.from(big.replace('line 17\n', 'LINE 17\n')))
    // Behind the last place of a file comes the next file, and before its first one the file before.
    await page.keyboard.press('Alt+F5')
    await page.locator('.tab.active', { hasText: 'both.txt' }).waitFor({ timeout: patience })
    await page.keyboard.press('Shift+Alt+F5')
    await page.locator('.tab.active', { hasText: 'big.txt' }).waitFor({ timeout: patience })
  })

  it('comes back with the editor’s own undo', async () => {
    const { page } = running
    await row(/big\.txt.*\+1 −1/).waitFor({ timeout: patience })
    await page.keyboard.press('Control+z')
    await row(/big\.txt.*\+2 −2/).waitFor({ timeout: patience })
    await runCommand(page, 'File: Save')
    await becomes(
      'big.txt',
      Buffer.from(big.replace('line 17\n', 'LINE 17\n').replace('line 9000\n', 'LINE 9000\n')),
    )
  })

  it('asks about a place, and makes a prompt of comments at lines', async () => {
    const { chat, page } = running
    await lens('Ask').first().click()
    await chat.ready()
    await chat.chips.filter({ hasText: /big\.txt:/ }).waitFor({ timeout: patience })
    const widget = page.locator('.review-widget')
    const comment = async (text: string): Promise<void> => {
      await runCommand(page, 'View: Focus Active Editor Group')
      await runCommand(page, 'Comments: Add Comment on Current Selection')
      await widget.locator('.monaco-editor').waitFor({ timeout: patience })
      await page.keyboard.type(text)
      await screenshot(page, 'review-comment')
      await widget.getByRole('button', { name: 'Add Comment' }).click()
      await widget.getByText(text).waitFor({ timeout: patience })
    }
    await comment('Never mind.')
    await widget.getByText('Never mind.').hover()
    await widget.locator('.action-label[aria-label*="Remove Comment"]').click({ timeout: patience })
    await widget.waitFor({ state: 'detached', timeout: patience })
    await comment('Say why.')
    await runCommand(page, 'OpenCode: Put Comments into the Prompt')
    await until(
      'the prompt has the comment',
      async () => /^big\.txt:\d+\n> .+\nSay why\.$/.test(await chat.composer.inputValue()),
      patience,
    )
    await page.locator('.review-widget').waitFor({ state: 'detached', timeout: patience })
  })

  it('leaves lines that the user wrote later, and opens a merge where both changed one place', async () => {
    const { page } = running
    await writeFile(fileAt('noend.txt'), 'mine\nFIRST\nlast')
    await openFile(page, 'noend.txt')
    await lens('Undo').first().waitFor({ timeout: patience })
    await runCommand(page, 'OpenCode: Undo File')
    await becomes('noend.txt', Buffer.from('mine\nfirst\nlast'))
    await writeFile(fileAt('both.txt'), 'a\nB and mine\nc\n')
    await openFile(page, 'both.txt')
    await lens('Merge…').click({ timeout: patience })
    await page.locator('.merge-editor').first().waitFor({ timeout: patience })
    await page.getByText('Before OpenCode').first().waitFor({ timeout: patience })
    await screenshot(page, 'review-merge')
    await runCommand(page, 'View: Close Editor')
    await becomes('both.txt', Buffer.from('a\nB and mine\nc\n'))
    await openFile(page, 'both.txt')
    await runCommand(page, 'OpenCode: Keep File')
    await row('both.txt').waitFor({ state: 'detached', timeout: patience })
  })

  it('asks before it replaces what cannot be merged, and dismisses what nobody knows', async () => {
    const { page } = running
    const press = async (name: RegExp, action: string): Promise<void> => {
      await row(name).hover({ timeout: patience })
      await row(name).locator(`.action-label[aria-label*="${action}"]`).click({ timeout: patience })
    }
    await press(/secret\.txt.*what changed is not known/, 'Dismiss')
    await row('secret.txt').waitFor({ state: 'detached', timeout: patience })
    await writeFile(fileAt('image.bin'), Buffer.from([1, 0, 2]))
    await press(/image\.bin.*changed by you/, 'Undo File')
    await screenshot(page, 'review-binary')
    await clickDialogButton(page, 'Replace File')
    await becomes('image.bin', originals['image.bin'])
    await row('image.bin').waitFor({ state: 'detached', timeout: patience })
  })

  it('remembers over a reload what waits', async () => {
    const { page } = running
    await reloadWindow(page)
    await running.chat.ready()
    await runCommand(page, 'OpenCode: Show Changes')
    await giveChangesRoom(page)
    await row(/big\.txt.*\+2 −2/).waitFor({ timeout: patience })
    await row(/gone\.txt.*deleted/).waitFor()
    const strip = running.chat.frame.getByRole('group', { name: 'Changes to review' })
    await strip.getByRole('button', { name: 'Review' }).click({ timeout: patience })
    await page.locator('.multiDiffEntry').first().waitFor({ timeout: patience })
    await screenshot(page, 'review-all')
    assert.equal(await row('noend.txt').count(), 0, 'what was undone stays decided')
  })

  it('undoes a folder from the menu of the explorer, with the folders that came and went', async () => {
    const { page } = running
    await runCommand(page, 'View: Show Explorer')
    const folder = page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'deep' })
    await folder.click({ button: 'right', timeout: patience })
    const menu = page.getByRole('menuitem', { name: 'OpenCode' })
    await clickInSubmenu(page, menu, 'Undo File')
    await becomes('before/old.txt', originals['before/old.txt'])
    const names = async () => readdir(running.lab.project)
    await until('the new folders are gone', async () => !(await names()).includes('deep'), patience)
    await runCommand(page, 'OpenCode: Open Chat')
    await running.chat.ready()
  })

  it('undoes all the rest and has every byte back', async () => {
    const { page } = running
    await runCommand(page, 'OpenCode: Undo All Changes…')
    await clickDialogButton(page, 'Undo All')
    for (const name of ['big.txt', 'wide.txt', 'latin.txt', 'gone.txt']) await becomes(name, originals[name])
    await becomes('fresh.txt', undefined)
    await becomes('new.txt', undefined)
    await until(
      'the new folders are gone',
      async () => !(await readdir(running.lab.project)).includes('deep'),
    )
    await page.getByText('What OpenCode changes in your files shows up here').waitFor({ timeout: patience })
  })

  it('undoes a place while the agent goes on in the same file', async () => {
    const { chat, lab, page } = running
    const [go, text] = [path.join(lab.root, 'go'), (await read('crlf.txt'))?.toString() ?? '']
    const wait = shell(`until test -e ${go}; do sleep 0.2; done`)
    const edits = [edit('crlf.txt', 'one', 'ONE'), wait, edit('crlf.txt', 'three', 'THREE')]
    await chat.send(`${edits.join('')}[[text:Went on.]]`)
    await openFile(page, 'crlf.txt')
    await lens('Undo').click({ timeout: patience })
    await becomes('crlf.txt', Buffer.from(text))
    await writeFile(go, '')
    await chat.sees('Went on.')
    await chat.settles()
    await becomes('crlf.txt', Buffer.from(text.replace('three', 'THREE')))
    await row(/crlf\.txt.*\+1 −1/).waitFor({ timeout: patience })
    await until('only the new place is open', async () => (await lens('Undo').count()) === 1, patience)
  })

  it('tells apart what two sessions did in one file', async () => {
    const { chat, page } = running
    const text = (await read('crlf.txt'))?.toString() ?? ''
    await chat.newSession()
    await chat.ask(`Second ${edit('crlf.txt', 'five', 'FIVE')}[[text:Both.]]`, 'Both.')
    await row(/Second.*1 file/).waitFor({ timeout: patience })
    // That of the chat is open, the others are closed.
    await row(/Change everything.*1 file/).click()
    await row(/crlf\.txt.*\+1 −1/)
      .nth(1)
      .waitFor({ timeout: patience })
    await until('both places are there', async () => (await lens('Undo').count()) === 2, patience)
    assert.equal(await lens('Second').count(), 1, 'the place of the second session names it')
    await screenshot(page, 'review-two-sessions')
    await lens('Undo').nth(1).click()
    await becomes('crlf.txt', Buffer.from(text))
    await until('one place is left', async () => (await lens('Undo').count()) === 1, patience)
    await runCommand(page, 'OpenCode: Undo File')
    await becomes('crlf.txt', Buffer.from(text.replace('THREE', 'three')))
  })

  it('knows in a folder without git what command lines did, in the last turn and in the session', async () => {
    const { lab, workbench } = running
    const plain = path.join(lab.root, 'plain')
    await mkdir(plain)
    await writeFile(path.join(plain, 'opencode.json'), await readFile(fileAt('opencode.json')))
    await writeFile(path.join(plain, 'notes.txt'), 'a\r\nb')
    // Opened by a link, while the server names files by their real paths.
    const link = path.join(lab.root, 'link')
    await symlink(plain, link)
    const page = (shown = await workbench.openPage({ folder: link }))
    const chat = await openChat(page)
    await chat.button('Model: Scripted').waitFor({ timeout: patience })
    const notes = path.join(plain, 'notes.txt')
    const inTree = (counts: RegExp) => page.locator('.pane-body .monaco-list-row').filter({ hasText: counts })
    const undoAll = async (expected: string): Promise<void> => {
      await runCommand(page, 'OpenCode: Undo All Changes…')
      await clickDialogButton(page, 'Undo All')
      const isBack = async () => (await readFile(notes, 'utf8')) === expected
      await until(`the file is ${JSON.stringify(expected)}`, isBack, patience)
    }
    await chat.ask(`${shell(`printf 'x' > ${notes}`)}[[text:Done it.]]`, 'Done it.')
    await runCommand(page, 'OpenCode: Show Changes')
    await inTree(/notes\.txt.*\+1 −2/).waitFor({ timeout: patience })
    await openFile(page, 'notes.txt')
    const keep = page.locator('.codelens-decoration a').filter({ hasText: 'Keep', visible: true })
    await keep.waitFor({ timeout: patience })
    await chat.ready()
    await chat.ask(`${shell(`printf 'xz' > ${notes}`)}[[text:Once more.]]`, 'Once more.')
    await runCommand(page, 'OpenCode: Show Changes of the Last Turn')
    await inTree(/notes\.txt.*\+1 −1/).waitFor({ timeout: patience })
    await undoAll('x')
    await runCommand(page, 'OpenCode: Show Changes of the Session')
    await inTree(/notes\.txt.*\+1 −2/).waitFor({ timeout: patience })
    await undoAll('a\r\nb')
    await page.close()
  })

  it('shows to read what a session changes on another machine, and undoes it there by whole prompts', async () => {
    const { lab, workbench } = running
    const near = path.join(lab.root, 'near')
    await mkdir(near)
    const { port } = await lab.startServer({ password: '' })
    // An address that does not say that it is this machine, for files that are not where the window has them.
    const far = { name: 'Far', kind: 'url', url: `http://0.0.0.0:${String(port)}`, allowsPlain: true }
    await workbench.setSettings({
      'opencodeSessions.server.profiles': [{ ...far, paths: [{ local: near, remote: lab.project }] }],
      'opencodeSessions.server.profile': 'Far',
    })
    const page = (shown = await workbench.openPage({ folder: near, width: 1500, height: 950 }))
    const chat = await openChat(page)
    await chat.button('Model: Scripted').waitFor({ timeout: patience })
    const inTree = (words: RegExp) => page.locator('.pane-body .monaco-list-row').filter({ hasText: words })
    const changes = [edit('a.txt', 'two', 'TWO'), shell(`mkdir far; printf 'x' > far/new.txt`)]
    await chat.ask(`Far away ${changes.join('')}[[text:All there.]]`, 'All there.')
    await runCommand(page, 'OpenCode: Show Changes')
    await inTree(/a\.txt.*\+1 −1/).waitFor({ timeout: patience })
    await inTree(/new\.txt.*far.*\+1.*new/).waitFor()
    assert.deepEqual(await readdir(near), [], 'nothing of it is here')
    await inTree(/a\.txt/).click()
    await page
      .locator('.tab.active', { hasText: 'a.txt (changed on the server)' })
      .waitFor({ timeout: patience })
    const side = page.locator('.modified-in-monaco-diff-editor .view-lines')
    await side.getByText('TWO').waitFor({ timeout: patience })
    await screenshot(page, 'review-server')
    const strip = chat.frame.getByRole('group', { name: 'Changes to review' })
    assert.equal(await strip.getByRole('button', { name: 'Keep all changes' }).count(), 0)
    await strip.getByRole('button', { name: 'Review' }).click()
    await page.locator('.multiDiffEntry').nth(1).waitFor({ timeout: patience })
    await strip.getByRole('button', { name: 'Undo last prompt…' }).click()
    await clickDialogButton(page, 'Undo')
    await becomes('a.txt', Buffer.from('one\ntwo\nthree\n'))
    await inTree(/a\.txt/).waitFor({ state: 'detached', timeout: patience })
    await strip.waitFor({ state: 'detached', timeout: patience })
    await page.close()
  })

  function everything(): string {
    const wide = Buffer.from('\ufeffgröße\r\nZWEI\r\ndrei\r\n', 'utf16le').toString('base64')
    const at = (name: string): string => JSON.stringify(fileAt(name))
    return [
      'Change everything ',
      edit('crlf.txt', 'two', 'TWO'),
      edit('crlf.txt', 'seven', 'SEVEN'),
      edit('big.txt', 'line 17\n', 'LINE 17\n'),
      edit('big.txt', 'line 9000\n', 'LINE 9000\n'),
      edit('noend.txt', 'first', 'FIRST'),
      edit('both.txt', 'b', 'B'),
      tool('write', { filePath: fileAt('fresh.txt'), content: 'fresh\n' }),
      tool('read', { filePath: fileAt('secret.txt') }),
      tool('write', { filePath: fileAt('secret.txt'), content: 'new\n' }),
      shell(
        [
          `echo ${wide} | base64 -d > ${at('wide.txt')}`,
          `printf 'more\\n' >> ${at('latin.txt')}`,
          `rm ${at('gone.txt')}`,
          `printf '\\000\\001' >> ${at('image.bin')}`,
          `mkdir -p ${at('deep/down')}`,
          `printf 'low\\n' > ${at('deep/down/low.txt')}`,
          `mv ${at('before/old.txt')} ${at('deep/down/new.txt')}`,
          `rmdir ${at('before')}`,
        ].join(' && '),
      ),
      '[[text:All changed.]]',
    ].join('')
  }
})
