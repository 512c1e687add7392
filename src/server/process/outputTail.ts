import { redact } from '../../client/redact.ts'

const lineLimit = 40
const lineLengthLimit = 500

/**
 * Keeps the last lines that a server printed, fit to be shown: without terminal colours, without the
 * password that we gave it and without the one that OpenCode 2.x prints when it was given none.
 */
export class OutputTail {
  readonly #secrets: readonly string[]
  #lines: string[] = []

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  /** Returns the line as it may be logged, or undefined when there is nothing to log. */
  push(line: string): string | undefined {
    const clean = redact(stripColors(line).trimEnd(), this.#secrets)
    if (clean === '' || /\bserver password\b/i.test(clean)) return undefined
    const short = clean.length > lineLengthLimit ? `${clean.slice(0, lineLengthLimit)}…` : clean
    this.#lines.push(short)
    if (this.#lines.length > lineLimit) this.#lines.shift()
    return short
  }

  toString(): string {
    return this.#lines.join('\n')
  }
}

const colors = new RegExp(
  '\\u001b(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\))',
  'g',
)

/** Removes terminal escape sequences. */
export function stripColors(text: string): string {
  return text.replace(colors, '')
}
