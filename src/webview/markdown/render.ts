import { Lexer, Marked } from 'marked'
import type { Token, TokensList } from 'marked'
import { readLink, readPath } from './links.ts'
import type { LinkTarget } from './links.ts'
import { mathExtension } from './math.ts'
import { bareHtml, escapeHtml } from './sanitize.ts'

export type Links = TokensList['links']
/** A block of markdown: its source text and its kind. */
export type BlockToken = Token

/**
 * Writes HTML without any `href`: where a link leads stands in `data-*`, and one click handler decides.
 * So nothing in a message can navigate, run a command or load anything.
 */
const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    link(token) {
      return linkHtml(readLink(token.href), this.parser.parseInline(token.tokens), token.href)
    },
    image(token) {
      const label = escapeHtml(token.text || token.href.slice(0, 200))
      const target = readLink(token.href)
      return target ? linkHtml(target, `Image: ${label}`, token.href) : label
    },
    codespan(token) {
      const code = `<code>${escapeHtml(token.text)}</code>`
      const target = readPath(token.text)
      return target ? linkHtml(target, code, token.text) : code
    },
    code(token) {
      const lang = /^[\w+#.-]{1,30}/.exec(token.lang ?? '')?.[0] ?? ''
      const path = namedPath(token.lang ?? '')
      const named = path === undefined ? '' : ` data-path="${escapeHtml(path)}"`
      return `<pre data-lang="${escapeHtml(lang)}"${named}><code>${escapeHtml(token.text)}\n</code></pre>`
    },
    html: (token) => bareHtml(token.text),
    checkbox: (token) => `<span class="task-mark">${token.checked ? '☑' : '☐'}</span> `,
  },
})

marked.use(mathExtension)

/** Splits text into blocks. Inline text is not looked at before a block is drawn. */
export function splitBlocks(text: string): { readonly tokens: readonly BlockToken[]; readonly links: Links } {
  const lexer = new Lexer(marked.defaults)
  const tokens: TokensList = lexer.lex(text)
  return { tokens, links: tokens.links }
}

export function blockHtml(token: BlockToken): string {
  return marked.parser([token])
}

/** The file that the words behind a fence name: `ts src/add.ts`, `ts:src/add.ts`, `ts title="src/add.ts"`. */
function namedPath(info: string): string | undefined {
  const words = info
    .replace(/^[\w+#.-]{1,30}:?/, '')
    .replace(/^\s*(?:title|file|filename|path)=/, '')
    .trim()
    .replace(/^["'{](.*)["'}]$/, '$1')
  const target = readPath(words)
  return target?.kind === 'file' ? target.path : undefined
}

function linkHtml(target: LinkTarget | undefined, inner: string, source: string): string {
  if (!target) return `<span class="dead-link">${inner}</span>`
  if (target.kind === 'external')
    return `<a class="external-link" data-href="${escapeHtml(source.trim())}">${inner}</a>`
  const line = target.line === undefined ? '' : ` data-line="${target.line}"`
  return `<a class="file-link" data-path="${escapeHtml(target.path)}"${line}>${inner}</a>`
}
