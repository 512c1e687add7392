/** What `withinPolicy` gives: a picture that stands in no document, and the text of its style sheets. */
export interface Drawn {
  readonly svg: SVGSVGElement
  readonly css: string
}

const { setAttribute, innerHTML } = Object.getOwnPropertyDescriptors(Element.prototype)
const { insertBefore, appendChild } = Object.getOwnPropertyDescriptors(Node.prototype)

/**
 * Runs what draws an SVG by inline styles inside `lab`, although the page's policy forbids those. A `style` attribute is
 * written through the CSSOM, which the policy allows; a `style` element becomes a sheet of the document for as long as it
 * takes. Without them words would be measured in another size than they are drawn in. The result is taken as it stands,
 * since reading it as text and parsing that would break the policy again. Only one may run at a time.
 *
 * @throws Error when nothing was drawn, and what `draw` throws
 */
export async function withinPolicy(lab: Element, draw: () => Promise<unknown>): Promise<Drawn> {
  const sheets: CSSStyleSheet[] = []
  const texts: string[] = []
  let svg: SVGSVGElement | undefined
  const adopt = (node: Node, parent: Node): boolean => {
    if (!(node instanceof HTMLStyleElement || node instanceof SVGStyleElement) || !lab.contains(parent))
      return false
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(node.textContent)
    sheets.push(sheet)
    texts.push(node.textContent)
    document.adoptedStyleSheets.push(sheet)
    return true
  }
  define(Element.prototype, 'setAttribute', function (this: Element, name: string, value: string) {
    const isStyle = name === 'style' && (this instanceof SVGElement || this instanceof HTMLElement)
    if (isStyle && lab.contains(this)) this.style.cssText = value
    else setAttribute.value?.call(this, name, value)
  })
  define(Node.prototype, 'insertBefore', function (this: Node, node: Node, child: Node | null) {
    return adopt(node, this) ? node : insertBefore.value?.call(this, node, child)
  })
  define(Node.prototype, 'appendChild', function (this: Node, node: Node) {
    return adopt(node, this) ? node : appendChild.value?.call(this, node)
  })
  Object.defineProperty(Element.prototype, 'innerHTML', {
    ...innerHTML,
    get(this: Element): unknown {
      if (this.parentElement !== lab) return innerHTML.get?.call(this)
      svg = this.querySelector('svg') ?? undefined
      return ''
    },
  })
  try {
    await draw()
  } finally {
    Object.defineProperties(Element.prototype, { setAttribute, innerHTML })
    Object.defineProperties(Node.prototype, { insertBefore, appendChild })
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
  }
  if (!svg) throw new Error('It came out empty.')
  return { svg, css: texts.join('\n') }
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true })
}
