import * as v from 'valibot'
import * as vscode from 'vscode'
import type { RequestID } from '../../opencode/ids.ts'
import type { PermissionRequest } from '../../session/model.ts'
import type { Backend } from '../backend/backends.ts'
import type { Proposal, ProposedFile } from './proposal.ts'
import type { RememberedTexts } from './rememberedTexts.ts'

const prefix = 'edit:'

const memory = v.object({
  directory: v.string(),
  files: v.array(
    v.object({
      path: v.string(),
      uri: v.string(),
      source: v.string(),
      status: v.picklist(['added', 'deleted', 'modified']),
      base: v.optional(v.string()),
      after: v.optional(v.string()),
      breaksEncoding: v.boolean(),
      encoding: v.optional(v.string()),
      shown: v.optional(
        v.object({ uri: v.string(), mine: v.string(), offered: v.string(), text: v.string() }),
      ),
    }),
  ),
})
type Memory = v.InferOutput<typeof memory>

/** The side of a diff in which the user may have typed. */
export interface RememberedSide {
  readonly uri: vscode.Uri
  /** Absolute path of the file that it is about. */
  readonly path: string
  readonly offered: string
  readonly text: string
}

/**
 * The edits that wait, beyond a reload of the window: what stood in their files when they were asked for is written
 * down nowhere else, and neither is what the user typed into a proposal.
 */
export class ProposalMemory {
  readonly #remembered: RememberedTexts

  constructor(remembered: RememberedTexts) {
    this.#remembered = remembered
  }

  /** The sides of all diffs that are remembered. */
  get sides(): readonly RememberedSide[] {
    return this.#all().flatMap(([, { files }]) => sidesIn(files))
  }

  recall(request: PermissionRequest, backend: Backend): Proposal | undefined {
    const found = read(this.#remembered.get(prefix + request.id))
    return found && { request, backend, files: found.files.map(toFile) }
  }

  keep({ request, files }: Proposal, textOf: (file: ProposedFile) => string | undefined): void {
    const { id, directory } = request
    const value: Memory = {
      directory,
      files: files.map(({ shown, ...file }) => ({
        ...file,
        uri: file.uri.toString(),
        source: file.source.toString(),
        shown: shown && {
          ...shown,
          uri: shown.uri.toString(),
          text: textOf({ ...file, shown }) ?? shown.offered,
        },
      })),
    }
    this.#remembered.set(prefix + id, value)
  }

  forget(id: RequestID): void {
    this.#remembered.delete(prefix + id)
  }

  /** Forgets the edits of a directory that nobody asks for any more; gives what was typed into them. */
  drop(directory: string, waiting: ReadonlySet<string>): readonly RememberedSide[] {
    const gone = this.#all().filter(([id, value]) => value.directory === directory && !waiting.has(id))
    for (const [id] of gone) this.#remembered.delete(prefix + id)
    return gone.flatMap(([, { files }]) => sidesIn(files))
  }

  #all(): readonly (readonly [string, Memory])[] {
    return this.#remembered.entries.flatMap(([key, value]) => {
      const found = key.startsWith(prefix) ? read(value) : undefined
      return found ? [[key.slice(prefix.length), found] as const] : []
    })
  }
}

function read(value: unknown): Memory | undefined {
  const parsed = v.safeParse(memory, value)
  return parsed.success ? parsed.output : undefined
}

function toFile({ shown, base, after, ...file }: Memory['files'][number]): ProposedFile {
  const { uri, source } = file
  return {
    ...file,
    base,
    after,
    uri: vscode.Uri.parse(uri, true),
    source: vscode.Uri.parse(source, true),
    ...(shown
      ? { shown: { uri: vscode.Uri.parse(shown.uri, true), mine: shown.mine, offered: shown.offered } }
      : {}),
  }
}

function sidesIn(files: Memory['files']): readonly RememberedSide[] {
  return files.flatMap(({ path, shown }) =>
    shown ? [{ path, uri: vscode.Uri.parse(shown.uri, true), offered: shown.offered, text: shown.text }] : [],
  )
}
