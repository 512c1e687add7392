import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { screenshot, until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { reloadByCommand } from './support/chatWorkbench.ts'

const files = {
  'src/greeting.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name\n}\n",
  'a.txt': 'one\ntwo\nthree\n',
  '.opencode/command/greet.md': '---\ndescription: Says hello\n---\nHello to $ARGUMENTS [[text:Greeted.]]\n',
}

describe('The composer', function () {
  this.timeout(240_000)
  let running: ChatLab
  const list = () => running.chat.frame.getByRole('listbox')
  const lastChat = () => running.lab.model.requests.findLast(({ kind }) => kind === 'chat')

  before(async function () {
    running = await startChatLab({ files })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(() => running.dispose())

  it('brings a file that is a moment old into the prompt, once', async () => {
    const { chat, lab, page } = running
    await writeFile(path.join(lab.project, 'fresh-note.md'), 'remember the milk\n')
    await chat.composer.click()
    await page.keyboard.type('What is in @fresh')
    await list()
      .getByRole('option', { name: /fresh-note\.md/ })
      .waitFor({ timeout: patience })
    await screenshot(page, 'composer-mention')
    await page.keyboard.press('Enter')
    await chat.chips
      .filter({ hasText: /fresh-note\.md/ })
      .getByText('18 B')
      .waitFor({ timeout: patience })
    assert.equal(await chat.composer.inputValue(), 'What is in @fresh-note.md ')
    await page.keyboard.type('[[text:Milk.]]')
    await page.keyboard.press('Enter')
    await chat.sees('Milk.')
    await chat.settles()
    assert.match(lastChat()?.prompt ?? '', /remember the milk/)

    await chat.composer.click()
    await page.keyboard.type('@fresh')
    await list()
      .getByRole('option', { name: /fresh-note\.md/ })
      .waitFor({ timeout: patience })
    await page.keyboard.press('Tab')
    await chat.button('Send fresh-note.md again').waitFor({ timeout: patience })
    await page.keyboard.type('again [[text:The same.]]')
    await page.keyboard.press('Enter')
    await chat.sees('The same.')
    await chat.settles()
    const said = JSON.stringify(lastChat()?.body.messages)
    assert.equal(said.split('remember the milk').length, 2)
    assert.match(said, /is unchanged since it was attached/)
  })

  it('runs a command of the server with arguments, and a line of the shell', async () => {
    const { chat, page } = running
    await chat.newSession()
    await chat.composer.click()
    await page.keyboard.type('/gre')
    await list()
      .getByRole('option', { name: /\/greet/ })
      .waitFor({ timeout: patience })
    await page.keyboard.press('Enter')
    await until('the command stands there', async () => (await chat.composer.inputValue()) === '/greet ')
    await page.keyboard.type('Ann')
    await page.keyboard.press('Enter')
    await chat.sees('Greeted.')
    await chat.settles()
    assert.match(lastChat()?.prompt ?? '', /Hello to Ann/)
    await chat.composer.click()
    await page.keyboard.type('!echo out$((40+2))')
    await screenshot(page, 'composer-shell')
    await page.keyboard.press('Enter')
    const bash = chat.tool('bash')
    await bash.getByText('Done', { exact: true }).waitFor({ state: 'attached', timeout: patience })
    await chat.settles()
    if (!(await bash.getByText('out42').isVisible())) await bash.getByRole('button').first().click()
    await bash.getByText('out42').waitFor({ timeout: patience })
    await screenshot(page, 'composer-shell-done')
  })

  it('keeps queued prompts over a reload, in their new order, and sends each once', async () => {
    const { chat, page, lab } = running
    await chat.newSession()
    await chat.send(
      '[[tool:bash {"command":"sleep 1; echo slept","description":"Wait"}]][[text:The first is done.]]',
    )
    await chat.permission.waitFor({ timeout: patience })
    await chat.send('Second [[text:The second is done.]]')
    await chat.send('Third [[text:The third is done.]]')
    const queue = () => chat.frame.getByRole('group', { name: 'Queued prompts' })
    const rows = () => queue().getByRole('listitem')
    // OpenCode 2 keeps them itself, in the order in which they came.
    if (lab.wire === 2)
      await queue().getByText('2 prompts queued on the server').waitFor({ timeout: patience })
    else {
      await rows().filter({ hasText: 'Third' }).press('Alt+ArrowUp')
      await until(
        'the order is changed',
        async () => /Third/.test(await rows().first().innerText()),
        patience,
      )
    }
    await chat.composer.fill('half a thought')
    await screenshot(page, 'composer-queue')
    await reloadByCommand(page)
    await chat.ready()
    await rows().filter({ hasText: 'Second' }).waitFor({ timeout: patience })
    assert.equal(await rows().count(), 2)
    assert.equal(await chat.composer.inputValue(), 'half a thought')
    // The server outlived the reload, and its run still waits for the user.
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.sees('The first is done.')
    await chat.sees('The third is done.')
    await chat.sees('The second is done.')
    await chat.settles()
    await queue().waitFor({ state: 'detached', timeout: patience })
    const said = JSON.stringify(lastChat()?.body.messages)
    assert.deepEqual([said.split('Second [[').length, said.split('Third [[').length], [2, 2])
    const isThirdFirst = said.indexOf('Third [[') < said.indexOf('Second [[')
    assert.equal(isThirdFirst, lab.wire === 1)
  })

  it('sends a pasted picture, and keeps a large one over a reload', async () => {
    const { chat, page } = running
    await chat.newSession()
    await pastePicture(chat)
    await chat.chips
      .filter({ hasText: 'shot.png' })
      .getByText(/[KM]B$/)
      .waitFor({ timeout: patience })
    await screenshot(page, 'composer-image')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await reloadByCommand(page)
    await chat.ready()
    await chat.chips.filter({ hasText: 'shot.png' }).waitFor({ timeout: patience })
    await chat.button('Model: Scripted').waitFor({ timeout: patience })
    await chat.ask('What is on it? [[text:A pixel.]]', 'A pixel.')
    assert.match(JSON.stringify(lastChat()?.body.messages), /image_url|shot\.png/)
  })
})

/** Pastes a real picture of noise, which no compression makes small. */
async function pastePicture(chat: ChatLab['chat']): Promise<void> {
  await chat.composer.evaluate(async (element) => {
    const canvas = new OffscreenCanvas(500, 500)
    const context = canvas.getContext('2d')
    if (!context) return
    const pixels = context.createImageData(500, 500)
    for (let index = 0; index < pixels.data.length; index++) pixels.data[index] = Math.random() * 256
    context.putImageData(pixels, 0, 0)
    const data = new DataTransfer()
    data.items.add(new File([await canvas.convertToBlob()], 'shot.png', { type: 'image/png' }))
    element.dispatchEvent(
      new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }),
    )
  })
}
