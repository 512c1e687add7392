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

const checkName = '.opencode-credential-check-'

/** A folder below `directory` that does not exist: the server makes a fresh instance for each such name. */
export function credentialCheckDirectory(directory: string, mark: string): string {
  const separator = /^([A-Za-z]:\\|\\\\)/.test(directory) ? '\\' : '/'
  return `${directory}${separator}${checkName}${mark}`
}

/** Whether an event comes from such an instance of ours and means nothing to anybody. */
export function isCredentialCheck(directory: string): boolean {
  return directory.includes(checkName)
}
