import * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import { lineLabel } from '../prompt/attachment.ts'
import { followLines } from '../prompt/follow.ts'
import type { Lines } from '../prompt/follow.ts'
import { textOf } from '../prompt/selectionPart.ts'

/**
 * One question at some lines, with its answers. The lines are followed while the user goes on typing; what they held
 * when they were last asked about is kept, so that an answer never goes over newer words.
 */
export class InlineThread {
  readonly thread: vscode.CommentThread
  readonly document: vscode.TextDocument
  readonly directory: string
  /** Where its exchange is; undefined before the first answer. */
  sessionID: SessionID | undefined
  /** What is to stand in the place of the lines; undefined while there is no proposal. */
  proposal: string | undefined
  /** Aborts the run that goes on. */
  stop: AbortController | undefined
  readonly #first: vscode.Comment
  #lines: Lines | undefined
  #asked = ''

  constructor(thread: vscode.CommentThread, document: vscode.TextDocument, lines: Lines, directory: string) {
    this.thread = thread
    this.document = document
    this.directory = directory
    this.#lines = lines
    this.#asked = textOf(document, lines)
    // An input of a comment that is being written gets the focus, an empty reply does not.
    thread.canReply = false
    this.#first = { author: { name: vscode.l10n.t('You') }, body: '', mode: vscode.CommentMode.Editing }
    this.#first.contextValue = 'asking'
    thread.comments = [this.#first]
    thread.contextValue = 'asking'
    thread.label = this.#label()
  }

  /** 1-based; undefined when they were removed. */
  get lines(): Lines | undefined {
    return this.#lines
  }

  /** The text of the lines when they were last asked about. */
  get asked(): string {
    return this.#asked
  }

  /** Whether the lines hold what they held when they were asked about. */
  get isAsAsked(): boolean {
    return this.#lines !== undefined && textOf(this.document, this.#lines) === this.#asked
  }

  /** The lines as they are now are those that the next answer is about. */
  ask(): vscode.Range {
    const range = this.range ?? new vscode.Range(0, 0, 0, 0)
    this.#asked = this.#lines ? textOf(this.document, this.#lines) : ''
    return range
  }

  get range(): vscode.Range | undefined {
    if (!this.#lines) return undefined
    const { start, end } = this.#lines
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

  follow(changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    const before = this.#lines
    this.#lines = before && followLines(before, changes)
    const { range } = this
    const hasMoved = before?.start !== this.#lines?.start || before?.end !== this.#lines?.end
    if (range && hasMoved) this.thread.range = range
    const label = this.#label()
    if (this.thread.label !== label) this.thread.label = label
  }

  #label(): string {
    if (!this.#lines) return vscode.l10n.t('The lines are gone')
    if (this.proposal !== undefined && !this.isAsAsked) {
      return vscode.l10n.t('Changed meanwhile: accepting opens a comparison')
    }
    const { start, end } = this.#lines
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
