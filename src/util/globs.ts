/** Each choice of `{a,b}` as a glob of its own. */
export function withoutBraces(glob: string): readonly string[] {
  const [whole, choices] = /\{([^{}]*)\}/.exec(glob) ?? []
  if (whole === undefined || choices === undefined) return [glob]
  return choices.split(',').flatMap((choice) => withoutBraces(glob.replace(whole, () => choice)))
}

/**
 * Whether a path is meant by a glob of a list of private files. Rather more than less is: capitals do not matter, a
 * glob that begins nowhere in particular is meant in every folder, and a plain name means all of a folder, too.
 *
 * @param path absolute, with either slash
 */
export function isMeantBy(glob: string, path: string): boolean {
  return withoutBraces(glob.trim()).some(
    (each) => each !== '' && patternOf(each).test(path.replaceAll('\\', '/')),
  )
}

const patterns = new Map<string, RegExp>()

function patternOf(glob: string): RegExp {
  const known = patterns.get(glob)
  if (known) return known
  const isRooted = /^(?:\/|[A-Za-z]:)/.test(glob)
  const segments = glob
    .replaceAll('\\', '/')
    .replace(/^(?:\.?\/)/, isRooted ? '/' : '')
    .split('/')
    .filter((segment, index) => segment !== '' || index === 0)
  const body = segments.map((segment, index) => segmentOf(segment, index === segments.length - 1)).join('')
  const below = /[*?[]/.test(segments.at(-1) ?? '') ? '' : '(?:/.*)?'
  const pattern = new RegExp(`${isRooted ? '^' : '(?:^|/)'}${body}${below}$`, 'is')
  patterns.set(glob, pattern)
  return pattern
}

/** One name of a path with the slash behind it; `**` stands for any number of them. */
function segmentOf(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.*' : '(?:[^/]*/)*'
  const parts = segment.match(/\*+|\?|\[!?[^\]/]+\]|./gsu) ?? []
  return parts.map(partOf).join('') + (isLast ? '' : '/')
}

function partOf(part: string): string {
  if (part.startsWith('*')) return '[^/]*'
  if (part === '?') return '[^/]'
  if (!isSet(part)) return part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  const isNot = part.startsWith('[!')
  const letters = part.slice(isNot ? 2 : 1, -1).replaceAll(/[\\^\]]/g, '\\$&')
  return `[${isNot ? '^/' : ''}${letters}]`
}

/** Such as `[a-c]`; letters in an order that makes no range are letters like others. */
function isSet(part: string): boolean {
  if (!/^\[.+\]$/s.test(part)) return false
  return ![...part.matchAll(/(.)-(.)/gsu)].some(([, from = '', to = '']) => from > to)
}
