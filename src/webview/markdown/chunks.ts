import { decorate } from './decorate.ts'
import { watchFar } from './farWatch.ts'
import { toFragment } from './sanitize.ts'

const blocksPerChunk = 24
const lists = new WeakMap<Element, ChunkList>()

/** Draws the whole of the texts inside an element, e.g. to find something in them. */
export function fillChunks(element: Element): void {
  for (const root of element.querySelectorAll('.markdown')) lists.get(root)?.fillAll()
}

interface FrozenBlock {
  readonly html: string
  element: HTMLElement | undefined
}

/** A run of frozen blocks in one element. Far from sight it is emptied and keeps its height. */
export interface Chunk {
  readonly element: HTMLElement
  readonly blocks: FrozenBlock[]
  isEmptied: boolean
}

/**
 * The frozen part of one text. A long answer has thousands of nodes; only those near the visible part
 * stand in the page, the others come back from their HTML when they are scrolled to.
 */
export class ChunkList {
  readonly #root: HTMLElement
  readonly #chunks: Chunk[] = []
  readonly #unwatch = new Map<Chunk, () => void>()

  constructor(root: HTMLElement) {
    this.#root = root
    lists.set(root, this)
  }

  /** Draws all that was emptied; it may be emptied again once it has been near and goes far. */
  fillAll(): void {
    for (const chunk of this.#chunks) fill(chunk)
  }

  /** Adds a block at the end; `drawn` is its element when it already stands there unchanged. */
  append(html: string, drawn: HTMLElement | undefined): void {
    const chunk = this.#openChunk()
    const block: FrozenBlock = { html, element: undefined }
    chunk.blocks.push(block)
    if (chunk.isEmptied) return
    block.element = drawn ?? drawBlock(html)
    if (drawn) decorate(drawn, { isLive: false })
    chunk.element.append(block.element)
  }

  /** Makes the blocks these, touching only those whose HTML differs. */
  replaceAll(blocks: readonly string[]): void {
    const old = this.#chunks.flatMap((chunk) => chunk.blocks)
    let same = 0
    while (same < old.length && same < blocks.length && old[same]?.html === blocks[same]) same++
    if (same === old.length) {
      for (const html of blocks.slice(same)) this.append(html, undefined)
      return
    }
    this.#replaceFrom(old, blocks)
  }

  dispose(): void {
    for (const unwatch of this.#unwatch.values()) unwatch()
    this.#unwatch.clear()
  }

  #replaceFrom(old: readonly FrozenBlock[], blocks: readonly string[]): void {
    const spare = new Map(old.map((block) => [block.html, block.element]))
    this.dispose()
    for (const chunk of this.#chunks.splice(0)) chunk.element.remove()
    for (const html of blocks) {
      const element = spare.get(html)
      spare.delete(html)
      this.append(html, element)
    }
  }

  #openChunk(): Chunk {
    const last = this.#chunks.at(-1)
    if (last && last.blocks.length < blocksPerChunk) return last
    const element = document.createElement('div')
    element.className = 'md-chunk'
    const chunk: Chunk = { element, blocks: [], isEmptied: false }
    const live = this.#root.querySelector(':scope > .md-block')
    this.#root.insertBefore(element, live)
    if (last) this.#watch(last)
    this.#chunks.push(chunk)
    return chunk
  }

  /** Only full chunks are watched: they change no more. */
  #watch(chunk: Chunk): void {
    this.#unwatch.set(
      chunk,
      watchFar(chunk.element, (isFar, height) => (isFar ? empty(chunk, height) : fill(chunk))),
    )
  }
}

function empty(chunk: Chunk, height: number): void {
  if (chunk.isEmptied || height === 0 || chunk.element.contains(document.activeElement)) return
  chunk.isEmptied = true
  chunk.element.style.height = `${height}px`
  chunk.element.replaceChildren()
  for (const block of chunk.blocks) block.element = undefined
}

function fill(chunk: Chunk): void {
  if (!chunk.isEmptied) return
  chunk.isEmptied = false
  for (const block of chunk.blocks) block.element = drawBlock(block.html)
  chunk.element.replaceChildren(...chunk.blocks.flatMap((block) => block.element ?? []))
  chunk.element.style.height = ''
}

function drawBlock(html: string): HTMLElement {
  const element = document.createElement('div')
  element.className = 'md-block'
  element.append(toFragment(html))
  decorate(element, { isLive: false })
  return element
}
