import * as v from 'valibot'
import * as vscode from 'vscode'
import { setContextKey } from '../../platform/contextKeys.ts'
import { filePath } from '../../platform/folders.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import { diffScheme } from '../diffDocuments.ts'
import { commentsToPrompt } from './commentPrompt.ts'
import type { LineComment } from './commentPrompt.ts'
import { fileOf, isOldSide, reviewScheme } from './reviewDocuments.ts'
import type { ReviewState } from './reviewState.ts'

const controllerID = 'opencodeSessions.review'

const storedSchema = v.array(
  v.object({ uri: v.string(), start: v.number(), end: v.number(), texts: v.array(v.string()) }),
)

/** What the user writes at lines of changes, until it becomes a prompt. Kept over reloads. */
export class ReviewComments implements Disposable {
  readonly #state: ReviewState
  readonly #stored: StoredValue
  readonly #store = new DisposableStore()
  readonly #controller: vscode.CommentController
  readonly #threads = new Set<vscode.CommentThread>()
  /** The changed files, as ranges were given out for the last time. */
  #lastFiles = ''

  constructor(state: ReviewState, stored: StoredValue) {
    this.#state = state
    this.#stored = stored
    this.#controller = this.#store.add(
      vscode.comments.createCommentController(controllerID, vscode.l10n.t('Comments for OpenCode')),
    )
    this.#controller.options = {
      placeHolder: vscode.l10n.t('What should OpenCode do here?'),
      prompt: vscode.l10n.t('Comment for OpenCode…'),
    }
    this.#provideRanges()
    this.#store.add(state.onDidChange(() => this.#followFiles()))
    this.#restore()
    this.#changed()
  }

  /** The user wrote something into a thread, which may be a new one. */
  add({ thread, text }: vscode.CommentReply): void {
    if (text.trim() === '') return
    this.#threads.add(thread)
    thread.label = vscode.l10n.t('For OpenCode')
    thread.comments = [...thread.comments, toComment(text)]
    this.#changed()
  }

  /** Takes one comment away; a thread without any goes too. */
  remove(comment: vscode.Comment): void {
    for (const thread of this.#threads) {
      if (!thread.comments.includes(comment)) continue
      thread.comments = thread.comments.filter((each) => each !== comment)
      if (thread.comments.length === 0) this.#drop(thread)
    }
    this.#changed()
  }

  /**
   * All comments as the words of a prompt to a session in `directory`, in the order of files and lines; undefined when
   * there is none.
   */
  async toPrompt(directory: string): Promise<string | undefined> {
    const comments = await Promise.all([...this.#threads].map((thread) => read(thread, directory)))
    const sorted = comments.sort((a, b) => (a.path === b.path ? a.start - b.start : a.path < b.path ? -1 : 1))
    return sorted.length === 0 ? undefined : commentsToPrompt(sorted)
  }

  /** They are in a prompt now. */
  clear(): void {
    for (const thread of [...this.#threads]) this.#drop(thread)
    this.#changed()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #drop(thread: vscode.CommentThread): void {
    this.#threads.delete(thread)
    thread.dispose()
  }

  /** Wherever a change is shown; set anew when files come and go, since VS Code asks only once for a document. */
  #provideRanges(): void {
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: (document) =>
        this.#isShown(document.uri) ? [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)] : [],
    }
  }

  #isShown(uri: vscode.Uri): boolean {
    if (uri.scheme === reviewScheme || uri.scheme === diffScheme) return true
    return uri.scheme === 'file' && this.#state.file(filePath(uri), 'session') !== undefined
  }

  #followFiles(): void {
    const files = this.#state.reviews.flatMap(({ files: each }) => [...each.keys()]).join('\n')
    if (files === this.#lastFiles) return
    this.#lastFiles = files
    this.#provideRanges()
  }

  #changed(): void {
    setContextKey('hasReviewComments', this.#threads.size > 0)
    const value = [...this.#threads].map(({ uri, range, comments }) => ({
      uri: uri.toString(),
      start: range?.start.line ?? 0,
      end: range?.end.line ?? 0,
      texts: comments.map(({ body }) => textOf(body)),
    }))
    void this.#stored.set(value)
  }

  #restore(): void {
    const result = v.safeParse(storedSchema, this.#stored.get())
    for (const { uri, start, end, texts } of result.success ? result.output : []) {
      // A document of ours may stand for something else by now; the real file has the line as well.
      const parsed = vscode.Uri.parse(uri)
      const place = parsed.scheme === reviewScheme ? fileOf(parsed) : parsed
      const range = new vscode.Range(start, 0, end, 0)
      const thread = this.#controller.createCommentThread(place, range, texts.map(toComment))
      thread.label = vscode.l10n.t('For OpenCode')
      this.#threads.add(thread)
    }
  }
}

function toComment(text: string): vscode.Comment {
  return {
    body: new vscode.MarkdownString(text),
    mode: vscode.CommentMode.Preview,
    author: { name: vscode.l10n.t('You') },
    contextValue: 'forOpenCode',
  }
}

function textOf(body: string | vscode.MarkdownString): string {
  return typeof body === 'string' ? body : body.value
}

async function read({ uri, range, comments }: vscode.CommentThread, directory: string): Promise<LineComment> {
  const document = await textAt(uri)
  const last = Math.max(0, (document?.lineCount ?? Infinity) - 1)
  const start = Math.min(range?.start.line ?? 0, last)
  const end = Math.min(range?.end.line ?? start, last)
  const lines = document && new vscode.Range(start, 0, end, document.lineAt(end).range.end.character)
  return {
    path: shortName(filePath(fileOf(uri)), directory),
    start: start + 1,
    end: end + 1,
    quote: lines ? document.getText(lines) : '',
    isOld: isOldSide(uri),
    texts: comments.map(({ body }) => textOf(body)),
  }
}

/** Undefined for a file that is gone, or on another machine: what was said of it still counts. */
async function textAt(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(uri)
  } catch {
    return undefined
  }
}
