import { lineLabel } from '../../prompt/attachment.ts'

/** What the user wrote at some lines. */
export interface LineComment {
  /** Relative to the session's directory where it lies inside. */
  readonly path: string
  /** 1-based, inclusive. */
  readonly start: number
  readonly end: number
  /** The text of these lines. */
  readonly quote: string
  /** The lines are those of before the change. */
  readonly isOld: boolean
  readonly texts: readonly string[]
}

const quotedLines = 12

/** Comments as the words of a prompt; for the model, so never translated. */
export function commentsToPrompt(comments: readonly LineComment[]): string {
  const [head, ...rest] = comments.map(toWords)
  if (head === undefined) return ''
  return rest.length === 0
    ? head
    : [head, ...rest].map((words, index) => `${index + 1}. ${words}`).join('\n\n')
}

function toWords({ path, start, end, quote, isOld, texts }: LineComment): string {
  const lines = quote === '' ? [] : quote.split(/\r\n|\n|\r/)
  const shown = lines.slice(0, quotedLines).map((line) => `> ${line}`.trimEnd())
  const more = lines.length > quotedLines ? ['> …'] : []
  const where = `${path}:${lineLabel({ start, end })}${isOld ? ' (as it was before your change)' : ''}`
  return [where, ...shown, ...more, ...texts].join('\n')
}
