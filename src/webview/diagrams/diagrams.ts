import type { DiagramRenderer, Drawing } from './diagramChunk.ts'

/** How far outside of the visible part a diagram is drawn already. */
const marginPx = 600
const cacheLimit = 40
/** A picture is not made smaller than this part of its size; then it scrolls. */
const smallestScale = 0.55

/** By source, in the present theme, so that what was scrolled away comes back in its height at once. */
const cache = new Map<string, Drawing>()
const shown = new WeakMap<Element, Drawing>()
let themeNumber = 0
let observer: IntersectionObserver | undefined
let loading: Promise<DiagramRenderer> | undefined

/**
 * Draws the complete mermaid sources inside a block, each when it comes near. The source stays in the page, for search,
 * copying and readers; what is no diagram stays code, with a note of why.
 */
export function drawDiagrams(block: HTMLElement): void {
  for (const pre of block.querySelectorAll<HTMLElement>('.code > pre[data-lang="mermaid"]')) {
    const frame = pre.parentElement
    if (!frame || frame.dataset['diagram']) continue
    frame.dataset['diagram'] = 'waiting'
    const known = cache.get(sourceOf(frame))
    if (known) show(frame, known)
    else watch(frame)
  }
}

/** Shows the source where a diagram hides it, e.g. because something was found there. */
export function showSourceOf(node: Node): void {
  const frame = node.parentElement?.closest<HTMLElement>('.code[data-diagram="drawn"]')
  if (frame) toggleSource(frame, true)
}

/** Changes between diagram and source. */
export function toggleSource(frame: HTMLElement, isSource = !frame.classList.contains('as-source')): void {
  frame.classList.toggle('as-source', isSource)
  frame.querySelector('[data-action="source"]')?.setAttribute('aria-pressed', String(isSource))
}

/** The diagram that a frame shows, as SVG. */
export function diagramOf(frame: Element): string | undefined {
  return shown.get(frame)?.svg
}

function watch(frame: HTMLElement): void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue
        observer?.unobserve(target)
        void draw(target)
      }
    },
    { rootMargin: `${marginPx}px 0px` },
  )
  observer.observe(frame)
  themeWatch ??= watchTheme()
}

async function draw(frame: HTMLElement): Promise<void> {
  const source = sourceOf(frame)
  const theme = themeNumber
  try {
    const render = await load()
    const drawing = cache.get(source) ?? (await render(source))
    if (theme === themeNumber) {
      keep(source, drawing)
      show(frame, drawing)
    } else observer?.observe(frame)
  } catch (error) {
    explain(frame, error instanceof Error ? error.message : String(error))
  }
}

function show(frame: HTMLElement, drawing: Drawing): void {
  shown.set(frame, drawing)
  frame.dataset['diagram'] = 'drawn'
  frame.querySelector('.code-note')?.remove()
  const box = frame.querySelector('.diagram') ?? addBox(frame)
  const image = document.createElement('img')
  image.width = drawing.width
  image.height = drawing.height
  image.alt = drawing.label
  image.style.minWidth = `${Math.round(drawing.width * smallestScale)}px`
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing.svg)}`
  box.replaceChildren(image)
}

/** A diagram that is wider than the chat scrolls, so the keyboard must reach it. */
function addBox(frame: HTMLElement): Element {
  const box = document.createElement('div')
  box.className = 'diagram'
  box.tabIndex = 0
  box.setAttribute('role', 'group')
  box.setAttribute('aria-label', 'Diagram')
  frame.querySelector(':scope > pre')?.before(box)
  return box
}

function explain(frame: HTMLElement, message: string): void {
  frame.dataset['diagram'] = 'failed'
  frame.querySelector('.diagram')?.remove()
  const note = frame.querySelector<HTMLElement>('.code-note') ?? document.createElement('div')
  note.className = 'code-note'
  note.textContent = `Shown as code, because it could not be drawn: ${message.split('\n')[0]?.replace(/:$/, '') ?? ''}`
  note.title = message
  frame.querySelector('.code-head')?.after(note)
}

let themeWatch: MutationObserver | undefined

/** VS Code tells of another theme by the classes and styles of the page; all that is drawn is drawn anew. */
function watchTheme(): MutationObserver {
  let timer: ReturnType<typeof setTimeout> | undefined
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      themeNumber++
      cache.clear()
      for (const frame of document.querySelectorAll<HTMLElement>('.code[data-diagram="drawn"]')) {
        observer?.observe(frame)
      }
    }, 50)
  }
  const watcher = new MutationObserver(changed)
  watcher.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] })
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] })
  return watcher
}

function sourceOf(frame: HTMLElement): string {
  return frame.querySelector('pre')?.textContent.trim() ?? ''
}

function keep(source: string, drawing: Drawing): void {
  cache.set(source, drawing)
  if (cache.size > cacheLimit) cache.delete(cache.keys().next().value ?? '')
}

/** Mermaid is a script of its own, loaded when the first diagram comes near. */
function load(): Promise<DiagramRenderer> {
  loading ??= import('./diagramChunk.ts').then(
    (chunk) => chunk.renderDiagram,
    (error: unknown) => {
      loading = undefined
      throw error
    },
  )
  return loading
}
