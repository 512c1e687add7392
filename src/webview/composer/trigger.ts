/** What is being looked for at the caret: `@` for context, `/` for commands. */
export interface Trigger {
  readonly kind: 'mention' | 'slash'
  /** Where its first character, `@` or `/`, stands. */
  readonly start: number
  /** What follows up to the caret. */
  readonly query: string
}

const longestQuery = 100

/**
 * The word that asks for suggestions, if the caret stands in one: `@` behind a blank, a bracket or nothing, or
 * `/` at the very start. A text that starts with `!` is a command line and asks for nothing.
 */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  if (text.startsWith('!')) return undefined
  const before = text.slice(0, caret)
  const slash = /^\/([^\s/]*)$/.exec(before)
  if (slash) return { kind: 'slash', start: 0, query: slash[1] ?? '' }
  const mention = /(?:^|[\s([{"'])@([^\s@]*)$/.exec(before.slice(-longestQuery - 2))
  if (!mention) return undefined
  const query = mention[1] ?? ''
  return { kind: 'mention', start: caret - query.length - 1, query }
}

/** The text with a word in place of the trigger, and where the caret goes. */
export function insertAt(
  text: string,
  trigger: Trigger,
  word: string,
): { readonly text: string; readonly caret: number } {
  const end = trigger.start + 1 + trigger.query.length
  const rest = text.slice(end)
  const gap = rest.startsWith(' ') || rest.startsWith('\n') ? '' : ' '
  const caret = trigger.start + word.length + 1
  return { text: `${text.slice(0, trigger.start)}${word}${gap}${rest}`, caret }
}
