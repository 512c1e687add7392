import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'mocha'
import type { Page } from 'playwright-core'
import { toBlockID } from '../../src/opencode/ids.ts'
import type { Harness, OpenOptions } from './support/harness.ts'
import { sharedHarness } from './support/pages.ts'
import { scenes } from './support/scenes.ts'
import { chatWith, textBlock, user } from './support/states.ts'
import { themeNames } from './support/themes.ts'

/** What a click or a key opens in a state. */
const opened: Readonly<
  Record<string, { readonly scene: string; readonly act: (page: Page) => Promise<void> }>
> = {
  'find bar': {
    scene: 'conversation',
    async act(page) {
      await page.locator('article').first().focus()
      await page.keyboard.press('Control+f')
      await page.getByRole('search').getByRole('textbox').fill('add')
    },
  },
  'mention menu': {
    scene: 'empty',
    async act(page) {
      await page.getByRole('textbox', { name: 'Message OpenCode' }).pressSequentially('Read @gr')
      await page.getByRole('option').first().waitFor()
    },
  },
  'command menu': {
    scene: 'empty',
    async act(page) {
      await page.getByRole('textbox', { name: 'Message OpenCode' }).pressSequentially('/')
      await page.getByRole('option').first().waitFor()
    },
  },
  'edited queue': {
    scene: 'queued',
    async act(page) {
      await page.getByRole('button', { name: /^Edit/ }).last().click()
    },
  },
  'context breakdown': {
    scene: 'conversation',
    async act(page) {
      await page.locator('.meter button, button.meter').first().click()
    },
  },
  'more menu': {
    scene: 'conversation',
    async act(page) {
      await page.getByRole('button', { name: 'More' }).first().click()
    },
  },
}

const handlers: OpenOptions['handlers'] = {
  'mention/search': () => ({
    hasIgnored: true,
    mentions: [
      {
        id: 'm1',
        kind: 'file',
        label: 'greeting.ts',
        description: 'src',
        token: '@src/greeting.ts',
        matches: [0, 1],
      },
    ],
  }),
  'slash/list': () => [{ name: 'greet', description: 'Says hello', source: 'command' }],
}

/** Where pictures for looking at go. */
async function shots(): Promise<string> {
  const folder = new URL('../../.cache/screenshots/open', import.meta.url).pathname
  await mkdir(folder, { recursive: true })
  return folder
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/**
 * Whether links are underlined is VS Code's own setting, which reaches us as `--text-link-decoration`. Which
 * headings a message has is up to the model.
 */
const rules = { 'link-in-text-block': { enabled: false }, 'heading-order': { enabled: false } }

describe('every state of the page', function () {
  // A browser on a busy machine may take its time; none of this is about speed.
  this.timeout(120_000)
  let harness: Harness
  let axe: string
  before(async () => {
    harness = await sharedHarness()
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  })

  for (const [name, state] of Object.entries(scenes)) {
    it(`can be used with assistive technology and fits 300 pixels: ${name}`, async () => {
      const chat = await harness.open(state(), { width: 300 })
      await chat.page.waitForTimeout(350)
      const overflow = await chat.page.evaluate(() => ({
        page: document.documentElement.scrollWidth - innerWidth,
        scroller: [...document.querySelectorAll('.scroller, .docks, .composer')].map(
          (element) => element.scrollWidth - element.clientWidth,
        ),
      }))
      assert.ok(
        overflow.page <= 0 && overflow.scroller.every((width) => width <= 0),
        JSON.stringify(overflow),
      )
      assert.deepEqual(await violations(chat.page, axe), [])
      assert.deepEqual(chat.errors, [])
      await chat.dispose()
    })
  }

  for (const [name, { scene, act }] of Object.entries(opened)) {
    it(`can be used with assistive technology when something is open, in each theme: ${name}`, async () => {
      for (const theme of themeNames) {
        const chat = await harness.open(scenes[scene]?.() ?? assert.fail(), { width: 300, theme, handlers })
        await act(chat.page)
        await chat.page.waitForTimeout(250)
        assert.deepEqual(await violations(chat.page, axe), [], theme)
        assert.ok(await chat.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), theme)
        await chat.page.screenshot({ path: join(await shots(), `${name.replaceAll(' ', '-')}-${theme}.png`) })
        assert.deepEqual(chat.errors, [])
        await chat.dispose()
      }
    })
  }

  it('calls a prompt nothing while its words have not come yet, and a command line only what is one', async () => {
    const notice = {
      type: 'notice',
      id: toBlockID('prt_2'),
      notice: 'shell',
      text: 'You ran a command line',
    } as const
    const chat = await harness.open(
      chatWith([
        user('msg_1', '', { blocks: [] }),
        user('msg_2', '', { blocks: [notice] }),
        user('msg_3', '', { blocks: [{ ...textBlock('b3', 'Continue'), synthetic: true }] }),
        user('msg_4', '', { blocks: [textBlock('b4', 'Mine'), notice] }),
      ]),
    )
    const words = await chat.page.locator('.prompt').allInnerTexts()
    assert.deepEqual(
      words.map((text) => text.split('\n')[0]),
      ['…', 'You ran a command line', 'OpenCode went on by itself', 'Mine'],
    )
    await chat.dispose()
  })

  for (const theme of themeNames.slice(1)) {
    it(`has enough contrast in theme ${theme}`, async () => {
      for (const name of [
        'conversation',
        'permission-edit',
        'question',
        'failed',
        'composer',
        'empty',
      ] as const) {
        const chat = await harness.open(scenes[name]?.() ?? assert.fail(), { theme })
        await chat.page.waitForTimeout(300)
        assert.deepEqual(await violations(chat.page, axe), [], name)
        await chat.dispose()
      }
    })
  }
})

async function violations(
  page: { evaluate<T>(code: string): Promise<T> },
  axe: string,
): Promise<readonly string[]> {
  await page.evaluate(axe)
  const result = await page.evaluate<{ violations: readonly Violation[] }>(
    `axe.run({ rules: ${JSON.stringify(rules)} })`,
  )
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  )
}
