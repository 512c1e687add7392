import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { bytesOf } from '../../review/content.ts'
import type { Content } from '../../review/content.ts'
import { spanIn } from '../../review/reviewedFile.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import type { ChangedTexts, ServerChange } from '../../review/serverChanges.ts'
import type { Span } from '../../review/span.ts'
import { merge } from '../../review/threeWay.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { editorUri } from '../desk/texts.ts'
import { openDocument } from './reviewFiles.ts'
import type { PendingFile, ReviewState } from './reviewState.ts'

export const reviewScheme = 'opencode-review'
const keptTexts = 400
/** In one editor of many files. */
const shownFiles = 300

/** What a document of ours stands for: the file without the agent's open changes. */
export interface ReviewPlace {
  readonly sessionID: SessionID
  readonly scope: ReviewScope
}

/**
 * Read-only documents that show files without what waits for a decision; they follow every decision. Diff editors of
 * VS Code show them beside the real file.
 */
export class ReviewDocuments implements Disposable {
  readonly #state: ReviewState
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<vscode.Uri>())
  readonly #live = new Map<string, vscode.Uri>()
  /** What the documents that follow were made of. */
  readonly #shown = new Map<string, PendingFile | undefined>()
  readonly #texts = new Map<string, string>()
  #lastID = 0

  constructor(state: ReviewState) {
    this.#state = state
    const provider: vscode.TextDocumentContentProvider = {
      onDidChange: this.#onDidChange.event,
      provideTextDocumentContent: (uri) => this.#read(uri),
    }
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(reviewScheme, provider))
    this.#store.add(state.onDidChange(() => this.#live.forEach((uri) => this.#follow(uri))))
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#live.delete(uri.toString())
        this.#shown.delete(uri.toString())
      }),
    )
  }

  /** Opens one file: without the open changes, beside the real one. Files that are no text are just opened. */
  async open(pending: PendingFile, scope: ReviewScope): Promise<void> {
    const { file, now } = pending
    const [left, right] = this.#sides(pending, scope)
    if (now.kind === 'binary' || !left || !right) {
      await vscode.commands.executeCommand('vscode.open', editorUri(file.path))
      return
    }
    const title = vscode.l10n.t('{0} (changed by OpenCode)', basename(file.path))
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true })
  }

  /** Opens many files in one editor, which reads all of them before it shows the first: of very many, the first ones. */
  async openAll(files: readonly PendingFile[], scope: ReviewScope, title: string): Promise<void> {
    const shown = files.slice(0, shownFiles)
    const words =
      shown.length === files.length
        ? title
        : vscode.l10n.t('{0}: the first {1} of {2}', title, shown.length, files.length)
    const resources = shown.map((pending) => {
      const { file, now, pending: what } = pending
      const [left, right] = this.#sides(pending, scope)
      const isNew = what.kind === 'whole' && what.what === 'created'
      return [editorUri(file.path), isNew ? undefined : left, now.kind === 'missing' ? undefined : right]
    })
    await vscode.commands.executeCommand('vscode.changes', words, resources)
  }

  /** Opens what the server of another machine tells; nothing of it can be changed here. */
  async openServer({ path, texts }: ServerChange): Promise<void> {
    if (!texts)
      throw new OpencodeError('unsupported', vscode.l10n.t('The server tells no text of this file.'))
    const title = vscode.l10n.t('{0} (changed on the server)', basename(path))
    const [left, right] = this.#serverSides(path, texts)
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true })
  }

  async openAllServer(changes: readonly ServerChange[], title: string): Promise<void> {
    const resources = changes.flatMap(({ path, status, texts }) => {
      if (!texts) return []
      const [left, right] = this.#serverSides(path, texts)
      const sides = [status === 'added' ? undefined : left, status === 'deleted' ? undefined : right]
      return [[editorUri(path), ...sides]]
    })
    await vscode.commands.executeCommand('vscode.changes', title, resources)
  }

  /** A text that stays as it is, e.g. one side of a merge. */
  put(path: string, text: string, isNew = false): vscode.Uri {
    const uri = reviewUri(path, { id: ++this.#lastID, ...(isNew ? { isNew } : {}) })
    this.#texts.set(uri.toString(), text)
    const oldest = this.#texts.size > keptTexts ? this.#texts.keys().next().value : undefined
    if (oldest !== undefined) this.#texts.delete(oldest)
    return uri
  }

  dispose(): void {
    this.#store.dispose()
  }

  #serverSides(path: string, { before, after }: ChangedTexts): readonly [vscode.Uri, vscode.Uri] {
    return [this.put(path, before), this.put(path, after, true)]
  }

  #sides(
    { sessionID, file, now }: PendingFile,
    scope: ReviewScope,
  ): readonly [vscode.Uri | undefined, vscode.Uri | undefined] {
    const span = spanIn(file, scope)
    if (!span || withoutChanges(span, now).kind === 'binary') return [undefined, editorUri(file.path)]
    const place: ReviewPlace = { sessionID, scope }
    const left = reviewUri(file.path, place)
    this.#live.set(left.toString(), left)
    const right = now.kind === 'missing' ? this.put(file.path, '') : editorUri(file.path)
    return [left, right]
  }

  #pendingOf(uri: vscode.Uri): PendingFile | undefined {
    const place = readPlace(uri)
    return place && this.#state.file(fileOf(uri).fsPath, place.scope, place.sessionID)
  }

  /** Many may be open at once, in an editor of many files; most of them are what they were. */
  #follow(uri: vscode.Uri): void {
    const [old, now] = [this.#shown.get(uri.toString()), this.#pendingOf(uri)]
    if (old?.file !== now?.file || old?.now !== now?.now) this.#onDidChange.fire(uri)
  }

  async #read(uri: vscode.Uri): Promise<string> {
    const text = this.#texts.get(uri.toString())
    if (text !== undefined) return text
    this.#live.set(uri.toString(), uri)
    const place = readPlace(uri)
    const pending = this.#pendingOf(uri)
    this.#shown.set(uri.toString(), pending)
    const span = place && pending ? spanIn(pending.file, place.scope) : undefined
    if (span && pending) return shownText(withoutChanges(span, pending.now), fileOf(uri))
    // Decided in the meantime: there is nothing to compare any more.
    return openDocument(uri.fsPath)?.getText() ?? ''
  }
}

/** The real file that a document of ours is about. */
export function fileOf(uri: vscode.Uri): vscode.Uri {
  return uri.with({ scheme: 'file', query: '' })
}

/** Read as the editor reads the file, so that a diff shows no difference where there is none. */
async function shownText(content: Content, uri: vscode.Uri): Promise<string> {
  const bytes = bytesOf(content)
  return bytes ? vscode.workspace.decode(bytes, { uri }) : ''
}

/**
 * A file that is decided on as a whole is shown as it was, whatever the user made of it since. Else the user's lines are
 * there too, but for a place that both changed: there it shows what stood in it before.
 */
function withoutChanges({ before, change }: Span, now: Content): Content {
  if (!change || now.kind !== 'text') return before
  return { ...now, lines: merge(change.after, change.before, now.lines, 'left') }
}

/** Whether a document shows a file as it was before the change. */
export function isOldSide({ scheme, query }: vscode.Uri): boolean {
  return scheme !== 'file' && !(scheme === reviewScheme && query.includes('"isNew":true'))
}

function reviewUri(
  path: string,
  query: ReviewPlace | { readonly id: number; readonly isNew?: boolean },
): vscode.Uri {
  return vscode.Uri.file(path).with({ scheme: reviewScheme, query: JSON.stringify(query) })
}

function readPlace({ query }: vscode.Uri): ReviewPlace | undefined {
  try {
    const value = JSON.parse(query) as Partial<ReviewPlace>
    return value.sessionID !== undefined && value.scope !== undefined
      ? { sessionID: value.sessionID, scope: value.scope }
      : undefined
  } catch {
    return undefined
  }
}
