import { resolve } from 'node:path'
import * as vscode from 'vscode'
import type { PathCheck } from '../../protocol/methods.ts'

const keptMs = 10_000
const keptAnswers = 500
/** Larger files are not read to count their lines. */
const largestFile = 2 * 1024 * 1024

interface Link {
  readonly path: string
  readonly line?: number | undefined
}

/** Says whether files that an answer names are there. Answers are kept for a moment: an answer names a file often. */
export class PathChecks {
  readonly #lineCounts = new Map<
    string,
    { readonly at: number; readonly count: Promise<number | undefined> }
  >()

  /** Relative paths are taken from the session's directory. */
  async check({ path, line }: Link, directory: string): Promise<PathCheck> {
    const count = await this.#lines(resolve(directory, path))
    if (count === undefined) return 'missing'
    return line !== undefined && line > count ? 'no-line' : 'there'
  }

  /** Lines of a file, infinite for what has none to count; undefined: it is not there. */
  #lines(path: string): Promise<number | undefined> {
    const known = this.#lineCounts.get(path)
    if (known && Date.now() - known.at < keptMs) return known.count
    const count = countLines(vscode.Uri.file(path))
    this.#lineCounts.delete(path)
    this.#lineCounts.set(path, { at: Date.now(), count })
    const oldest = this.#lineCounts.size > keptAnswers ? this.#lineCounts.keys().next().value : undefined
    if (oldest !== undefined) this.#lineCounts.delete(oldest)
    return count
  }
}

async function countLines(uri: vscode.Uri): Promise<number | undefined> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())
  if (open) return open.lineCount
  try {
    const stat = await vscode.workspace.fs.stat(uri)
    if (stat.type & vscode.FileType.Directory || stat.size > largestFile) return Infinity
    const bytes = await vscode.workspace.fs.readFile(uri)
    return bytes.reduce((lines, byte) => (byte === 10 ? lines + 1 : lines), 1)
  } catch {
    return undefined
  }
}
