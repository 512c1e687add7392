import { isAbsolute, join, relative } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import { setContextKey } from '../platform/contextKeys.ts'
import type { Anchor } from '../prompt/attachment.ts'
import type { Lines } from '../prompt/follow.ts'
import { followAnchor, locate } from '../prompt/refresh.ts'
import { textOf } from '../prompt/selectionPart.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Finding } from './findings.ts'

const reviewController = 'opencodeSessions.findings'

/** A review that was made, and where its exchange goes on. */
export interface Review {
  readonly directory: string
  readonly sessionID: SessionID
}

/** A finding at its lines. */
export interface PlacedFinding extends Review {
  readonly finding: Finding
}

/** A finding and where its lines are by now. */
interface Standing extends PlacedFinding {
  /** The text that the review was about. */
  readonly reviewed: string
  readonly anchor: Anchor
}

/** The findings of reviews as comments of VS Code; a new review takes the place of the last one of its folder. */
export class ReviewComments implements Disposable {
  readonly #store = new DisposableStore()
  readonly #controller: vscode.CommentController
  readonly #placed = new Map<vscode.CommentThread, Standing>()

  constructor() {
    this.#controller = this.#store.add(
      vscode.comments.createCommentController(reviewController, vscode.l10n.t('OpenCode review')),
    )
    const { workspace } = vscode
    this.#store.add(workspace.onDidChangeTextDocument((event) => this.#follow(event)))
    // While a file was closed, nobody told what became of its lines.
    this.#store.add(
      workspace.onDidOpenTextDocument((document) =>
        this.#update(document, (anchor) => locate(document, anchor)),
      ),
    )
    this.#store.add(workspace.onDidRenameFiles(({ files }) => this.#move(files)))
    this.#controller.options = { placeHolder: vscode.l10n.t('Ask OpenCode about this finding…') }
  }

  get threads(): readonly vscode.CommentThread[] {
    return [...this.#placed.keys()]
  }

  /** Shows findings; gives those back whose file or line does not exist. */
  async show(review: Review, findings: readonly Finding[]): Promise<readonly Finding[]> {
    this.clear(review.directory)
    const unplaced: Finding[] = []
    for (const finding of findings) {
      const document = await openInside(review.directory, finding.file)
      if (!document || finding.line > document.lineCount) unplaced.push(finding)
      else this.#place(document, { ...review, finding })
    }
    this.#changed()
    return unplaced
  }

  find(thread: unknown): PlacedFinding | undefined {
    return this.#placed.get(thread as vscode.CommentThread)
  }

  /** Puts more words below a finding; gives back a way to change them. */
  say(thread: vscode.CommentThread, name: string, text: string): (text: string) => void {
    const comment = commentOf(name, text)
    thread.comments = [...thread.comments, comment]
    return (next) => {
      comment.body = new vscode.MarkdownString(next)
      thread.comments = [...thread.comments]
    }
  }

  dismiss(thread: vscode.CommentThread): void {
    this.#placed.delete(thread)
    thread.dispose()
    this.#changed()
  }

  /** Takes the comments of a folder away, or all of them. */
  clear(directory?: string): void {
    for (const [thread, placed] of [...this.#placed]) {
      if (directory === undefined || placed.directory === directory) this.dismiss(thread)
    }
  }

  dispose(): void {
    this.#placed.clear()
    this.#store.dispose()
  }

  #place(document: vscode.TextDocument, placed: PlacedFinding): void {
    const { line, endLine, message } = placed.finding
    const lines = { start: line, end: Math.min(endLine, document.lineCount) }
    const text = textOf(document, lines)
    const anchor = { uri: document.uri.toString(), lines, text }
    const comments = [commentOf(author, message)]
    this.#create(
      document.uri,
      { ...placed, reviewed: text, anchor },
      { range: rangeOf(document, lines), comments },
    )
  }

  #create(
    uri: vscode.Uri,
    standing: Standing,
    { range, comments }: Pick<vscode.CommentThread, 'range' | 'comments'>,
  ): void {
    const thread = this.#controller.createCommentThread(uri, range ?? new vscode.Range(0, 0, 0, 0), comments)
    thread.label = labelOf(standing)
    thread.contextValue = 'finding'
    // By our default of `comments.openView` this, and not a question at the cursor, opens VS Code's list of comments.
    thread.state = vscode.CommentThreadState.Unresolved
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded
    this.#placed.set(thread, standing)
  }

  /** VS Code moves what is drawn, but tells nobody where it is. */
  #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return
    this.#update(document, (anchor) => followAnchor(document, anchor, contentChanges))
  }

  #update(document: vscode.TextDocument, next: (anchor: Anchor) => Anchor): void {
    for (const [thread, before] of this.#placed) {
      if (before.anchor.uri !== document.uri.toString()) continue
      const standing = { ...before, anchor: next(before.anchor) }
      this.#placed.set(thread, standing)
      const { lines, isGone } = standing.anchor
      const hasMoved = lines.start !== before.anchor.lines.start || lines.end !== before.anchor.lines.end
      if (hasMoved && isGone !== true) thread.range = rangeOf(document, lines)
      const label = labelOf(standing)
      if (thread.label !== label) thread.label = label
    }
  }

  /** A thread stays with its address, so those of moved files are made anew. */
  #move(files: readonly { readonly oldUri: vscode.Uri; readonly newUri: vscode.Uri }[]): void {
    for (const { oldUri, newUri } of files) {
      for (const [thread, standing] of [...this.#placed]) {
        const rest = relative(oldUri.fsPath, thread.uri.fsPath)
        if (rest.startsWith('..') || isAbsolute(rest)) continue
        const uri = rest === '' ? newUri : vscode.Uri.joinPath(newUri, rest)
        this.#placed.delete(thread)
        this.#create(uri, { ...standing, anchor: { ...standing.anchor, uri: uri.toString() } }, thread)
        thread.dispose()
      }
    }
  }

  #changed(): void {
    setContextKey('hasFindings', this.#placed.size > 0)
  }
}

const author = 'OpenCode'

function rangeOf(document: vscode.TextDocument, { start, end }: Lines): vscode.Range {
  const last = document.lineAt(Math.min(end, document.lineCount) - 1).range.end
  return new vscode.Range(new vscode.Position(start - 1, 0), last)
}

/** What the user wrote is shown as it is, an answer as Markdown. */
function commentOf(name: string, text: string): vscode.Comment {
  const body = name === author ? new vscode.MarkdownString(text) : text
  return { author: { name }, body, mode: vscode.CommentMode.Preview }
}

function labelOf({ finding, anchor, reviewed }: Standing): string {
  const severity = severityOf(finding)
  if (anchor.isGone === true) return vscode.l10n.t('{0} · these lines are gone', severity)
  return anchor.text === reviewed ? severity : vscode.l10n.t('{0} · these lines changed since', severity)
}

function severityOf({ severity }: Finding): string {
  switch (severity) {
    case 'error':
      return vscode.l10n.t('Error')
    case 'warning':
      return vscode.l10n.t('Warning')
    case 'note':
      return vscode.l10n.t('Note')
  }
}

/** A file that an answer names is read only where it lies in the folder. */
async function openInside(directory: string, file: string): Promise<vscode.TextDocument | undefined> {
  const path = isAbsolute(file) ? file : join(directory, file)
  const rest = relative(directory, path)
  if (rest === '' || rest.startsWith('..') || isAbsolute(rest)) return undefined
  try {
    return await vscode.workspace.openTextDocument(vscode.Uri.file(path))
  } catch {
    return undefined
  }
}
