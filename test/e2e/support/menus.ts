import type { Page } from 'playwright-core'
import { until } from '../../support/workbench.ts'
import { patience } from './chat.ts'

/**
 * Goes through a menu that `open` brings up, down its submenus to an entry. VS Code takes no click right after a menu
 * has opened, lest it be the one that opened it, so it is tried until the menu is gone.
 */
export async function choose(
  page: Page,
  open: () => Promise<unknown>,
  ...labels: readonly string[]
): Promise<void> {
  const entries = labels.map((label) => entry(page, label))
  const last = entries.at(-1)
  let isClicked = false
  await until(
    `the entry ${labels.join(' › ')} is chosen`,
    async () => {
      if ((await menus(page)) === 0) {
        if (isClicked) return true
        await open()
      }
      for (const each of entries.slice(0, -1)) await each.hover({ timeout: 3_000 }).catch(() => undefined)
      const clicked = await last?.click({ timeout: 3_000 }).then(
        () => true,
        () => false,
      )
      isClicked ||= clicked === true
      // A menu shows what held when it was opened.
      if (!isClicked) await closeMenus(page)
      return isClicked && (await menus(page)) === 0
    },
    patience,
  )
}

/** The entries of the submenu of ours in a menu that `open` brings up. */
export async function entriesOf(page: Page, open: () => Promise<unknown>): Promise<readonly string[]> {
  let texts: readonly string[] = []
  await until(
    'the submenu shows its entries',
    async () => {
      if ((await menus(page)) === 0) await open()
      await entry(page, 'OpenCode')
        .hover({ timeout: 3_000 })
        .catch(() => undefined)
      await entry(page, 'Ask…')
        .waitFor({ timeout: 3_000 })
        .catch(() => undefined)
      texts = await page.locator('.monaco-submenu .action-label:not(.separator)').allInnerTexts()
      return texts.includes('Ask…')
    },
    patience,
  )
  await closeMenus(page)
  return texts.filter((text) => text !== '')
}

async function closeMenus(page: Page): Promise<void> {
  for (let depth = 0; depth < 5 && (await menus(page)) > 0; depth += 1) await page.keyboard.press('Escape')
}

function entry(page: Page, label: string) {
  return page.getByRole('menuitem', { name: label, exact: true }).last()
}

function menus(page: Page): Promise<number> {
  return page.locator('.monaco-menu:visible').count()
}
