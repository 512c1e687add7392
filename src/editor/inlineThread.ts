import * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import { OpencodeError } from '../opencode/errors.ts'
import { lineLabel } from '../prompt/attachment.ts'
import type { Anchor } from '../prompt/attachment.ts'
import type { Lines } from '../prompt/follow.ts'
import { followAnchor } from '../prompt/refresh.ts'
import { textOf } from '../prompt/selectionPart.ts'
import { linesAfter } from './linesAfter.ts'

/**
 * One question at some lines, with its answers. The lines are followed while the user goes on typing; what they held
 * when they were last asked about is kept, so that an answer never goes over newer words.
 */
export class InlineThread {
  readonly directory: string
  /** Where its exchange is; undefined before the first answer. */
  sessionID: SessionID | undefined
  /** What is to stand in the place of the lines; undefined while there is no proposal. */
  proposal: string | undefined
  /** Aborts the run that goes on. */
  stop: AbortController | undefined
  readonly #first: vscode.Comment
  #thread: vscode.CommentThread
  #document: vscode.TextDocument
  #anchor: Anchor
  #asked: string

  constructor(thread: vscode.CommentThread, document: vscode.TextDocument, lines: Lines, directory: string) {
    this.#thread = thread
    this.#document = document
    this.directory = directory
    this.#asked = textOf(document, lines)
    this.#anchor = { uri: document.uri.toString(), lines, text: this.#asked }
    // An input of a comment that is being written gets the focus, an empty reply does not.
    thread.canReply = false
    this.#first = { author: { name: vscode.l10n.t('You') }, body: '', mode: vscode.CommentMode.Editing }
    this.#first.contextValue = 'asking'
    thread.comments = [this.#first]
    thread.contextValue = 'asking'
    thread.label = this.#label()
  }

  /** Another one after the file was renamed. */
  get thread(): vscode.CommentThread {
    return this.#thread
  }

  /** Another one after the file was closed and opened again. */
  get document(): vscode.TextDocument {
    return this.#document
  }

  /** 1-based; undefined when they were removed. */
  get lines(): Lines | undefined {
    return this.#anchor.isGone === true ? undefined : this.#anchor.lines
  }

  /** The text of the lines when they were last asked about. */
  get asked(): string {
    return this.#asked
  }

  /** Whether the lines hold what they held when they were asked about. */
  get isAsAsked(): boolean {
    return this.lines !== undefined && this.#anchor.text === this.#asked
  }

  /**
   * The lines as they are now are those that the next answer is about.
   *
   * @throws OpencodeError `conflict` when they are gone
   */
  ask(): vscode.Range {
    const { range } = this
    if (!range) {
      throw new OpencodeError(
        'conflict',
        vscode.l10n.t('The lines of this question are gone. Undo what removed them, or ask anew.'),
      )
    }
    this.#asked = this.#anchor.text
    this.proposal = undefined
    this.#drawLabel()
    return range
  }

  get range(): vscode.Range | undefined {
    if (!this.lines) return undefined
    const { start, end } = this.lines
    return this.document.validateRange(new vscode.Range(start - 1, 0, end - 1, Number.MAX_SAFE_INTEGER))
  }

  /** Whether nothing was asked yet. */
  get isNew(): boolean {
    return this.thread.contextValue === 'asking'
  }

  get isWorking(): boolean {
    return this.thread.contextValue === 'working'
  }

  /** Whether this is the comment that the first question is written in. */
  holds(comment: unknown): boolean {
    return comment === this.#first
  }

  setState(state: 'working' | 'proposed' | 'answered'): void {
    this.thread.contextValue = state
    if (state !== 'working') this.thread.canReply = true
  }

  /** What the user asked, as it was written. */
  sayOwn(question: string): void {
    const own = { author: { name: vscode.l10n.t('You') }, body: question, mode: vscode.CommentMode.Preview }
    this.thread.comments = [...(this.isNew ? [] : this.thread.comments), own]
  }

  /** What the answer is to be put in the place of the lines. */
  propose(proposal: string): void {
    this.proposal = proposal
    this.setState('proposed')
    this.#drawLabel()
  }

  follow(changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    this.#place(followAnchor(this.#document, this.#anchor, changes))
  }

  /** The file is open again, maybe with another text: nobody told of what changed in between. */
  reopen(document: vscode.TextDocument): void {
    if (document === this.#document) return
    const moved = this.lines && linesAfter(this.#document.getText(), document.getText(), this.lines)
    this.#document = document
    const uri = document.uri.toString()
    if (!moved) this.#place({ ...this.#anchor, uri, isGone: true })
    else this.#place({ uri, lines: moved.lines, text: textOf(document, moved.lines) })
  }

  /** The file has another name: a thread stays with its address, so this one is made anew. */
  move(thread: vscode.CommentThread): void {
    const { range, comments, contextValue, canReply, label, collapsibleState } = this.#thread
    Object.assign(thread, { range, comments, contextValue, canReply, label, collapsibleState })
    this.#thread.dispose()
    this.#thread = thread
    this.#anchor = { ...this.#anchor, uri: thread.uri.toString() }
  }

  #place(anchor: Anchor): void {
    const before = this.lines
    this.#anchor = anchor
    const { lines, range } = this
    const hasMoved = before?.start !== lines?.start || before?.end !== lines?.end
    if (range && hasMoved) this.thread.range = range
    this.#drawLabel()
  }

  #drawLabel(): void {
    const label = this.#label()
    if (this.thread.label !== label) this.thread.label = label
  }

  #label(): string {
    if (!this.lines) return vscode.l10n.t('The lines are gone')
    if (this.proposal !== undefined && !this.isAsAsked) {
      return vscode.l10n.t('Changed meanwhile: accepting opens a comparison')
    }
    const { start, end } = this.lines
    return start === end
      ? vscode.l10n.t('Change line {0}', start)
      : vscode.l10n.t('Change lines {0}', lineLabel({ start, end }))
  }

  /** Puts a comment at the end; gives back a way to change it. */
  say(name: string, text: string): (text: string) => void {
    const comment: vscode.Comment = {
      author: { name },
      body: new vscode.MarkdownString(text),
      mode: vscode.CommentMode.Preview,
    }
    this.thread.comments = [...this.thread.comments, comment]
    return (next) => {
      comment.body = new vscode.MarkdownString(next)
      this.thread.comments = [...this.thread.comments]
    }
  }

  dispose(): void {
    this.stop?.abort()
    this.thread.dispose()
  }
}
