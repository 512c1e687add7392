import { basename } from 'node:path'
import * as vscode from 'vscode'
import { setContextKey } from '../../platform/contextKeys.ts'
import { filePath } from '../../platform/folders.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import type { Hunk } from '../../review/hunks.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'
import type { Review } from './review.ts'
import { isSameChange, placesOf, removedLines } from './reviewPlaces.ts'
import type { PlacedHunk } from './reviewPlaces.ts'
import type { PendingFile } from './reviewState.ts'
import { sessionTitle } from './sessionTitle.ts'

/** Removed lines that a hover shows at the most. */
const shownLines = 30

/** Shows in the real editors what waits for a decision: coloured lines, what was removed, and what can be done. */
export class ReviewEditors implements vscode.CodeLensProvider, Disposable {
  readonly #review: Review
  readonly #backends: Backends
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<void>())
  readonly onDidChangeCodeLenses = this.#onDidChange.event
  readonly #added = this.#store.add(vscode.window.createTextEditorDecorationType(addedStyle))
  readonly #removed = this.#store.add(vscode.window.createTextEditorDecorationType(removedStyle))
  readonly #conflict = this.#store.add(vscode.window.createTextEditorDecorationType(conflictStyle))

  constructor(review: Review, backends: Backends) {
    this.#review = review
    this.#backends = backends
    this.#store.add(vscode.languages.registerCodeLensProvider({ scheme: 'file' }, this))
    this.#store.add(review.onDidChange(() => this.#draw()))
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.#draw()))
    this.#store.add(vscode.window.onDidChangeActiveTextEditor(() => this.#draw()))
    this.#store.add(vscode.window.tabGroups.onDidChangeTabs(() => this.#draw()))
    this.#draw()
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const files = this.#filesOf(document)
    const places = placesOf(files, this.#review.scope)
    const owner = files.length > 1 ? (file: PendingFile) => sessionTitle(this.#backends, file) : undefined
    return [
      ...wholesOf(files, this.#review.scope).flatMap((file) => wholeLenses(document, file, owner?.(file))),
      ...files.filter(isMoved).flatMap((file) => movedLenses(document, file, owner?.(file))),
      ...places.flatMap((place, index) =>
        hunkLenses(document, place, { index, count: places.length, owner: owner?.(place.pending) }),
      ),
    ]
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** What waits in a document, by the scope that the view shows: in all sessions that changed it. */
  #filesOf({ uri }: vscode.TextDocument): readonly PendingFile[] {
    return uri.scheme === 'file' ? this.#review.state.filesAt(filePath(uri), this.#review.scope) : []
  }

  #draw(): void {
    for (const editor of vscode.window.visibleTextEditors) this.#decorate(editor)
    const active = vscode.window.activeTextEditor
    const files = active ? this.#filesOf(active.document) : []
    setContextKey('hasHunks', files.length > 0)
    this.#onDidChange.fire()
  }

  #decorate(editor: vscode.TextEditor): void {
    const { document } = editor
    if (document.uri.scheme !== 'file') return
    const { scope } = this.#review
    const files = isPlain(document) ? this.#filesOf(document) : []
    const places = placesOf(files, scope)
    const [overwritten, clean] = [true, false].map((wanted) =>
      places.filter(({ hunk }) => hunk.isOverwritten === wanted).flatMap(({ hunk }) => linesOf(hunk)),
    )
    const whole = new vscode.Range(0, 0, document.lineCount - 1, 0)
    editor.setDecorations(this.#added, files.some(isNew) ? [whole] : (clean ?? []))
    editor.setDecorations(this.#conflict, overwritten ?? [])
    editor.setDecorations(
      this.#removed,
      places.flatMap((place) => removedMark(document, removedLines(place, scope), place.hunk)),
    )
  }
}

/** It stands under another name, whatever else was changed in it; that is decided on with the whole file. */
function isMoved({ file, pending }: PendingFile): boolean {
  return file.from !== undefined && pending.kind !== 'whole'
}

function isNew({ pending }: PendingFile): boolean {
  return pending.kind === 'whole' && pending.what === 'created'
}

/** Of two sessions that saw the same change of a file, one. */
function wholesOf(files: readonly PendingFile[], scope: ReviewScope): readonly PendingFile[] {
  const wholes = files.filter(({ pending }) => pending.kind === 'whole')
  return wholes.filter(
    (file, index) => wholes.findIndex((other) => isSameChange(file, other, scope)) === index,
  )
}

/** A diff or a merge shows by itself what is new and what is gone. */
function isPlain({ uri }: vscode.TextDocument): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => {
    const input = activeTab?.input
    return input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()
  })
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

/** Lines that are gone leave a word at the end of the line where they were; the hover has them. */
function removedMark(
  document: vscode.TextDocument,
  lines: readonly string[],
  hunk: Hunk,
): readonly vscode.DecorationOptions[] {
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

interface LensPlace {
  readonly index: number
  readonly count: number
  /** Whose change it is; undefined when there is no doubt. */
  readonly owner: string | undefined
}

function hunkLenses(
  document: vscode.TextDocument,
  { pending, hunk }: PlacedHunk,
  { index, count, owner }: LensPlace,
): vscode.CodeLens[] {
  const line = Math.min(hunk.now.start, document.lineCount - 1)
  const range = new vscode.Range(line, 0, line, 0)
  const lens = (title: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(range, {
      title,
      command: `opencodeSessions.${command}`,
      arguments: [document.uri, hunk.after.start, pending.sessionID],
    })
  const undo = hunk.isOverwritten
    ? lens(`$(git-merge) ${vscode.l10n.t('Merge…')}`, 'undoHunk')
    : lens(`$(discard) ${vscode.l10n.t('Undo')}`, 'undoHunk')
  const many = vscode.l10n.t('{0} of {1}', index + 1, count)
  return [
    lens(`$(check) ${vscode.l10n.t('Keep')}`, 'keepHunk'),
    undo,
    lens(`$(comment) ${vscode.l10n.t('Ask')}`, 'askAboutHunk'),
    ...(count > 1 ? [lens(many, 'nextHunk')] : []),
    ...ownerLens(range, pending, owner),
  ]
}

function ownerLens(
  range: vscode.Range,
  { sessionID, directory }: PendingFile,
  owner: string | undefined,
): vscode.CodeLens[] {
  if (owner === undefined) return []
  const title = `$(comment-discussion) ${owner}`
  const place = { sessionID, directory }
  return [
    new vscode.CodeLens(range, {
      title,
      command: 'opencodeSessions.openSessionInEditor',
      arguments: [place],
    }),
  ]
}

const top = new vscode.Range(0, 0, 0, 0)

function fileLens({ uri }: vscode.TextDocument): (title: string, command: string) => vscode.CodeLens {
  return (title, command) =>
    new vscode.CodeLens(top, { title, command: `opencodeSessions.${command}`, arguments: [uri] })
}

function wholeLenses(
  document: vscode.TextDocument,
  file: PendingFile,
  owner: string | undefined,
): vscode.CodeLens[] {
  const { pending } = file
  if (pending.kind !== 'whole') return []
  const lens = fileLens(document)
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
    ...ownerLens(top, file, owner),
  ]
}

function movedLenses(
  document: vscode.TextDocument,
  file: PendingFile,
  owner: string | undefined,
): vscode.CodeLens[] {
  const lens = fileLens(document)
  return [
    lens(`$(check) ${vscode.l10n.t('Keep File')}`, 'keepFile'),
    lens(`$(discard) ${vscode.l10n.t('Undo File')}`, 'undoFile'),
    lens(vscode.l10n.t('was {0}', shortName(file.file.from ?? '', file.directory)), 'openChange'),
    ...ownerLens(top, file, owner),
  ]
}
