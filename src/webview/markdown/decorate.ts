import { drawDiagrams } from '../diagrams/diagrams.ts'
import { highlight } from './highlight.ts'
import { drawMath } from './math.ts'
import { verifyPaths } from './pathLinks.ts'

/**
 * Gives a drawn block what HTML text cannot carry: links that the keyboard reaches, a frame with a
 * label and a copy button around code, a scroller around tables. May run twice on one block: first
 * while it is live, then when it is frozen, which adds the colours.
 */
export function decorate(block: HTMLElement, options: { readonly isLive: boolean }): void {
  for (const link of block.querySelectorAll<HTMLElement>('a:not([role])')) makeLink(link)
  for (const pre of block.querySelectorAll<HTMLElement>('pre')) {
    if (!pre.parentElement?.classList.contains('code')) frameCode(pre)
    if (!options.isLive) colour(pre)
  }
  for (const table of block.querySelectorAll<HTMLElement>('table')) {
    if (!table.parentElement?.classList.contains('table-scroll')) frameTable(table)
  }
  if (!options.isLive) {
    drawMath(block)
    drawDiagrams(block)
    verifyPaths(block)
  }
  for (const element of block.querySelectorAll<HTMLElement>(
    'p, ul, ol, h1, h2, h3, h4, h5, h6, blockquote, td, th',
  )) {
    element.dir = 'auto'
  }
}

function makeLink(link: HTMLElement): void {
  link.setAttribute('role', 'link')
  link.tabIndex = 0
  const { href, path, line } = link.dataset
  link.title = href ?? (line ? `${path ?? ''}:${line}` : (path ?? ''))
}

function frameCode(pre: HTMLElement): void {
  const frame = document.createElement('div')
  frame.className = 'code'
  const head = document.createElement('div')
  head.className = 'code-head'
  const label = document.createElement('span')
  label.textContent = pre.dataset['lang'] ?? ''
  const buttons = document.createElement('span')
  buttons.className = 'code-buttons'
  const isDiagram = pre.dataset['lang'] === 'mermaid'
  buttons.append(...(isDiagram ? [...diagramActions, ...codeActions] : codeActions).map(codeButton))
  head.append(label, buttons)
  pre.replaceWith(frame)
  pre.tabIndex = 0
  pre.dir = 'ltr'
  pre.setAttribute('role', 'group')
  pre.setAttribute('aria-label', pre.dataset['lang'] ? `Code: ${pre.dataset['lang']}` : 'Code')
  frame.append(head, pre)
}

/** What can be done with a block of code; `transcriptInput` does it. */
const codeActions = [
  { action: 'insert', icon: 'insert', label: 'Insert at cursor' },
  { action: 'apply', icon: 'git-pull-request-go-to-changes', label: 'Apply to file…' },
  { action: 'open', icon: 'new-file', label: 'Open as new file' },
  { action: 'wrap', icon: 'word-wrap', label: 'Wrap long lines' },
  { action: 'copy', icon: 'copy', label: 'Copy code' },
] as const
/** And what can be done with a diagram once it is drawn. */
const diagramActions = [
  { action: 'source', icon: 'code', label: 'Show source' },
  { action: 'picture', icon: 'open-preview', label: 'Open diagram in a tab' },
] as const
type CodeButton = (typeof codeActions)[number] | (typeof diagramActions)[number]
export type CodeAction = CodeButton['action']

function codeButton({ action, icon, label }: CodeButton): HTMLElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'icon-button code-action'
  button.dataset['action'] = action
  button.title = label
  button.setAttribute('aria-label', label)
  if (action === 'wrap' || action === 'source') button.setAttribute('aria-pressed', 'false')
  const image = document.createElement('span')
  image.className = `codicon codicon-${icon}`
  image.ariaHidden = 'true'
  button.append(image)
  return button
}

function frameTable(table: HTMLElement): void {
  const frame = document.createElement('div')
  frame.className = 'table-scroll'
  frame.tabIndex = 0
  frame.setAttribute('role', 'group')
  frame.setAttribute('aria-label', 'Table')
  table.replaceWith(frame)
  frame.append(table)
}

function colour(pre: HTMLElement): void {
  const code = pre.querySelector('code')
  const lang = pre.dataset['lang']
  if (code && lang) highlight(code, lang)
}
