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
