import type { Tokens } from 'marked'
import { decorate } from './decorate.ts'
import { ChunkList } from './chunks.ts'
import { blockHtml, splitBlocks } from './render.ts'
import type { BlockToken } from './render.ts'
import { toFragment } from './sanitize.ts'

/** Blocks at the end that may still change: a paragraph becomes a table head, a list goes on. */
const liveBlocks = 2

interface LiveBlock {
  readonly raw: string
  readonly element: HTMLElement
  /** Set while this is a code block that only grows: new text is appended to it. */
  readonly code: { readonly text: string; readonly node: Text; readonly lang: string } | undefined
}

/**
 * Draws one markdown text into one element. While the text is open, only its last blocks are read and
 * drawn again; those before are frozen. When it closes, all of it is read once more as a whole, since a
 * link definition at the end acts on blocks before it, and only what differs is replaced.
 */
export class BlockRenderer {
  readonly #chunks: ChunkList
  readonly #root: HTMLElement
  #text = ''
  #frozenLength = 0
  #live: LiveBlock[] = []
  #isClosed = false

  constructor(root: HTMLElement) {
    this.#root = root
    this.#chunks = new ChunkList(root)
  }

  update(text: string, isOpen: boolean): void {
    if (text === this.#text && this.#isClosed === !isOpen) return
    if (!text.startsWith(this.#text) || (this.#isClosed && text !== this.#text)) this.#reset()
    this.#text = text
    this.#isClosed = !isOpen
    if (isOpen) this.#advance()
    else this.#finish()
  }

  dispose(): void {
    this.#chunks.dispose()
  }

  #advance(): void {
    const { tokens } = splitBlocks(this.#text.slice(this.#frozenLength))
    const keep = firstLive(tokens)
    for (const token of tokens.slice(0, keep)) this.#freeze(token)
    this.#drawLive(tokens.slice(keep))
  }

  #freeze(token: BlockToken): void {
    this.#frozenLength += token.raw.length
    if (token.type === 'space' || token.type === 'def') return
    const first = this.#live[0]
    const isDrawn = first !== undefined && first.raw === token.raw && first.code === undefined
    if (first) {
      first.element.remove()
      this.#live.shift()
    }
    this.#chunks.append(blockHtml(token), isDrawn ? first.element : undefined)
  }

  #drawLive(tokens: readonly BlockToken[]): void {
    const drawn = tokens.filter((token) => token.type !== 'space' && token.type !== 'def')
    drawn.forEach((token, index) => {
      const old = this.#live[index]
      if (old?.raw === token.raw) return
      const grown = old && growCode(old, token)
      this.#live[index] = grown ?? this.#replaceLive(old, token)
    })
    for (const extra of this.#live.splice(drawn.length)) extra.element.remove()
  }

  #replaceLive(old: LiveBlock | undefined, token: BlockToken): LiveBlock {
    const element = liveElement(token)
    if (old) old.element.replaceWith(element)
    else this.#root.append(element)
    return { raw: token.raw, element, code: liveCode(token, element) }
  }

  #finish(): void {
    for (const live of this.#live) live.element.remove()
    this.#live = []
    const { tokens } = splitBlocks(this.#text)
    const blocks = tokens.filter((token) => token.type !== 'space' && token.type !== 'def').map(blockHtml)
    this.#chunks.replaceAll(blocks)
    this.#frozenLength = this.#text.length
  }

  #reset(): void {
    for (const live of this.#live) live.element.remove()
    this.#live = []
    this.#chunks.replaceAll([])
    this.#frozenLength = 0
    this.#isClosed = false
  }
}

function firstLive(tokens: readonly BlockToken[]): number {
  let left = liveBlocks
  for (let index = tokens.length - 1; index >= 0; index--) {
    if (tokens[index]?.type !== 'space') left--
    if (left === 0) return index
  }
  return 0
}

function liveElement(token: BlockToken): HTMLElement {
  const element = document.createElement('div')
  element.className = 'md-block'
  element.append(toFragment(blockHtml(token)))
  decorate(element, { isLive: true })
  return element
}

function liveCode(token: BlockToken, element: HTMLElement): LiveBlock['code'] {
  const node = token.type === 'code' ? element.querySelector('code')?.firstChild : undefined
  if (!(node instanceof Text)) return undefined
  return { ...readCode(token), node }
}

function growCode(old: LiveBlock, token: BlockToken): LiveBlock | undefined {
  if (!old.code || token.type !== 'code') return undefined
  const { text, lang } = readCode(token)
  if (lang !== old.code.lang || !text.startsWith(old.code.text)) return undefined
  const { node } = old.code
  node.insertData(Math.max(0, node.length - 1), text.slice(old.code.text.length))
  return { raw: token.raw, element: old.element, code: { ...old.code, text } }
}

function readCode(token: BlockToken): { readonly text: string; readonly lang: string } {
  const { text, lang } = token as Tokens.Code
  return { text, lang: lang ?? '' }
}
