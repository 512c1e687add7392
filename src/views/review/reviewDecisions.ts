import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import { filePath } from '../../platform/folders.ts'
import { missing } from '../../review/content.ts'
import {
  isDecided,
  keepFile,
  keepPlace,
  settleFile,
  spanIn,
  undoFile,
  undoPlace,
} from '../../review/reviewedFile.ts'
import type { FileUndo, ReviewScope } from '../../review/reviewedFile.ts'
import type { ReviewLedger } from '../../review/reviewLedger.ts'
import { removeEmptyFolders, restoreMode } from '../../review/traces.ts'
import type { TurnRecorder } from '../../review/turnRecorder.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { editorUri } from '../desk/texts.ts'
import { openMerge } from './mergeView.ts'
import type { ReviewDocuments } from './reviewDocuments.ts'
import { bytesOnDisk, contentShown, writeContent } from './reviewFiles.ts'
import type { OnWrite } from './reviewFiles.ts'
import { hunksIn, isSameChange, isTwin, placeAgain } from './reviewPlaces.ts'
import type { PlacedHunk } from './reviewPlaces.ts'
import type { PendingFile, ReviewState } from './reviewState.ts'
import { TakenDecisions } from './takenDecisions.ts'

export interface ReviewDecisionsParts {
  readonly ledger: ReviewLedger
  readonly recorder: TurnRecorder
  readonly state: ReviewState
  readonly documents: ReviewDocuments
}

interface FailedUndo {
  readonly path: string
  readonly error: unknown
}

/** Files that are decided on between two looks at what waits. */
const batch = 250
/** Names that a message holds at the most. */
const namedFiles = 5

/** Carries out what the user decides: in the files, in open editors and in the ledger. */
export class ReviewDecisions implements Disposable {
  readonly #parts: ReviewDecisionsParts
  readonly #store = new DisposableStore()
  readonly #taken = new TakenDecisions()

  constructor(parts: ReviewDecisionsParts) {
    this.#parts = parts
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document, reason }) => {
        if (reason !== undefined) void this.#followEditor(document, reason)
      }),
    )
    this.#store.add(
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri, newUri } of files) parts.ledger.move(filePath(oldUri), filePath(newUri))
      }),
    )
  }

  /** Where two sessions saw the same change, it is kept in both. */
  async keepHunk(place: PlacedHunk, scope: ReviewScope): Promise<void> {
    const { ledger, state } = this.#parts
    const { path } = place.pending.file
    // The agent may have gone on since the place was shown.
    await state.refresh([path])
    for (const file of state.filesAt(path, scope)) {
      const isOwn = file.sessionID === place.pending.sessionID
      const hunk = isOwn
        ? placeAgain(place, file, scope)
        : hunksIn(file).find((each) => isTwin(place, { pending: file, hunk: each }, scope))
      if (hunk) ledger.decide(file.sessionID, keepPlace(file.file, scope, hunk))
    }
    await state.refresh([path])
  }

  /** A place that the user changed later is shown as a merge instead. */
  async undoHunk(place: PlacedHunk, scope: ReviewScope): Promise<void> {
    const { recorder, state } = this.#parts
    const { sessionID, file } = place.pending
    await recorder.catchUp([file.path])
    await state.refresh([file.path])
    const pending = state.file(file.path, scope, sessionID)
    const hunk = pending && placeAgain(place, pending, scope)
    if (!hunk) return
    if (hunk.isOverwritten) return this.merge(pending, scope)
    await this.#carryOut(pending, undoPlace(pending.file, scope, hunk, pending.now))
    await state.refresh([file.path])
  }

  async keepFiles(files: readonly PendingFile[], scope: ReviewScope): Promise<void> {
    const { ledger, state } = this.#parts
    await ledger.atOnce(async () => {
      for (const { sessionID, file } of files.flatMap((each) => this.#withTwins(each, scope)))
        ledger.decide(sessionID, keepFile(file, scope))
      return Promise.resolve()
    })
    await state.refresh(files.map(({ file }) => file.path))
  }

  /**
   * Undoes what can be undone. What the user changed later is merged: at once in one file, else after a question.
   * @throws OpencodeError about files that could not be written; the others are undone
   */
  async undoFiles(files: readonly PendingFile[], scope: ReviewScope): Promise<void> {
    const { ledger, recorder, state } = this.#parts
    const open: PendingFile[] = []
    const failed: FailedUndo[] = []
    await recorder.catchUp(files.map(({ file }) => file.path))
    for (const batch of inBatches(newOnesFirst(files))) {
      await ledger.atOnce(async () => {
        for (const each of batch) {
          try {
            const left = await this.#undoFile(each, scope, files.length > 1)
            if (left) open.push(left)
          } catch (error) {
            failed.push({ path: each.file.path, error })
          }
        }
      })
      await state.refresh(batch.map(({ file }) => file.path))
    }
    const [only] = open
    if (only && files.length === 1) await this.#mergeAgain(only, scope)
    else await this.#askAboutOverwritten(open, scope)
    if (failed.length > 0) throw notUndone(failed)
  }

  /** Shows what stood there, what the agent wrote and what the user made of it. */
  async merge(pending: PendingFile, scope: ReviewScope): Promise<void> {
    if (await openMerge(this.#parts.documents, pending, scope)) return
    await this.#askToReplace(pending, scope)
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** The file, if places are left in it that the user changed later. */
  async #undoFile(
    { sessionID, file }: PendingFile,
    scope: ReviewScope,
    isOneOfMany: boolean,
  ): Promise<PendingFile | undefined> {
    const { state } = this.#parts
    await state.read(file.path)
    const pending = state.file(file.path, scope, sessionID)
    if (!pending) return undefined
    const undone = undoFile(pending.file, scope, pending.now)
    await this.#carryOut(pending, undone, isOneOfMany)
    if (undone.overwritten > 0) return pending
    if (pending.file.from !== undefined && isDecided(undone.file)) await this.#moveBack(pending)
    return undefined
  }

  #withTwins(pending: PendingFile, scope: ReviewScope): readonly PendingFile[] {
    const all = this.#parts.state.filesAt(pending.file.path, scope)
    const twins = all.filter(
      (file) => file.sessionID !== pending.sessionID && isSameChange(file, pending, scope),
    )
    return [pending, ...twins]
  }

  async #carryOut(pending: PendingFile, undone: FileUndo, isOneOfMany = false): Promise<void> {
    const { ledger, recorder } = this.#parts
    const { sessionID, now } = pending
    const { path, from } = pending.file
    const review = ledger.get(sessionID)
    const onWrite: OnWrite = (...write) => recorder.foreignWrite(...write)
    const write = (): Promise<void> => writeContent(path, { now, wanted: undone.now, isOneOfMany }, onWrite)
    const [before, after] = [{ file: pending.file, now }, undone]
    if (review && from === undefined) await this.#taken.whileWriting({ review, before, after }, write)
    else await write()
    if (undone.overwritten === 0 && isDecided(undone.file))
      await restoreMode(path, pending.file.wasExecutable)
    // Where the agent went on meanwhile, the ledger knows more, and a place that looks as before is no question there.
    if (ledger.get(sessionID)?.files.get(path) === pending.file) ledger.decide(sessionID, undone.file)
    await removeEmptyFolders(path, review?.folders ?? [])
  }

  /**
   * The file goes back to where it was, unless another one is there by now. Only with the whole of it: its name would
   * else depend on the order in which places are decided on.
   */
  async #moveBack({ sessionID, file: { path, from } }: PendingFile): Promise<void> {
    if (from === undefined) return
    const folders = this.#parts.ledger.get(sessionID)?.folders ?? []
    const isFree = (await bytesOnDisk(from)) === undefined
    if (!isFree) {
      const text = vscode.l10n.t('{0} stays where it is: there is another {1} by now.', path, from)
      await vscode.window.showWarningMessage(text)
      return
    }
    const edit = new vscode.WorkspaceEdit()
    edit.renameFile(editorUri(path), editorUri(from), { overwrite: false })
    await vscode.workspace.applyEdit(edit)
    this.#parts.ledger.dismiss(sessionID, path)
    this.#parts.ledger.dismiss(sessionID, from)
    await removeEmptyFolders(path, folders)
  }

  async #askAboutOverwritten(files: readonly PendingFile[], scope: ReviewScope): Promise<void> {
    const [first] = files
    if (!first) return
    const names = files.map(({ file }) => basename(file.path)).join(', ')
    const text = vscode.l10n.t('Not undone where you made changes later: {0}.', names)
    const merge = vscode.l10n.t('Merge…')
    if ((await vscode.window.showWarningMessage(text, merge)) !== merge) return
    for (const pending of files) await this.#mergeAgain(pending, scope)
  }

  /** Its clean places are undone by now. */
  async #mergeAgain({ file, sessionID }: PendingFile, scope: ReviewScope): Promise<void> {
    const current = this.#parts.state.file(file.path, scope, sessionID)
    if (current) await this.merge(current, scope)
  }

  /** Files without text on both sides cannot be merged: it is the one or the other. */
  async #askToReplace(pending: PendingFile, scope: ReviewScope): Promise<void> {
    const span = spanIn(pending.file, scope)
    if (!span) return
    const name = basename(pending.file.path)
    const isDeletion = span.before.kind === missing.kind
    const title = isDeletion
      ? vscode.l10n.t('{0} was changed after OpenCode made it. Delete it with these changes?', name)
      : vscode.l10n.t('{0} was changed after OpenCode did. Replace it with what it was before?', name)
    const confirm = isDeletion ? vscode.l10n.t('Delete File') : vscode.l10n.t('Replace File')
    if ((await vscode.window.showWarningMessage(title, { modal: true }, confirm)) !== confirm) return
    const file = settleFile(pending.file, scope)
    await this.#carryOut(pending, { file, now: span.before, overwritten: 0 })
    await this.#parts.state.refresh([pending.file.path])
  }

  /** Ctrl+Z in an editor takes a decision back, and Ctrl+Y takes it again. */
  async #followEditor(document: vscode.TextDocument, reason: vscode.TextDocumentChangeReason): Promise<void> {
    const path = filePath(document.uri)
    if (document.uri.scheme !== 'file' || !this.#taken.has(path)) return
    const now = await contentShown(document)
    const isUndo = reason === vscode.TextDocumentChangeReason.Undo
    const found = this.#taken.find(path, now, isUndo)
    if (!found) return
    const { ledger, state } = this.#parts
    if (isUndo) ledger.restore(found.review, found.before.file)
    else ledger.decide(found.review.sessionID, found.after.file)
    await state.refresh([path])
  }
}

/** What is new may stand where something else was: a folder in the place of a file, or the other way round. */
function newOnesFirst(files: readonly PendingFile[]): readonly PendingFile[] {
  const isNew = ({ pending }: PendingFile): boolean => pending.kind === 'whole' && pending.what === 'created'
  return [...files.filter(isNew), ...files.filter((file) => !isNew(file))]
}

function inBatches<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / batch) }, (_, index) =>
    items.slice(index * batch, (index + 1) * batch),
  )
}

function notUndone(failed: readonly FailedUndo[]): unknown {
  const [first] = failed
  if (!first || failed.length === 1) return first?.error
  const { code, message } = toErrorInfo(first.error)
  const names = failed.slice(0, namedFiles).map(({ path }) => basename(path))
  const list = [...names, ...(failed.length > namedFiles ? ['…'] : [])].join(', ')
  const text = vscode.l10n.t(
    '{0} files could not be undone and still wait: {1}. {2}',
    failed.length,
    list,
    message,
  )
  return new OpencodeError(code, text, { cause: first.error })
}
