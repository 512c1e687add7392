import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'mocha'
import type { Harness } from './support/harness.ts'
import { startHarness } from './support/harness.ts'
import { scenes } from './support/scenes.ts'
import { themeNames } from './support/themes.ts'

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
    harness = await startHarness()
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  })
  after(() => harness.dispose())

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
