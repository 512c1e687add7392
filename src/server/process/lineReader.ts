import type { Readable } from 'node:stream'

export interface LineOptions {
  /** Called once when no line follows any more, also after an error of the stream. */
  readonly onEnd?: () => void
  /** Longer lines are cut into pieces, so a program that prints no line ends cannot fill the memory. */
  readonly maxLength?: number
}

/** Calls `onLine` for each line of a stream of UTF-8 text, also for a last one without an end. */
export function readLines(stream: Readable, onLine: (line: string) => void, options: LineOptions = {}): void {
  const maxLength = options.maxLength ?? 64 * 1024
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (rest.length < maxLength) return
    onLine(rest)
    rest = ''
  })
  let isDone = false
  const finish = (): void => {
    if (isDone) return
    isDone = true
    if (rest !== '') onLine(rest)
    options.onEnd?.()
  }
  stream.on('end', finish)
  stream.on('close', finish)
  stream.on('error', finish)
}
