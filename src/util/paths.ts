/**
 * Whether a path is a folder itself or leads into it. Both are absolute and of one machine; on Windows either slash
 * separates, and capitals do not matter.
 */
export function isWithin(path: string, folder: string): boolean {
  const isWindows = /^(?:[A-Za-z]:|\\\\)/.test(folder)
  const plain = (value: string): string => (isWindows ? value.replaceAll('\\', '/').toLowerCase() : value)
  const [inner, outer] = [plain(path), plain(folder).replace(/\/+$/, '')]
  return inner === outer || inner.startsWith(`${outer}/`)
}

/** The way from a folder to what lies in it, with forward slashes on Windows, too; undefined for all else. */
export function pathBelow(path: string, folder: string): string | undefined {
  const isWindows = /^(?:[A-Za-z]:|\\\\)/.test(folder)
  const [inner, outer] = [path, folder].map((value) => value.replace(isWindows ? /[\\/]+$/ : /\/+$/, ''))
  if (inner === undefined || outer === undefined || !isWithin(inner, outer)) return undefined
  const rest = inner.slice(outer.length + 1)
  if (rest === '') return undefined
  return isWindows ? rest.replaceAll('\\', '/') : rest
}
