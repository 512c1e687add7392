import type { TargetedKeyboardEvent, TargetedMouseEvent } from 'preact'
import type { AppContext } from '../app.ts'
import { diagramOf, toggleSource } from '../diagrams/diagrams.ts'
import type { CodeAction } from '../markdown/decorate.ts'

/** Clicks on links, file names and copy buttons inside rendered markdown, which knows no handlers. */
export function onTranscriptClick(event: TargetedMouseEvent<HTMLElement>, app: AppContext): void {
  const target = event.target instanceof Element ? event.target : undefined
  const link = target?.closest<HTMLElement>('a')
  if (link) {
    event.preventDefault()
    return follow(link, app)
  }
  const button = target?.closest<HTMLElement>('.code-action')
  if (button) void runCodeAction(button, app)
}

/** Arrow keys move between messages that hold the focus; Enter follows a link. */
export function onTranscriptKey(event: TargetedKeyboardEvent<HTMLElement>, app: AppContext): void {
  const target = event.target instanceof HTMLElement ? event.target : undefined
  if (!target) return
  if (target.matches('a[role="link"]') && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault()
    return follow(target, app)
  }
  if (!target.matches('article') || event.altKey || event.ctrlKey || event.metaKey) return
  const step = steps[event.key]
  if (step === undefined) return
  event.preventDefault()
  moveFocus(target, step)
}

/** Gives the focus to the newest message in sight. False: there is none. */
export function focusTranscript(): boolean {
  const article = [...document.querySelectorAll<HTMLElement>('.turns article')].at(-1)
  article?.focus({ preventScroll: true })
  article?.scrollIntoView({ block: 'nearest' })
  return article !== undefined
}

/** Moves the focus by whole messages, from wherever it is inside one. */
export function moveFocus(from: Element, step: number): void {
  const articles = [...document.querySelectorAll<HTMLElement>('.turns article')]
  const own = from.closest<HTMLElement>('article')
  const index = own ? articles.indexOf(own) : articles.length
  const next = articles[Math.max(0, Math.min(articles.length - 1, index + step))]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: 'nearest' })
}

const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, Home: -10_000, End: 10_000 }

function follow(link: HTMLElement, { actions }: AppContext): void {
  const { href, path, line } = link.dataset
  if (path) void actions.openFile(path, line ? Number(line) : undefined)
  else if (href) void actions.openLink(href)
}

async function runCodeAction(button: HTMLElement, { actions }: AppContext): Promise<void> {
  const frame = button.closest<HTMLElement>('.code')
  const pre = frame?.querySelector('pre')
  if (!frame || !pre) return
  const code = pre.textContent.replace(/\n$/, '')
  const lang = pre.dataset['lang'] ?? ''
  switch (button.dataset['action'] as CodeAction) {
    case 'copy':
      if (await actions.copy(code)) showDone(button)
      return
    case 'wrap':
      button.setAttribute('aria-pressed', String(pre.classList.toggle('wrapped')))
      return
    case 'source':
      toggleSource(frame)
      return
    case 'picture':
      openDiagram(frame, actions)
      return
    case 'insert':
      return void actions.insertCode(code)
    case 'open':
      return void actions.openCode(code, lang)
    case 'apply':
      return void actions.applyCode(code, pre.dataset['path'])
  }
}

function openDiagram(frame: HTMLElement, actions: AppContext['actions']): void {
  const svg = diagramOf(frame)
  if (svg) void actions.openDiagram(svg)
}

function showDone(button: HTMLElement): void {
  const icon = button.querySelector('.codicon')
  icon?.classList.replace('codicon-copy', 'codicon-check')
  setTimeout(() => icon?.classList.replace('codicon-check', 'codicon-copy'), 1_500)
}
