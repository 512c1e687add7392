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
import { linesAfter } from './linesAfter.ts'
import { movedUri } from './movedUri.ts'
import { openReviewed } from './reviewedFiles.ts'
import type { ReviewedFiles } from './reviewedFiles.ts'
import { withoutPictures } from './withoutPictures.ts'

const reviewController = 'opencodeSessions.findings'

/** A review that was made, and where its exchange goes on. */
export interface Review {
  readonly directory: string
  readonly sessionID: SessionID
}

interface PlacedFinding extends Review {
  readonly finding: Finding
}

/** A finding and where its lines are by now. */
export interface StandingFinding extends PlacedFinding {
  /** The text that the review was about. */
  readonly reviewed: string
  readonly anchor: Anchor
}

/** The findings of reviews as comments of VS Code; a new review takes the place of the last one of its folder. */
export class ReviewComments implements Disposable {
  readonly #store = new DisposableStore()
  readonly #controller: vscode.CommentController
  readonly #placed = new Map<vscode.CommentThread, StandingFinding>()

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
  async show(
    review: Review,
    findings: readonly Finding[],
    reviewed: ReviewedFiles,
  ): Promise<readonly Finding[]> {
    this.clear(review.directory)
    const unplaced: Finding[] = []
    for (const finding of findings) {
      const file = await openReviewed(finding.file, reviewed)
      const standing =
        file && standingOf({ ...review, finding }, file.document, reviewed.texts.get(file.path))
      if (standing) this.#place(file.document, standing)
      else unplaced.push(finding)
    }
    this.#changed()
    return unplaced
  }

  find(thread: unknown): StandingFinding | undefined {
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

  #place(document: vscode.TextDocument, standing: StandingFinding): void {
    const { lines } = standing.anchor
    const last = Math.min(lines.end, document.lineCount)
    const range = rangeOf(document, { start: Math.min(lines.start, last), end: last })
    const others = this.threads.filter(({ uri }) => uri.toString() === document.uri.toString()).length
    this.#create(document.uri, standing, {
      range,
      comments: [commentOf(author, withoutPictures(standing.finding.message))],
      collapsibleState: others < mostOpen ? Expanded : Collapsed,
    })
  }

  #create(
    uri: vscode.Uri,
    standing: StandingFinding,
    {
      range,
      comments,
      collapsibleState,
    }: Pick<vscode.CommentThread, 'range' | 'comments' | 'collapsibleState'>,
  ): void {
    const thread = this.#controller.createCommentThread(uri, range ?? new vscode.Range(0, 0, 0, 0), comments)
    thread.label = labelOf(standing)
    thread.contextValue = 'finding'
    // By our default of `comments.openView` this, and not a question at the cursor, opens VS Code's list of comments.
    thread.state = vscode.CommentThreadState.Unresolved
    thread.collapsibleState = collapsibleState
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
    for (const file of files) {
      for (const [thread, standing] of [...this.#placed]) {
        const uri = movedUri(thread.uri, file)
        if (!uri) continue
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
const { Expanded, Collapsed } = vscode.CommentThreadCollapsibleState
/** Of more findings in one file the others are marks at the margin until they are clicked: the code must be seen. */
const mostOpen = 10

/** Where the lines of a finding are by now, which counts in the text that was reviewed; undefined where it has none. */
function standingOf(
  placed: PlacedFinding,
  document: vscode.TextDocument,
  before = document.getText(),
): StandingFinding | undefined {
  const all = before.split(/\r?\n/)
  const { line, endLine } = placed.finding
  if (line > all.length) return undefined
  const lines = { start: line, end: Math.min(endLine, all.length) }
  const reviewed = all.slice(line - 1, lines.end).join('\n')
  const uri = document.uri.toString()
  const now = linesAfter(before, document.getText(), lines)
  if (!now) return { ...placed, reviewed, anchor: { uri, lines, text: reviewed, isGone: true } }
  const text = textOf(document, now.lines)
  return { ...placed, reviewed: now.isSame ? text : reviewed, anchor: { uri, lines: now.lines, text } }
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

function labelOf({ finding, anchor, reviewed }: StandingFinding): string {
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
