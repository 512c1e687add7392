/**
 * How a directory travels. The server decodes the value of its header once, and the value of its query once
 * more than usual, so a literal `%` survives only when the query is encoded twice.
 */
export function directoryHeader(directory: string): { readonly 'x-opencode-directory': string } {
  return { 'x-opencode-directory': encodeURIComponent(directory) }
}

export function directoryQuery(directory: string): string {
  const once = encodeURIComponent(directory)
  return `directory=${directory.includes('%') ? encodeURIComponent(once) : once}`
}
