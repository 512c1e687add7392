import assert from 'node:assert/strict'
import { before, describe, it } from 'mocha'
import type { ChatPage, Harness } from './support/harness.ts'
import { sharedHarness } from './support/pages.ts'
import { answer, chatWith, sessionID, textBlock, user } from './support/states.ts'
import { richMarkdown } from './support/conversations.ts'
import { toBlockID, toMessageID } from '../../src/opencode/ids.ts'

const documents: Readonly<Record<string, string>> = {
  rich: richMarkdown,
  'setext heading and lazy quote': 'Title\n=====\n\n> quote\nlazy line\n\nafter\n\n---\n\nend',
  'nested list':
    '- a\n  - b\n\n    text in b\n  - c\n\n    ```js\n    let x = 1\n    ```\n- d\n\n1. one\n2. two\n\ntail',
  'unclosed fence': 'before\n\n```python\ndef f():\n    return 1\n\n\nmore = 2',
  'reference links':
    'See [the guide][g] and [other].\n\nMore text.\n\nEven more.\n\nLast.\n\n[g]: https://example.com/g\n[other]: https://example.com/o\n',
  'html block':
    'a <b>bold</b> and <kbd>Ctrl</kbd>\n\n<details><summary>More</summary>\n\ninner *text*\n\n</details>\n\nend',
  'two fences': '```ts\nconst a = 1\n```\n\ntext\n\n~~~\nplain\n~~~\n\n    indented code\n\ndone',
  'math among prices': 'It costs $5 and $6, $x_1^2$ is math.\n\n$$\n\\frac{a}{b}\n$$\n\nend \\(y\\)',
  'table cut in the middle': '| a | b |\n| - | - |\n| 1 | `x|y` |\n| 2 |',
}

const hostile = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 1">',
  '<svg><script>window.hacked = 1</script></svg>',
  '<a href="javascript:window.hacked=1">x</a>',
  '[x](javascript:window.hacked=1)',
  '[x](JaVaScRiPt&colon;window.hacked=1)',
  '[x](command:workbench.action.terminal.new)',
  '[x](vscode://file/etc/passwd)',
  '[x](data:text/html,<script>window.hacked=1</script>)',
  '![x](https://tracker.example/pixel.png)',
  '<iframe src="https://evil.example"></iframe>',
  '<form action="https://evil.example"><input name=a></form>',
  '<style>* { display: none }</style>',
  '<div style="position:fixed;inset:0">cover</div>',
  '<div class="dock permission" role="group" aria-label="Permission required">fake</div>',
  '<button onclick="window.hacked=1">Allow once</button>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hacked=1&gt;">',
  '<noscript><p title="</noscript><img src=x onerror=window.hacked=1>">',
  '```"><img src=x onerror=window.hacked=1>\ncode\n```',
  '`<img src=x onerror=window.hacked=1>`',
  '<base href="https://evil.example"><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<a data-path="/etc/passwd" data-href="https://evil.example" role="link">x</a>',
  '<a id="root" name="body">clobber</a>',
  '<<script>script>window.hacked = 1<</script>/script>',
  '$\\href{javascript:window.hacked=1}{x}$ and $\\includegraphics{https://tracker.example/m.png}$',
  '$$\\htmlStyle{position:fixed}{x} \\htmlClass{dock}{y}$$',
]

describe('markdown in the page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let harness: Harness
  let chat: ChatPage
  before(async () => (harness = await sharedHarness()))

  /** Streams a text in pieces of this size and gives the HTML before and after it closes. */
  async function stream(text: string, size: number): Promise<string> {
    const own = await harness.open(
      chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', '', { open: true })])]),
    )
    for (let at = 0; at < text.length; at += size) {
      await own.session({
        type: 'block/append',
        messageID: toMessageID('msg_2'),
        blockID: toBlockID('b1'),
        text: text.slice(at, at + size),
      })
    }
    await own.session({ type: 'block/put', messageID: toMessageID('msg_2'), block: textBlock('b1', text) })
    const html = await readMarkdown(own)
    assert.deepEqual(own.errors, [])
    await own.dispose()
    return html
  }

  async function readMarkdown(own: ChatPage): Promise<string> {
    await own.page.waitForTimeout(150)
    return own.page.locator('.markdown').evaluate((root) =>
      [...root.querySelectorAll('.md-block')]
        .map((block) => {
          const copy = block.cloneNode(true) as HTMLElement
          for (const code of copy.querySelectorAll<HTMLElement>('code')) {
            code.textContent = code.textContent
            delete code.dataset['coloured']
          }
          return copy.innerHTML
        })
        .join('\n'),
    )
  }

  async function renderWhole(text: string): Promise<string> {
    const own = await harness.open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', text)])]))
    const html = await readMarkdown(own)
    await own.dispose()
    return html
  }

  for (const [name, text] of Object.entries(documents)) {
    it(`draws the same from a stream as from the whole text: ${name}`, async () => {
      const whole = await renderWhole(text)
      for (const size of [3, 17, 64]) assert.equal(await stream(text, size), whole, `pieces of ${size}`)
    })
  }

  it('lets nothing in a message run, load, cover the page or look like our own controls', async () => {
    const text = hostile.join('\n\n')
    chat = await harness.open(
      chatWith([user('msg_1', hostile.join('\n')), answer('msg_2', [textBlock('b1', text)])]),
    )
    const requests: string[] = []
    chat.page.on('request', (request) => requests.push(request.url()))
    await chat.page.waitForTimeout(300)
    const found = await chat.page.locator('.markdown').evaluate((root) => ({
      hacked: Reflect.get(globalThis, 'hacked') as unknown,
      bad: [
        ...root.querySelectorAll(
          'script,img,iframe,form,input,style,svg,object,embed,base,meta,[style],[onerror],[onclick],[href],[src],[id],[name]',
        ),
      ].map((element) => element.outerHTML),
      classes: [...root.querySelectorAll('.dock, .permission, [aria-label="Permission required"]')].length,
      targets: [...root.querySelectorAll<HTMLElement>('[data-href],[data-path]')].map(
        (element) => element.dataset['href'] ?? element.dataset['path'],
      ),
    }))
    assert.deepEqual(found.bad, [])
    assert.equal(found.hacked, undefined)
    assert.equal(found.classes, 0)
    assert.deepEqual(found.targets, ['https://tracker.example/pixel.png'])
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(harness.origin)),
      [],
    )
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('asks the host to follow links and to open files, and nothing else', async () => {
    const text =
      'See [web](https://example.com/a?b=1&c=2), [file](src/a.ts#L12), `src/b.ts:7`, `foo.bar()`, <https://auto.example> and [none](command:x).'
    chat = await harness.open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', text)])]))
    const links = chat.page.getByRole('log').getByRole('link')
    assert.deepEqual(await links.allInnerTexts(), ['web', 'file', 'src/b.ts:7', 'https://auto.example'])
    await links.nth(0).click()
    await links.nth(1).click()
    await links.nth(2).focus()
    await chat.page.keyboard.press('Enter')
    await chat.waitForCall('file/open', 2)
    assert.deepEqual(chat.callsOf('link/open'), [{ href: 'https://example.com/a?b=1&c=2' }])
    assert.deepEqual(chat.callsOf('file/open'), [
      { path: 'src/a.ts', line: 12 },
      { path: 'src/b.ts', line: 7 },
    ])
    assert.equal(new URL(chat.page.url()).pathname, '/')
    await chat.dispose()
  })

  it('copies the code of a block through the host and colours it without changing its text', async () => {
    chat = await harness.open(
      chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', '```ts\nconst a = "<b>"\n```')])]),
    )
    await chat.page.locator('.hljs-keyword').waitFor()
    assert.equal(await chat.page.locator('.code pre').innerText(), 'const a = "<b>"\n')
    await chat.page.locator('.code').hover()
    await chat.page.getByRole('button', { name: 'Copy code' }).click()
    assert.deepEqual(await chat.waitForCall('clipboard/write'), { text: 'const a = "<b>"' })
    await chat.dispose()
  })

  it('offers to insert, apply, open and wrap the code of a block', async () => {
    const long = `const words = "${'long '.repeat(60)}"`
    chat = await harness.open(
      chatWith([
        user('msg_1', 'go'),
        answer('msg_2', [textBlock('b1', `\`\`\`ts title="src/a.ts"\n${long}\n\`\`\``)]),
      ]),
    )
    const pre = chat.page.locator('.code pre')
    const press = async (name: string) => {
      await chat.page.locator('.code').hover()
      await chat.page.getByRole('button', { name }).click()
    }
    const isWide = () => pre.evaluate((element) => element.scrollWidth > element.clientWidth + 1)
    assert.equal(await isWide(), true)
    await press('Wrap long lines')
    assert.equal(await isWide(), false)
    await press('Insert at cursor')
    assert.deepEqual(await chat.waitForCall('code/insert'), { code: long })
    await press('Open as new file')
    assert.deepEqual(await chat.waitForCall('code/open'), { code: long, lang: 'ts' })
    await press('Apply to file…')
    assert.deepEqual(await chat.waitForCall('code/apply'), { code: long, path: 'src/a.ts' })
    await chat.dispose()
  })

  it('draws TeX as MathML and leaves prices and broken TeX as they are', async () => {
    const text = 'Pay $5 or $6. Energy is $E = mc^2$.\n\n$$\\int_0^1 x\\,dx$$\n\nBroken $\\frac{$ stays.'
    chat = await harness.open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', text)])]))
    await chat.page.locator('.math-block math').waitFor()
    assert.equal(await chat.page.locator('math').count(), 2)
    await chat.page.getByText('Pay $5 or $6.').waitFor()
    await chat.page.getByText('Broken $\\frac{$ stays.').waitFor()
    const box = await chat.page.locator('.math-inline math').boundingBox()
    assert.ok(box && box.width > 40 && box.height < 40, 'it stands in its line')
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('keeps the first script within its budget', () => {
    assert.ok((harness.sizes.get('webview.js') ?? Infinity) <= 300_000)
    assert.equal(typeof sessionID, 'string')
  })
})
