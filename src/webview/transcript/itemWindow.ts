import type { Item, TurnItems } from './items.ts'

/** Which items stand in the page, as positions in the flat list; `end` is exclusive. */
export interface ItemWindow {
  readonly start: number
  readonly end: number
}

/** What the page may hold, in guessed nodes, and how much one step of scrolling brings. */
const nodeBudget = { resting: 900, most: 1_500, step: 450 }
const turnLimit = 30

export function flatten(turns: readonly TurnItems[]): readonly Item[] {
  return turns.flatMap((turn) => turn.items)
}

/** The newest items, as many as the budget and thirty turns allow. */
export function newestWindow(items: readonly Item[]): ItemWindow {
  let start = items.length
  let prompts = 0
  let cost = 0
  while (start > 0) {
    const item = items[start - 1]
    if (!item) break
    if (item.kind === 'prompt' && ++prompts > turnLimit) break
    cost += item.cost
    if (cost > nodeBudget.resting && start < items.length) break
    start--
  }
  return { start, end: items.length }
}

/** One step up; what then is too much goes at the lower end. */
export function extendUp(items: readonly Item[], window: ItemWindow): ItemWindow {
  const start = walk(items, window.start, -1, nodeBudget.step)
  const end = start + countWithin(items.slice(start, window.end), nodeBudget.most)
  return { start, end: Math.max(end, Math.min(window.start + 1, window.end)) }
}

/** One step down; what then is too much goes at the upper end. */
export function extendDown(items: readonly Item[], window: ItemWindow): ItemWindow {
  const end = walk(items, window.end, 1, nodeBudget.step)
  const kept = countWithin(items.slice(window.start, end).reverse(), nodeBudget.most)
  return { start: Math.min(end - kept, window.end - 1), end }
}

/** While the end is followed the window moves on in steps, not with every item. */
export function follow(items: readonly Item[], window: ItemWindow): ItemWindow {
  const cost = costOf(items, window.start, items.length)
  const turns = items.slice(window.start).filter((item) => item.kind === 'prompt').length
  if (cost > nodeBudget.most || turns > turnLimit + 10 || window.start >= items.length)
    return newestWindow(items)
  return { start: window.start, end: items.length }
}

/** Finds the window again by its items after the list changed under it. */
export function relocate(items: readonly Item[], first: string, last: string | undefined): ItemWindow {
  const start = items.findIndex((item) => item.key === first)
  if (start < 0) return newestWindow(items)
  const end = last === undefined ? items.length : items.findLastIndex((item) => item.key === last) + 1
  return { start, end: end > start ? end : items.length }
}

function costOf(items: readonly Item[], start: number, end: number): number {
  let cost = 0
  for (let index = start; index < end; index++) cost += items[index]?.cost ?? 0
  return cost
}

function walk(items: readonly Item[], from: number, direction: 1 | -1, budget: number): number {
  let position = from
  let cost = 0
  while (cost < budget) {
    const item = items[direction === 1 ? position : position - 1]
    if (!item) break
    cost += item.cost
    position += direction
  }
  return position
}

function countWithin(items: readonly Item[], budget: number): number {
  let cost = 0
  const over = items.findIndex((item) => (cost += item.cost) > budget)
  return over < 0 ? items.length : Math.max(1, over)
}
