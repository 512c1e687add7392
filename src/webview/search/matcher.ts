import type { ToolBlock } from '../../session/model.ts'
import type { Item } from '../transcript/items.ts'

/** What is looked for in the transcript. */
export interface SearchQuery {
  readonly text: string
  readonly isRegex: boolean
  readonly isCaseSensitive: boolean
}

export type SearchPattern =
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }

/** More matches than this in one item are not counted. */
const matchLimit = 10_000

/** The pattern of a query; global, so that it can be asked for one match after the other. */
export function toPattern({ text, isRegex, isCaseSensitive }: SearchQuery): SearchPattern {
  if (text === '') return { kind: 'none' }
  const source = isRegex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  try {
    return { kind: 'pattern', pattern: new RegExp(source, isCaseSensitive ? 'gmu' : 'gimu') }
  } catch (error) {
    return { kind: 'invalid', message: error instanceof Error ? error.message : String(error) }
  }
}

/** Where a pattern matches, as [start, end) of the text. Empty matches do not count. */
export function matchesIn(text: string, pattern: RegExp): readonly (readonly [number, number])[] {
  const found: [number, number][] = []
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== '') found.push([match.index, match.index + match[0].length])
    if (found.length >= matchLimit) break
  }
  return found
}

/** All text of an item that a search looks at, folded or not. */
function itemText(item: Item): string {
  switch (item.kind) {
    case 'prompt':
      return item.message.blocks
        .flatMap((block) =>
          block.type === 'text' && !block.synthetic
            ? [block.text]
            : block.type === 'file'
              ? [block.name]
              : [],
        )
        .join('\n')
    case 'text':
    case 'reasoning':
    case 'notice':
      return item.block.text
    case 'tool':
      return toolText(item.block)
    case 'tools':
      return item.tools.map(({ block }) => toolText(block)).join('\n')
    case 'files':
      return item.block.name
    case 'error':
      return item.error.message
  }
}

function toolText({ target, input, output, error, files }: ToolBlock): string {
  const command = input['command']
  return [
    target ?? '',
    typeof command === 'string' && command !== target ? command : '',
    error ?? '',
    output ?? '',
    ...(files ?? []).map((file) => file.patch ?? file.path),
  ].join('\n')
}

/** The folds that hide parts of an item: what must be open for all of its text to be seen. */
export function foldsOf(item: Item): readonly string[] {
  switch (item.kind) {
    case 'prompt':
      return [item.message.id]
    case 'reasoning':
      return [item.key]
    case 'tool':
      return [item.block.callID]
    case 'tools':
      return [item.key, ...item.tools.map(({ block }) => block.callID)]
    default:
      return []
  }
}

/** Counts matches by item, and remembers the counts of items that did not change. */
export class MatchCounter {
  readonly #pattern: RegExp
  readonly #counts = new WeakMap<Item, number>()

  constructor(pattern: RegExp) {
    this.#pattern = pattern
  }

  count(item: Item): number {
    const known = this.#counts.get(item)
    if (known !== undefined) return known
    const count = matchesIn(itemText(item), this.#pattern).length
    this.#counts.set(item, count)
    return count
  }
}
