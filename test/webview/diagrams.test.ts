import assert from 'node:assert/strict'
import { before, describe, it } from 'mocha'
import type { ChatPage, Harness } from './support/harness.ts'
import { sharedHarness } from './support/pages.ts'
import { answer, chatWith, textBlock, user } from './support/states.ts'
import { bodyClasses, themeCss, themeNames } from './support/themes.ts'

const fence = (source: string): string => `\`\`\`mermaid\n${source}\n\`\`\``

/** One of each kind that is drawn. */
const kinds: Readonly<Record<string, string>> = {
  flowchart:
    'flowchart TD\n  A[Read the request] -->|valid| B{Known?}\n  B -- yes --> C[(Store)]\n  B -- no --> D[Ask]\n  subgraph Later\n    D --> E\n  end',
  sequence:
    'sequenceDiagram\n  participant U as User\n  U->>Server: POST /session\n  activate Server\n  Note over Server: works\n  Server-->>U: 200\n  deactivate Server\n  loop every 2 s\n    U->>Server: ping\n  end',
  class:
    'classDiagram\n  Animal <|-- Duck\n  Animal : +int age\n  class Duck{\n    +String beak\n    +swim()\n  }',
  state: 'stateDiagram-v2\n  [*] --> Idle\n  Idle --> Busy: prompt\n  Busy --> Idle: done\n  Busy --> [*]',
  er: 'erDiagram\n  CUSTOMER ||--o{ ORDER : places\n  ORDER {\n    int id\n    string note\n  }',
  gantt:
    'gantt\n  title Plan\n  dateFormat YYYY-MM-DD\n  section One\n  First :a1, 2024-01-01, 30d\n  Second :after a1, 20d',
  pie: 'pie title Pets\n  "Dogs" : 386\n  "Cats" : 85',
  git: 'gitGraph\n  commit\n  branch develop\n  commit\n  checkout main\n  merge develop',
  journey: 'journey\n  title My day\n  section Work\n    Write code: 5: Me\n    Review: 3: Me, You',
  timeline: 'timeline\n  title History\n  2022 : One\n  2023 : Two',
  mindmap: 'mindmap\n  root((Chat))\n    Server\n      Events\n    Page',
  quadrant: 'quadrantChart\n  x-axis Low --> High\n  y-axis Slow --> Fast\n  A: [0.3, 0.6]',
  xychart: 'xychart-beta\n  x-axis [jan, feb]\n  y-axis "Revenue" 0 --> 10\n  bar [5, 6]\n  line [5, 6]',
}

describe('diagrams in the page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let harness: Harness
  before(async () => (harness = await sharedHarness()))

  const open = (text: string, options = {}): Promise<ChatPage> =>
    harness.open(chatWith([user('msg_1', 'go'), answer('msg_2', [textBlock('b1', text)])]), options)

  it('draws every kind as a picture that fits its words, and leaves the page’s policy alone', async () => {
    const chat = await open(Object.values(kinds).map(fence).join('\n\n'))
    const frames = chat.page.locator('.code')
    for (const [index, kind] of Object.keys(kinds).entries()) {
      const frame = frames.nth(index)
      await frame.scrollIntoViewIfNeeded()
      await frame.locator('img, .code-note').first().waitFor()
      const problem = frame.locator('.code-note')
      assert.equal(
        (await problem.count()) === 0,
        true,
        `${kind}: ${await problem.allInnerTexts().then(String)}`,
      )
      const size = await frame.locator('img').evaluate(async (image: HTMLImageElement) => {
        await image.decode()
        return { width: image.naturalWidth, height: image.naturalHeight }
      })
      assert.ok(size.width > 60 && size.height > 40, `${kind} is ${JSON.stringify(size)}`)
    }
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('lets nothing in a diagram run, load or lead anywhere', async () => {
    const hostile =
      '%%{init: {"securityLevel": "loose", "htmlLabels": true, "themeCSS": "@import url(https://evil.example/x.css)"}}%%\n' +
      'flowchart TD\n  A["<img src=x onerror=window.hacked=1><script>window.hacked=1</script>hello"] --> B\n' +
      '  click A "javascript:window.hacked=1"\n  click B "https://evil.example"'
    const requests: string[] = []
    const chat = await open('wait')
    chat.page.on('request', (request) => requests.push(request.url()))
    await chat.dispose()
    const page = await open(fence(hostile))
    page.page.on('request', (request) => requests.push(request.url()))
    const image = page.page.locator('.code img')
    await image.or(page.page.locator('.code-note')).waitFor()
    assert.deepEqual(await page.page.locator('.code-note').allInnerTexts(), [])
    const svg = decodeURIComponent((await image.getAttribute('src')) ?? '')
    assert.match(svg, /^data:image\/svg\+xml/)
    assert.match(svg, /hello/)
    assert.doesNotMatch(svg, /<script|onerror=|javascript:/i)
    assert.equal(await page.page.evaluate(() => Reflect.get(globalThis, 'hacked') as unknown), undefined)
    assert.equal(await page.page.locator('.markdown svg, .diagram-lab').count(), 0)
    assert.deepEqual(
      requests.filter((url) => url.includes('evil.example')),
      [],
    )
    await page.dispose()
  })

  it('shows the source on demand, copies it, opens the diagram, and finds words in it', async () => {
    const chat = await open(fence(kinds['flowchart'] ?? ''))
    const frame = chat.page.locator('.code')
    await frame.locator('img').waitFor()
    assert.equal(await frame.locator('pre').isVisible(), false)
    await frame.hover()
    await frame.getByRole('button', { name: 'Show source' }).click()
    assert.equal(await frame.locator('pre').isVisible(), true)
    assert.equal(await frame.locator('img').isVisible(), false)
    await frame.getByRole('button', { name: 'Show source' }).click()
    await frame.getByRole('button', { name: 'Copy code' }).click()
    assert.deepEqual(await chat.waitForCall('clipboard/write'), { text: kinds['flowchart'] })
    await frame.getByRole('button', { name: 'Open diagram in a tab' }).click()
    const { svg } = (await chat.waitForCall('diagram/open')) as { svg: string }
    assert.match(svg, /^<svg[\s\S]*>Read<[\s\S]*> request<[\s\S]*<\/svg>$/)
    await chat.notify('transcript/find', {})
    await chat.page.getByRole('search').getByRole('textbox').fill('Known?')
    await frame.locator('pre').waitFor()
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('keeps code that is no diagram, and says why it was not drawn', async () => {
    const chat = await open(`${fence('flowchart TD\n  A[[[ --> ')}\n\n${fence('swimlane-beta\n  a')}`)
    await chat.page.locator('.code-note').nth(1).waitFor()
    assert.match(await chat.page.locator('.code-note').first().innerText(), /could not be drawn: .*line 2/i)
    assert.equal(await chat.page.locator('.code pre').first().isVisible(), true)
    assert.equal(await chat.page.locator('.diagram-lab').count(), 0)
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('takes the colours of the theme, and those of another one when it changes', async () => {
    for (const theme of themeNames) {
      const chat = await open(fence(kinds['sequence'] ?? ''), { theme })
      const image = chat.page.locator('.code img')
      await image.waitFor()
      const text = await chat.page.evaluate(() =>
        getComputedStyle(document.body).getPropertyValue('--vscode-foreground').trim(),
      )
      const source = (await image.getAttribute('src')) ?? ''
      const before = decodeURIComponent(source)
      assert.ok(before.includes(`fill:${text}`), `${theme} has words in ${text}`)
      if (theme === 'dark') {
        await chat.page.evaluate(
          ([css, classes]) => {
            const sheet = new CSSStyleSheet()
            sheet.replaceSync(css ?? '')
            document.adoptedStyleSheets.push(sheet)
            document.body.className = classes ?? ''
          },
          [themeCss('light'), bodyClasses.light],
        )
        await chat.page.waitForFunction(
          (old) => document.querySelector('.code img')?.getAttribute('src') !== old,
          source,
        )
        assert.notEqual(decodeURIComponent((await image.getAttribute('src')) ?? ''), before)
      }
      await chat.dispose()
    }
  })

  it('draws only what comes near, and nothing while the source still grows', async () => {
    const filler = 'word '.repeat(4_000)
    const chat = await open(`${fence(kinds['pie'] ?? '')}\n\n${filler}\n\nend`)
    await chat.page.waitForTimeout(600)
    assert.equal(await chat.page.locator('.code img').count(), 0)
    await chat.page.locator('.scroller').evaluate((element) => element.scrollTo(0, 0))
    await chat.page.locator('.code img').waitFor()
    await chat.dispose()
  })
})
