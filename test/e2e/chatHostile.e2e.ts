import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'
import { clickDialogButton, dialog } from './support/chatWorkbench.ts'

const hostileName = '<img src=x onerror=window.pwned=1> & [x](command:quit).txt'

describe('Content that means harm', function () {
  this.timeout(240_000)
  let running: ChatLab
  let trap: Trap
  const asked: string[] = []
  let dialogs = 0

  before(async function () {
    trap = await startTrap()
    running = await startChatLab({ files: { 'a.txt': 'one\n', [hostileName]: 'plain words\n' } })
    running.page.on('request', (request) => asked.push(request.url()))
    running.page.on('dialog', (shown) => {
      dialogs += 1
      void shown.dismiss()
    })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
    await trap.close()
  })
  beforeEach(async () => {
    if ((await running.chat.log.count()) > 0) await running.chat.newSession()
  })

  it('of a model neither runs nor fetches anything', async () => {
    const { chat } = running
    const text = [
      `<script src="${trap.url}/script.js"></script><script>window.pwned=1</script>`,
      '',
      `<img src="${trap.url}/image.png" onerror="window.pwned=1"> <svg onload="window.pwned=1"></svg>`,
      '',
      `<iframe src="${trap.url}/frame"></iframe> <style>@import "${trap.url}/style.css";</style>`,
      '',
      `![pixel](${trap.url}/pixel.png) ![data](data:image/svg+xml,<svg onload=alert(1)>)`,
      '',
      `<a href="javascript:window.pwned=1">run me</a> <form action="${trap.url}/form"><button>send me</button></form>`,
      '',
      '[first](javascript:window.pwned=1) [second](command:workbench.action.closeWindow) [third](vscode://x/y)',
      '',
      'Harmless end.',
    ].join('\\n')
    await chat.ask(`[[text:${text}]]`, 'Harmless end.')
    for (const name of ['first', 'second', 'third', 'run me']) {
      const words = chat.answers.getByText(name).first()
      if ((await words.count()) > 0) await words.click()
    }
    await untouched(running, trap)
    const active = chat.log.locator(
      'script, iframe, form, style, object, embed, svg[onload], img[src^="http"], base',
    )
    assert.equal(await active.count(), 0)
    assert.equal(
      await chat.log.locator('[href^="javascript"], [href^="command"], [data-href^="command"]').count(),
      0,
    )
    assert.equal(await dialog(running.page).count(), 0)
  })

  it('in file names, tool inputs and outputs stays text', async () => {
    const { chat, lab } = running
    const read = JSON.stringify({ filePath: `${lab.project}/${hostileName}` })
    const command = `printf '%s' '<img src=x onerror=window.pwned=1><b>bold</b>'; printf '\\033]8;;${trap.url}/osc\\007link\\033]8;;\\007'`
    const shell = JSON.stringify({ command, description: '<img src=x onerror=window.pwned=1>' })
    await chat.send(`[[tool:read ${read}]][[tool:bash ${shell}]][[text:Both were odd.]]`)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.sees('Both were odd.')
    assert.match(await chat.tool('read').innerText(), /onerror=window\.pwned/)
    await chat.tool('bash').getByRole('button', { name: /^Ran/ }).click()
    await chat.tool('bash').getByText('<b>bold</b>').first().waitFor({ timeout: patience })
    assert.equal(await chat.log.locator('img').count(), 0)
    await untouched(running, trap)
  })

  it('cannot lead out of the editor: an outside link is asked about first, in full', async () => {
    const { chat, page } = running
    const pages = page.context().pages().length
    await chat.ask(`[[text:See [the manual](${trap.url}/manual?x=1) now.]]`, 'now.')
    await chat.answers.getByText('the manual').click()
    await dialog(page).getByText(`${trap.url}/manual?x=1`).waitFor({ timeout: patience })
    await clickDialogButton(page, 'Cancel')
    await untouched(running, trap)
    assert.equal(page.context().pages().length, pages)
  })

  async function untouched({ chat }: ChatLab, { seen, url }: Trap): Promise<void> {
    assert.equal(await chat.frame.evaluate(() => 'pwned' in window), false)
    assert.deepEqual(seen, [])
    assert.deepEqual(
      asked.filter((address) => address.startsWith(url)),
      [],
    )
    assert.equal(dialogs, 0)
  }
})

describe('A provider that fails', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab()
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })
  beforeEach(async () => {
    if ((await running.chat.log.count()) > 0) await running.chat.newSession()
  })

  it('with 401 is named as refused credentials, with the next step at hand', async () => {
    const { chat } = running
    await chat.send('[[error:401]]')
    await chat.sees('The provider refused the credentials')
    await chat.answers.getByRole('button', { name: 'Set provider API key' }).waitFor()
    await chat.settles()
    await chat.ask('[[text:Now it works.]]', 'Now it works.')
  })

  it('with 429 is tried again after a countdown', async () => {
    const { chat } = running
    await chat.send('[[error:429 retry-after=6 times=1]][[text:After the pause.]]')
    const retry = chat.frame.getByRole('group', { name: 'Retry' })
    await retry.waitFor({ timeout: patience })
    const first = secondsOf(await retry.innerText())
    assert.ok(first >= 1 && first <= 7, `${String(first)} s`)
    await until(
      'the seconds go down',
      async () => {
        const text = await retry.innerText({ timeout: 1_000 }).catch(() => '')
        return text === '' || secondsOf(text) < first
      },
      patience,
    )
    await chat.sees('After the pause.')
    assert.equal(await retry.count(), 0)
    await chat.settles()
  })

  it('in the middle of an answer leaves no run behind, and the next prompt is answered', async () => {
    const { chat } = running
    await chat.send('[[text:The beginning stands here.]][[wait:500]][[drop]][[text: And the end.]]')
    await chat.sees(/The beginning stands here\./)
    await chat.settles()
    assert.equal(await chat.prompts.count(), 1)
    await chat.ask('[[text:On we go.]]', 'On we go.')
  })
})

function secondsOf(text: string): number {
  return Number(/in (\d+) s/.exec(text)?.[1] ?? 0)
}

interface Trap {
  readonly url: string
  readonly seen: readonly string[]
  close(): Promise<void>
}

/** A web server that nothing must ever ask. */
async function startTrap(): Promise<Trap> {
  const seen: string[] = []
  const server: Server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    seen,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
