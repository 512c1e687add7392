import katex from 'katex'
import DOMPurify from 'dompurify'

/** TeX → an element that the browser draws by itself; undefined when it is not TeX. */
export type MathRenderer = (tex: string, isBlock: boolean) => DocumentFragment | undefined

const largestMath = 4_000

/** MathML needs no style sheet, no fonts of ours and no inline style, so the page's policy can stay strict. */
export const renderMath: MathRenderer = (tex, isBlock) => {
  if (tex.length > largestMath) return undefined
  try {
    const html = katex.renderToString(tex, {
      displayMode: isBlock,
      output: 'mathml',
      throwOnError: true,
      strict: 'ignore',
      trust: false,
      maxExpand: 200,
      maxSize: 20,
    })
    return DOMPurify.sanitize(html, { USE_PROFILES: { mathMl: true }, RETURN_DOM_FRAGMENT: true })
  } catch {
    return undefined
  }
}
