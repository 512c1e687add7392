import type { Locator, Page } from 'playwright-core'
import { quickRows, runCommand, until, workbenchReady } from '../../support/workbench.ts'
import { patience } from './chat.ts'

/** The input of VS Code's quick pick or input box, once it shows. */
export async function quickInput(page: Page): Promise<Locator> {
  const input = page.locator('.quick-input-widget:visible input[type="text"]').first()
  await input.waitFor({ timeout: patience })
  return input
}

/** Picks the first row of the quick pick with these words. */
export async function pickRow(page: Page, text: string | RegExp): Promise<void> {
  await withQuickRow(page, text, (row, timeout) => row.click({ timeout }))
}

/** Does something to a row of the open quick pick, in short tries: VS Code may draw the list anew meanwhile. */
export async function withQuickRow(
  page: Page,
  text: string | RegExp,
  act: (row: Locator, timeout: number) => Promise<void>,
): Promise<void> {
  const tryOnce = (): Promise<boolean> =>
    act(quickRows(page, text).first(), 3_000).then(
      () => true,
      () => false,
    )
  await until(`a row with ${String(text)}`, tryOnce, patience)
}

/** The first row with these words in the trees of the side bar. */
export function treeRow(page: Page, text: string | RegExp): Locator {
  return page.locator('.pane .monaco-list-row').filter({ hasText: text }).first()
}

/** Opens a row of a tree, which may be drawn anew while it is clicked. */
export async function expandRow(page: Page, text: string | RegExp): Promise<void> {
  const row = treeRow(page, text)
  await row.waitFor({ timeout: patience })
  await until('an open row', async () => {
    if ((await row.getAttribute('aria-expanded')) === 'true') return true
    await row.click()
    await page.waitForTimeout(300)
    return false
  })
}

/**
 * Answers a file dialog of the browser's workbench with a path. It puts its own proposal back once it has read a folder,
 * and loses keys meanwhile, so it is looked at twice.
 */
export async function answerFileDialog(page: Page, path: string): Promise<void> {
  const input = await quickInput(page)
  const ok = page.locator('.quick-input-widget:visible').getByRole('button', { name: 'OK' })
  await ok.waitFor({ timeout: patience })
  await until(
    'the dialog is answered',
    async () => {
      await input.fill(path, { timeout: 2_000 }).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 600))
      const value = await input.inputValue({ timeout: 2_000 }).catch(() => '')
      if (value === path) await ok.click({ timeout: 2_000 }).catch(() => undefined)
      return (await ok.count()) === 0
    },
    patience,
  )
}

/** A modal dialog of VS Code. */
export function dialog(page: Page): Locator {
  return page.locator('.monaco-dialog-box')
}

export async function clickDialogButton(page: Page, name: string): Promise<void> {
  await dialog(page).getByRole('button', { name, exact: true }).click({ timeout: patience })
  await dialog(page).waitFor({ state: 'detached', timeout: patience })
}

/** Reloads by VS Code's own command, which stores what is open first; the browser's reload is more like a crash. */
export async function reloadByCommand(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load', { timeout: patience })
  await runCommand(page, 'Developer: Reload Window')
  await loaded
  await workbenchReady(page)
}

/** Opens a submenu and clicks an entry; VS Code takes no click right after a menu has opened. */
export async function clickInSubmenu(page: Page, menu: Locator, name: string): Promise<void> {
  const item = page.getByRole('menuitem', { name, exact: true })
  await until(
    'the menu to close',
    async () => {
      await menu.hover({ timeout: 2_000 }).catch(() => undefined)
      await item.click({ timeout: 2_000 }).catch(() => undefined)
      return (await page.locator('.monaco-menu:visible').count()) === 0
    },
    patience,
  )
}

/** The list of changes shows only what fits into it, and the chat needs its own room: the border between them is drawn up. */
export async function giveChangesRoom(page: Page): Promise<void> {
  const title = page.locator('h3.title').filter({ hasText: /^Changes$/ })
  const header = page.locator('.pane-header').filter({ has: title })
  const top = 540
  await until(
    'the list to have room',
    async () => {
      const box = await header.boundingBox()
      if (!box) return false
      if (Math.abs(box.y - top) < 20) return true
      // It may be on its way still, and then is not where we pull.
      const x = box.x + box.width / 2
      await page.mouse.move(x, box.y)
      await page.mouse.down()
      await page.mouse.move(x, top, { steps: 5 })
      await page.mouse.up()
      return false
    },
    patience,
  )
}
