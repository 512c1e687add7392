import type { MarkedExtension, Tokens } from 'marked'
import type { MathRenderer } from './mathChunk.ts'
import { escapeHtml } from './sanitize.ts'

interface MathToken extends Tokens.Generic {
  readonly tex: string
}

/** `$…$` like most readers of markdown take it: no space inside the signs, no digit behind, so that prices stay prices. */
const inlineMath = /^(?:\$(?![\s$])((?:\\.|[^\\$\n])+?)(?<![\s\\])\$(?![\d$])|\\\((.+?)\\\))/
const blockMath = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[^\S\n]*(?:\n|$)/

/** Teaches marked TeX; what it says is drawn later, by `drawMath`. */
export const mathExtension: MarkedExtension = {
  extensions: [
    {
      name: 'math',
      level: 'inline',
      start: (source) => /\$|\\\(/.exec(source)?.index,
      tokenizer: (source) => token('math', inlineMath.exec(source)),
      renderer: (math) => mathHtml(math as MathToken, 'inline'),
    },
    {
      name: 'mathBlock',
      level: 'block',
      start: (source) => /(?:^|\n)(?:\$\$|\\\[)/.exec(source)?.index,
      tokenizer: (source) => token('mathBlock', blockMath.exec(source)),
      renderer: (math) => `<p>${mathHtml(math as MathToken, 'block')}</p>`,
    },
  ],
}

/** Draws the TeX inside a block. What is none stays as it was written. */
export function drawMath(block: HTMLElement): void {
  const waiting = block.querySelectorAll<HTMLElement>('.math:not([data-drawn])')
  if (waiting.length === 0) return
  void load().then((render) => {
    for (const element of waiting) if (render) draw(element, render)
  })
}

function draw(element: HTMLElement, render: MathRenderer): void {
  if (element.dataset['drawn']) return
  element.dataset['drawn'] = 'true'
  const source = element.textContent
  const math = render(element.dataset['tex'] ?? '', element.classList.contains('math-block'))
  if (!math) return
  element.replaceChildren(math)
  element.title = source
}

function token(type: string, match: RegExpExecArray | null): MathToken | undefined {
  const tex = (match?.[1] ?? match?.[2])?.trim()
  return match && tex ? { type, raw: match[0], tex } : undefined
}

function mathHtml({ raw, tex }: MathToken, place: 'inline' | 'block'): string {
  return `<span class="math math-${place}" data-tex="${escapeHtml(tex)}">${escapeHtml(raw.trim())}</span>`
}

let loading: Promise<MathRenderer | undefined> | undefined

/** TeX is a script of its own, loaded when the first formula comes. */
function load(): Promise<MathRenderer | undefined> {
  loading ??= import('./mathChunk.ts').then(
    (chunk) => chunk.renderMath,
    () => undefined,
  )
  return loading
}
