import DOMPurify from 'dompurify'

const allowedTags = (
  'a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp ' +
  'small span strong sub summary sup table tbody td tfoot th thead tr u ul var'
).split(' ')

/** Only what our own renderer writes; raw HTML of the model has lost all attributes before. */
const allowedAttributes = [
  'align',
  'class',
  'colspan',
  'rowspan',
  'start',
  'data-href',
  'data-path',
  'data-line',
  'data-lang',
  'data-tex',
]

const bareTags = new Set(allowedTags.filter((tag) => tag !== 'a' && tag !== 'pre'))
const tagPattern = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][\w:-]*)(?:\s[^<>]*|\/)?>/g

/** The one place where text becomes elements. The result holds no script, style, image, form or live link. */
export function toFragment(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}

/**
 * What a model may say in raw HTML: plain tags without attributes, so that it can imitate none of our
 * classes, roles or links. Any other tag shows as the text it is.
 */
export function bareHtml(html: string): string {
  let end = 0
  let result = ''
  for (const match of html.matchAll(tagPattern)) {
    result += escapeAngles(html.slice(end, match.index)) + bareTag(match)
    end = match.index + match[0].length
  }
  return result + escapeAngles(html.slice(end))
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function bareTag(match: RegExpExecArray): string {
  const [whole, slash = '', name] = match
  if (name === undefined) return ''
  const tag = name.toLowerCase()
  return bareTags.has(tag) ? `<${slash}${tag}>` : escapeHtml(whole)
}

function escapeAngles(text: string): string {
  return text.replace(/[<>]/g, (character) => entities[character] ?? character)
}
