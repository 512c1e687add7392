import { isAbsolute, join, relative } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import { setContextKey } from '../platform/contextKeys.ts'
import { followLines } from '../prompt/follow.ts'
import type { Lines } from '../prompt/follow.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Finding } from './findings.ts'

export const reviewController = 'opencodeSessions.findings'

/** A review that was made, and where its exchange goes on. */
export interface Review {
  readonly directory: string
  readonly sessionID: SessionID
}

/** A finding at its lines. */
export interface PlacedFinding extends Review {
  readonly finding: Finding
}

/** The findings of reviews as comments of VS Code; a new review takes the place of the last one of its folder. */
export class ReviewComments implements Disposable {
  readonly #store = new DisposableStore()
  readonly #controller: vscode.CommentController
  readonly #placed = new Map<vscode.CommentThread, PlacedFinding>()

  constructor() {
    this.#controller = this.#store.add(
      vscode.comments.createCommentController(reviewController, vscode.l10n.t('OpenCode review')),
    )
    this.#store.add(vscode.workspace.onDidChangeTextDocument((event) => this.#follow(event)))
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
    const { line: start, endLine, message, severity } = placed.finding
    const range = rangeOf(document, { start, end: endLine })
    const thread = this.#controller.createCommentThread(document.uri, range, [commentOf(author, message)])
    thread.label = labelOf(severity)
    thread.contextValue = 'finding'
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded
    this.#placed.set(thread, placed)
  }

  /** VS Code moves what is drawn, but tells nobody where it is. */
  #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    for (const thread of this.#placed.keys()) {
      if (thread.range === undefined || thread.uri.toString() !== document.uri.toString()) continue
      const before = linesOf(thread.range)
      const lines = followLines(before, contentChanges)
      if (!lines) thread.label = vscode.l10n.t('The lines are gone')
      else if (lines.start !== before.start || lines.end !== before.end)
        thread.range = rangeOf(document, lines)
    }
  }

  #changed(): void {
    setContextKey('hasFindings', this.#placed.size > 0)
  }
}

const author = 'OpenCode'

function linesOf({ start, end }: vscode.Range): Lines {
  return { start: start.line + 1, end: end.line + 1 }
}

function rangeOf(document: vscode.TextDocument, { start, end }: Lines): vscode.Range {
  const last = document.lineAt(Math.min(end, document.lineCount) - 1).range.end
  return new vscode.Range(new vscode.Position(start - 1, 0), last)
}

/** What the user wrote is shown as it is, an answer as Markdown. */
function commentOf(name: string, text: string): vscode.Comment {
  const body = name === author ? new vscode.MarkdownString(text) : text
  return { author: { name }, body, mode: vscode.CommentMode.Preview }
}

function labelOf(severity: Finding['severity']): string {
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
