import assert from 'node:assert/strict'
import { after, afterEach } from 'mocha'
import { startHarness } from './harness.ts'
import type { ChatPage, Harness } from './harness.ts'

let shared: Promise<Harness> | undefined
after(async () => (await shared)?.dispose())

/** The built page and a browser to show it, one for all files of a run; nobody else disposes it. */
export function sharedHarness(): Promise<Harness> {
  return (shared ??= startHarness())
}

/**
 * Opens pages for the tests of a suite, each of which is handed over and closed after its test. A page that threw,
 * logged an error or broke its policy fails the test.
 */
export function pagesOfTests(use: (page: ChatPage) => void): Harness['open'] {
  const open: ChatPage[] = []
  afterEach(async () => {
    const pages = open.splice(0)
    const errors = pages.flatMap((page) => page.errors)
    for (const page of pages) await page.dispose()
    assert.deepEqual(errors, [])
  })
  return async (state, options) => {
    const harness = await sharedHarness()
    const page = await harness.open(state, options)
    open.push(page)
    use(page)
    return page
  }
}
