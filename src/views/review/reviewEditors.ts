import { basename } from 'node:path'
import * as vscode from 'vscode'
import { setContextKey } from '../../platform/contextKeys.ts'
import type { Hunk } from '../../review/hunks.ts'
import { linesIn } from '../../review/lines.ts'
import { spanIn } from '../../review/reviewedFile.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Review } from './review.ts'
import type { PendingFile } from './reviewState.ts'

/** Removed lines that a hover shows at the most. */
const shownLines = 30

/** Shows in the real editors what waits for a decision: coloured lines, what was removed, and what can be done. */
export class ReviewEditors implements vscode.CodeLensProvider, Disposable {
  readonly #review: Review
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<void>())
  readonly onDidChangeCodeLenses = this.#onDidChange.event
  readonly #added = this.#store.add(vscode.window.createTextEditorDecorationType(addedStyle))
  readonly #removed = this.#store.add(vscode.window.createTextEditorDecorationType(removedStyle))
  readonly #conflict = this.#store.add(vscode.window.createTextEditorDecorationType(conflictStyle))

  constructor(review: Review) {
    this.#review = review
    this.#store.add(vscode.languages.registerCodeLensProvider({ scheme: 'file' }, this))
    this.#store.add(review.state.onDidChange(() => this.#draw()))
    this.#store.add(review.onDidChangeScope(() => this.#draw()))
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.#draw()))
    this.#store.add(vscode.window.onDidChangeActiveTextEditor(() => this.#draw()))
    this.#store.add(vscode.window.tabGroups.onDidChangeTabs(() => this.#draw()))
    this.#draw()
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const pending = pendingOf(this.#review, document)
    if (!pending) return []
    if (pending.pending.kind === 'whole') return wholeLenses(document, pending)
    const hunks = hunksIn(pending)
    return hunks.flatMap((hunk, index) => hunkLenses(document, hunk, { index, count: hunks.length }))
  }

  dispose(): void {
    this.#store.dispose()
  }

  #draw(): void {
    for (const editor of vscode.window.visibleTextEditors) this.#decorate(editor)
    const active = vscode.window.activeTextEditor
    const pending = active && pendingOf(this.#review, active.document)
    setContextKey('hasHunks', pending !== undefined && pending.pending.kind !== 'none')
    this.#onDidChange.fire()
  }

  #decorate(editor: vscode.TextEditor): void {
    const { document } = editor
    if (document.uri.scheme !== 'file') return
    const pending = isPlain(document) ? pendingOf(this.#review, document) : undefined
    const isNew = pending?.pending.kind === 'whole' && pending.pending.what === 'created'
    const hunks = pending ? hunksIn(pending) : []
    const clean = hunks.filter(({ isOverwritten }) => !isOverwritten)
    const whole = new vscode.Range(0, 0, document.lineCount - 1, 0)
    editor.setDecorations(this.#added, isNew ? [whole] : clean.flatMap((hunk) => linesOf(hunk)))
    editor.setDecorations(
      this.#conflict,
      hunks.filter(({ isOverwritten }) => isOverwritten).flatMap((hunk) => linesOf(hunk)),
    )
    const scope = this.#review.scope
    const removed = pending ? hunks.flatMap((hunk) => removedMark({ document, pending, hunk, scope })) : []
    editor.setDecorations(this.#removed, removed)
  }
}

/** A diff or a merge shows by itself what is new and what is gone. */
function isPlain({ uri }: vscode.TextDocument): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => {
    const input = activeTab?.input
    return input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()
  })
}

/** What waits in a document, by the scope that the view shows. */
export function pendingOf(review: Review, { uri }: vscode.TextDocument): PendingFile | undefined {
  return uri.scheme === 'file' ? review.state.file(uri.fsPath, review.scope) : undefined
}

export function hunksIn({ pending }: PendingFile): readonly Hunk[] {
  return pending.kind === 'hunks' ? pending.hunks : []
}

/** The hunk at a line, else the next one below it, else the last. */
export function hunkAt(pending: PendingFile, line: number): Hunk | undefined {
  const hunks = hunksIn(pending)
  return hunks.find(({ now }) => Math.max(now.end - 1, now.start) >= line) ?? hunks.at(-1)
}

const addedStyle: vscode.DecorationRenderOptions = {
  isWholeLine: true,
  backgroundColor: new vscode.ThemeColor('opencodeSessions.changedLineBackground'),
  overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.addedForeground'),
  overviewRulerLane: vscode.OverviewRulerLane.Left,
}
const removedStyle: vscode.DecorationRenderOptions = {
  overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.deletedForeground'),
  overviewRulerLane: vscode.OverviewRulerLane.Left,
}
const conflictStyle: vscode.DecorationRenderOptions = {
  isWholeLine: true,
  backgroundColor: new vscode.ThemeColor('opencodeSessions.overwrittenLineBackground'),
  overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.currentContentForeground'),
  overviewRulerLane: vscode.OverviewRulerLane.Left,
}

function linesOf({ now }: Hunk): readonly vscode.Range[] {
  return now.end > now.start ? [new vscode.Range(now.start, 0, now.end - 1, 0)] : []
}

interface Removal {
  readonly document: vscode.TextDocument
  readonly pending: PendingFile
  readonly hunk: Hunk
  readonly scope: ReviewScope
}

/** Lines that are gone leave a word at the end of the line where they were; the hover has them. */
function removedMark({ document, pending, hunk, scope }: Removal): readonly vscode.DecorationOptions[] {
  const { before } = spanIn(pending.file, scope) ?? {}
  const lines = before?.kind === 'text' ? linesIn(before.lines, hunk.before) : []
  if (lines.length === 0) return []
  const line = Math.min(hunk.now.start, document.lineCount - 1)
  const end = document.lineAt(line).range.end
  const more = lines.length > shownLines ? '\n…' : ''
  const hover = new vscode.MarkdownString()
  hover.appendCodeblock(lines.slice(0, shownLines).join('').trimEnd() + more, document.languageId)
  return [
    {
      range: new vscode.Range(end, end),
      hoverMessage: hover,
      renderOptions: {
        after: {
          contentText: removedText(lines),
          margin: '0 0 0 2em',
          color: new vscode.ThemeColor('editorCodeLens.foreground'),
        },
      },
    },
  ]
}

/** What stood there, as far as it fits behind a line. */
function removedText(lines: readonly string[]): string {
  const first = lines[0]?.trim() ?? ''
  const shown = first.length > 60 ? `${first.slice(0, 60)}…` : first
  if (lines.length === 1 && shown !== '') return `− ${shown}`
  return lines.length === 1
    ? vscode.l10n.t('− an empty line')
    : vscode.l10n.t('− {0} lines: {1} …', lines.length, shown)
}

function hunkLenses(
  document: vscode.TextDocument,
  hunk: Hunk,
  place: { readonly index: number; readonly count: number },
): vscode.CodeLens[] {
  const line = Math.min(hunk.now.start, document.lineCount - 1)
  const range = new vscode.Range(line, 0, line, 0)
  const lens = (title: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(range, {
      title,
      command: `opencodeSessions.${command}`,
      arguments: [document.uri, hunk.after.start],
    })
  const undo = hunk.isOverwritten
    ? lens(`$(git-merge) ${vscode.l10n.t('Merge…')}`, 'undoHunk')
    : lens(`$(discard) ${vscode.l10n.t('Undo')}`, 'undoHunk')
  const many = vscode.l10n.t('{0} of {1}', place.index + 1, place.count)
  return [
    lens(`$(check) ${vscode.l10n.t('Keep')}`, 'keepHunk'),
    undo,
    lens(`$(comment) ${vscode.l10n.t('Ask')}`, 'askAboutHunk'),
    ...(place.count > 1 ? [lens(many, 'nextHunk')] : []),
  ]
}

function wholeLenses(document: vscode.TextDocument, { pending }: PendingFile): vscode.CodeLens[] {
  if (pending.kind !== 'whole') return []
  const lens = (title: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
      title,
      command: `opencodeSessions.${command}`,
      arguments: [document.uri],
    })
  const keep =
    pending.what === 'created'
      ? vscode.l10n.t('Keep New File')
      : vscode.l10n.t('Keep {0}', basename(document.fileName))
  const undo =
    pending.what === 'created' ? vscode.l10n.t('Undo (Delete File)') : vscode.l10n.t('Undo All of It')
  return [
    lens(`$(check) ${keep}`, 'keepFile'),
    lens(`$(discard) ${undo}`, 'undoFile'),
    lens(`$(comment) ${vscode.l10n.t('Ask')}`, 'askAboutHunk'),
  ]
}
