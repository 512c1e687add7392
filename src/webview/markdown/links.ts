/** Where a link in the transcript may lead: out, by a question of the host's, or to a file. */
export type LinkTarget =
  | { readonly kind: 'external'; readonly href: string }
  | { readonly kind: 'file'; readonly path: string; readonly line?: number }

const externalPattern = /^(?:https?:\/\/|mailto:)/i
const schemePattern = /^[a-z][a-z\d+.-]*:/i
const drivePattern = /^[a-z]:[\\/]/i
const positionPattern = /(?:[:#]L?(\d{1,7})(?:[-:–]L?\d{1,7})?)$/i
const segment = String.raw`[\w@.+~()\[\]-]+`
const pathPattern = new RegExp(String.raw`^(?:[a-z]:)?(?:\.{0,2}[\\/])?(?:${segment}[\\/])*${segment}$`, 'i')
const extensionPattern = /[^.\\/]\.([a-z][a-z\d]{0,9})$/i
/** File names without a folder look like `object.property`; only endings that are surely files count. */
const fileEndings = new Set(
  (
    'bash c cc cfg clj cpp cs css csv cts dart dockerfile env ex exs fish go gql graphql h hpp hs html ini ipynb java ' +
    'js json jsonc jsx kt less lock lua m md mdx mjs mts php pl proto ps1 py rb rs sass scala scss sh sql svelte svg ' +
    'swift tf toml ts tsx txt vue xml yaml yml zig zsh'
  ).split(' '),
)

/** Reads the destination of a markdown link. Undefined: it leads nowhere and shows as text. */
export function readLink(href: string): LinkTarget | undefined {
  const text = href.trim()
  if (externalPattern.test(text)) return { kind: 'external', href: text }
  if (text === '' || text.startsWith('#') || text.startsWith('//')) return undefined
  if (/^file:\/\//i.test(text)) return fileTarget(decode(text.replace(/^file:\/\//i, '')))
  if (schemePattern.test(text.replace(positionPattern, '')) && !drivePattern.test(text)) return undefined
  return fileTarget(decode(text))
}

/** Whether inline code names a file, e.g. `src/add.ts:12`. */
export function readPath(code: string): LinkTarget | undefined {
  if (code.length > 260 || /\s/.test(code)) return undefined
  const bare = code.replace(positionPattern, '')
  if (!pathPattern.test(bare) || schemePattern.test(bare.replace(drivePattern, ''))) return undefined
  const ending = extensionPattern.exec(bare)?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  const hasFolder = /[\\/]/.test(bare)
  return hasFolder || fileEndings.has(ending) ? fileTarget(code) : undefined
}

function fileTarget(text: string): LinkTarget | undefined {
  const line = positionPattern.exec(text)?.[1]
  const path = text.replace(positionPattern, '')
  if (path === '' || /[\0\r\n<>"|?*&]/.test(path)) return undefined
  return line ? { kind: 'file', path, line: Number(line) } : { kind: 'file', path }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
