import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import type { RequestID } from '../../opencode/ids.ts'
import type { FileRisk, GuardedEdit } from '../../protocol/desk.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { isSame } from '../../session/equal.ts'
import type { PermissionRequest } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { DiffDocuments } from '../diffDocuments.ts'
import { followBackends } from '../backend/followBackends.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { canMerge, readProposal, risksInEditors, risksNow } from './proposal.ts'
import type { Proposal, ProposedFile } from './proposal.ts'
import { ProposalFiles, proposalScheme } from './proposalFiles.ts'
import { ProposalMemory } from './proposalMemory.ts'
import type { RememberedSide } from './proposalMemory.ts'
import type { RememberedTexts } from './rememberedTexts.ts'
import type { TextBackups } from './textBackups.ts'
import { mergeTexts } from './textMerge.ts'
import { currentText, editorUri, openDocument, replaceText } from './texts.ts'

export interface ProposalsOptions {
  readonly backends: Backends
  readonly documents: DiffDocuments
  readonly backups: TextBackups
  readonly remembered: RememberedTexts
  readonly log: { warn(message: string): void }
}

/** Where a diff is opened. */
export interface DiffPlace {
  readonly viewColumn?: vscode.ViewColumn
  readonly preserveFocus?: boolean
}

/** The edits that wait for permission in this window, and the diffs in which the user may change them. */
export class Proposals implements Disposable {
  readonly #options: ProposalsOptions
  readonly #memory: ProposalMemory
  readonly #store = new DisposableStore()
  readonly #files = this.#store.add(new ProposalFiles())
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #open = new Map<RequestID, Promise<Proposal>>()
  readonly #read = new Map<RequestID, Proposal>()
  /** Risks of files that no editor has open: somebody else wrote them, or the user did elsewhere. */
  readonly #noted = new Map<RequestID, readonly FileRisk[]>()
  #guards: readonly GuardedEdit[] = []
  /** Edits came or went, or what they put at risk changed. */
  readonly onDidChange = this.#onDidChange.event

  constructor(options: ProposalsOptions) {
    this.#options = options
    const { backends, remembered } = options
    this.#memory = new ProposalMemory(remembered)
    for (const { uri, text } of this.#memory.sides) this.#files.restore(uri, text)
    const { workspace } = vscode
    this.#store.add(backends.onDidChangeIndex(({ directory, backend }) => this.#look(directory, backend)))
    this.#store.add(backends.onDidChange(() => this.#dropGone()))
    this.#store.add(
      followBackends(backends, ({ hub }) => hub.onDidEditFile(({ path }) => this.#written(editorUri(path)))),
    )
    this.#store.add(workspace.onDidChangeTextDocument(({ document }) => this.#changed(document)))
    this.#store.add(workspace.onDidSaveTextDocument((document) => this.#saved(document)))
  }

  /** What is to be said about the edits that wait. */
  get guards(): readonly GuardedEdit[] {
    return this.#guards
  }

  /** The edits that wait and have been read. */
  get all(): readonly Proposal[] {
    return [...this.#read.values()]
  }

  /** @throws OpencodeError `not-found` when it does not wait (any more) */
  async need(id: RequestID): Promise<Proposal> {
    // A chat may know of a request a moment before the index of its directory tells of it.
    if (!this.#open.has(id))
      for (const { directory, backend } of this.#options.backends.places) this.#look(directory, backend)
    const proposal = await this.#open.get(id)
    if (proposal) return proposal
    throw new OpencodeError('not-found', vscode.l10n.t('This request has been answered already.'))
  }

  /** Looks at the disk as well, and says from now on what it told. */
  async lookCloser(proposal: Proposal): Promise<readonly FileRisk[]> {
    const risks = await risksNow(proposal)
    if (this.#read.has(proposal.request.id)) this.#noted.set(proposal.request.id, risks)
    this.#refresh()
    return risks
  }

  /** The edit whose diff an editor shows. */
  of(uri: vscode.Uri | undefined): Proposal | undefined {
    const key = uri?.toString()
    return this.all.find(({ files }) => files.some(({ shown }) => shown?.uri.toString() === key))
  }

  /** What a file would become, as the user changed it; undefined where it was not shown. */
  textOf({ shown }: ProposedFile): string | undefined {
    return shown && this.#files.text(shown.uri)
  }

  /** Puts another text into the side that can be changed; `mine` is the user's text that it was made from. */
  async offer(file: ProposedFile, mine: string, text: string): Promise<void> {
    const { shown } = file
    if (shown) await replaceText(await vscode.workspace.openTextDocument(shown.uri), text)
    file.shown = { uri: shown?.uri ?? this.#files.add(file.path, text), mine, offered: text }
    const proposal = this.of(file.shown.uri)
    if (proposal) this.#remember(proposal)
  }

  /** Shows all files of an edit: as they are in the editors, beside what they would become. */
  async show(proposal: Proposal, place: DiffPlace = {}): Promise<void> {
    const { documents } = this.#options
    const { files } = proposal
    await Promise.all(files.map((file) => this.#offerFirst(file)))
    const [only] = files
    if (only && files.length === 1) {
      if (only.shown) await this.#openDiff(only, place)
      else await documents.openProposed(only.path, patchOf(proposal))
    } else if (files.every(({ shown }) => shown)) {
      const resources = files.map(({ uri, source, shown: side }) => [uri, source, side?.uri])
      await vscode.commands.executeCommand('vscode.changes', nameOf(proposal), resources)
    } else if (only) {
      await documents.openProposed(only.path, patchOf(proposal))
    }
    this.#refresh()
  }

  dispose(): void {
    this.#store.dispose()
    this.#open.clear()
    this.#read.clear()
    this.#noted.clear()
  }

  #look(directory: string, backend: Backend): void {
    const waiting = backend.hub.requests(directory).filter(isEdit)
    const ids = new Set(waiting.map(({ id }) => id))
    for (const { request } of this.#read.values()) {
      if (request.directory === directory && !ids.has(request.id)) this.#close(request.id)
    }
    if (backend.hub.isCurrent(directory)) {
      for (const side of this.#memory.drop(directory, ids)) void this.#abandon(side)
    }
    for (const request of waiting) {
      const isHere = promptTarget(backend, directory).sees(directory)
      if (!this.#open.has(request.id) && isHere) this.#open.set(request.id, this.#begin(request, backend))
    }
  }

  async #begin(request: PermissionRequest, backend: Backend): Promise<Proposal> {
    const proposal = this.#memory.recall(request, backend) ?? (await readProposal(request, backend))
    this.#read.set(request.id, proposal)
    this.#remember(proposal)
    // It may have been answered while its files were read.
    this.#look(request.directory, backend)
    this.#refresh()
    return proposal
  }

  /** A server that the window has left asks nothing any more. */
  #dropGone(): void {
    const present = new Set(this.#options.backends.all)
    for (const { request, backend } of this.all) if (!present.has(backend)) this.#close(request.id)
  }

  #close(id: RequestID): void {
    const proposal = this.#read.get(id)
    this.#read.delete(id)
    this.#open.delete(id)
    this.#noted.delete(id)
    this.#memory.forget(id)
    for (const { shown, path } of proposal?.files ?? []) {
      if (shown) void this.#abandon({ ...shown, path, text: this.#files.text(shown.uri) ?? shown.offered })
    }
    this.#refresh()
  }

  /** The proposal joined with the user's text, on a side that can be changed. */
  async #offerFirst(file: ProposedFile): Promise<void> {
    if (file.shown || file.after === undefined) return
    const mine = (await currentText(file.source)) ?? ''
    const { text } = mergeTexts({ base: file.base ?? '', mine, theirs: file.after }, mergeLabels())
    await this.offer(file, mine, text)
  }

  async #openDiff(file: ProposedFile, place: DiffPlace): Promise<void> {
    if (!file.shown) return
    // Both sides in the same characters, where VS Code would read the file as UTF-8.
    const { encoding, source } = file
    const isOther = encoding !== undefined && openDocument(source)?.isDirty !== true
    if (isOther) await vscode.workspace.openTextDocument(source, { encoding })
    const left = file.base === undefined ? this.#options.documents.empty(file.path) : file.source
    const title = vscode.l10n.t('{0} (proposed by OpenCode; you may change it)', basename(file.path))
    const options = { preview: true, ...place }
    await vscode.commands.executeCommand('vscode.diff', left, file.shown.uri, title, options)
  }

  #refresh(): void {
    const guards = this.all.map((proposal) => this.#guard(proposal))
    if (isSame(guards, this.#guards)) return
    this.#guards = guards
    setContextKey('isEditWaiting', guards.length > 0)
    setContextKey(
      'isEditChanged',
      guards.some(({ isChanged }) => isChanged),
    )
    this.#onDidChange.fire(undefined)
  }

  #guard(proposal: Proposal): GuardedEdit {
    const isChanged = proposal.files.some((file) => {
      const text = this.textOf(file)
      return text !== undefined && text !== file.shown?.offered
    })
    const { id: requestID } = proposal.request
    const seen = risksInEditors(proposal)
    const noted = (this.#noted.get(requestID) ?? []).filter(({ kind }) => kind === 'changed')
    const risks = [...seen, ...noted.filter(({ path }) => !seen.some((risk) => risk.path === path))]
    return { requestID, risks, canMerge: canMerge(proposal), isChanged }
  }

  /** What the user typed into a proposal that somebody else answered is not lost with it. */
  async #abandon({ path, uri, text, offered }: RememberedSide): Promise<void> {
    if (text !== offered) await this.#keep(path, text)
    await this.#files.remove(uri)
  }

  #remember(proposal: Proposal): void {
    this.#memory.keep(proposal, (file) => this.textOf(file))
  }

  #changed(document: vscode.TextDocument): void {
    if (this.#read.size === 0) return
    const proposal = document.uri.scheme === proposalScheme ? this.of(document.uri) : undefined
    if (proposal) this.#remember(proposal)
    this.#refresh()
  }

  async #keep(path: string, text: string): Promise<void> {
    try {
      await this.#options.backups.keep(path, text)
    } catch (error) {
      this.#options.log.warn(`desk: a text could not be kept (${toErrorInfo(error).code})`)
    }
  }

  /** What is saved under a waiting edit would be overwritten by it, without a word of the server's. */
  #saved(document: vscode.TextDocument): void {
    const isTouched = this.#written(document.uri)
    if (isTouched) void this.#keep(document.uri.fsPath, document.getText())
  }

  /** Another session may write what this one wants to write. */
  #written(uri: vscode.Uri): boolean {
    const key = uri.toString()
    const touched = this.all.filter(({ files }) => files.some(({ source }) => source.toString() === key))
    for (const proposal of touched) void this.lookCloser(proposal)
    return touched.length > 0
  }
}

/** How the two sides of a conflict are called in the marks. */
export function mergeLabels(): { readonly mine: string; readonly theirs: string } {
  return { mine: vscode.l10n.t('Yours'), theirs: 'OpenCode' }
}

function isEdit(request: { readonly kind: string }): request is PermissionRequest {
  return request.kind === 'permission' && ((request as PermissionRequest).files?.length ?? 0) > 0
}

/** @throws OpencodeError `not-found` */
function patchOf({ request }: Proposal): string {
  if (request.diff !== undefined) return request.diff
  throw new OpencodeError('not-found', vscode.l10n.t('This request has no diff.'))
}

function nameOf({ files }: Proposal): string {
  return vscode.l10n.t('Proposed by OpenCode: {0} files', files.length)
}
