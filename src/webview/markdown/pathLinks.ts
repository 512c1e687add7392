import type { PathCheck } from '../../protocol/methods.ts'

export interface NamedPath {
  readonly path: string
  readonly line?: number
}

export type PathChecker = (links: readonly NamedPath[]) => Promise<readonly PathCheck[] | undefined>

const batchMs = 150
const batchLimit = 100

let checker: PathChecker | undefined
const waiting: HTMLElement[] = []
let timer: ReturnType<typeof setTimeout> | undefined

/** Whom to ask whether files are there; without one all links stay. */
export function setPathChecker(check: PathChecker): void {
  checker = check
}

/** A file that an answer names is a link only while it is there; asked for many at once, when their text is complete. */
export function verifyPaths(block: HTMLElement): void {
  const links = block.querySelectorAll<HTMLElement>('a.file-link:not([data-checked])')
  if (links.length === 0 || !checker) return
  for (const link of links) link.dataset['checked'] = 'asked'
  waiting.push(...links)
  timer ??= setTimeout(() => void ask(), batchMs)
}

async function ask(): Promise<void> {
  const links = waiting.splice(0, batchLimit)
  timer = waiting.length > 0 ? setTimeout(() => void ask(), batchMs) : undefined
  const answers = await checker?.(links.map(readNamed))
  links.forEach((link, index) => show(link, answers?.[index]))
}

function readNamed(link: HTMLElement): NamedPath {
  const { path = '', line } = link.dataset
  return line === undefined ? { path } : { path, line: Number(line) }
}

function show(link: HTMLElement, answer: PathCheck | undefined): void {
  if (answer === 'no-line') {
    link.title = `${link.dataset['path'] ?? ''} has no line ${link.dataset['line'] ?? ''}`
    delete link.dataset['line']
  } else if (answer === 'missing') {
    const text = document.createElement('span')
    text.className = 'dead-link'
    text.title = `${link.dataset['path'] ?? ''} is not there`
    text.append(...link.childNodes)
    link.replaceWith(text)
  }
}
