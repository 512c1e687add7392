import { basename, join } from 'node:path'
import * as vscode from 'vscode'
import { filePath } from '../../platform/folders.ts'
import { lineLabel } from '../../prompt/attachment.ts'
import type { Anchor, Attachment } from '../../prompt/attachment.ts'
import { exists } from '../../prompt/documentPlace.ts'
import { followAnchor, locate } from '../../prompt/refresh.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { isWithin, pathBelow } from '../../util/paths.ts'
import { editorUri } from '../desk/texts.ts'
import type { Drafts } from './drafts.ts'

/** Programs write a file by putting another one in its place: for a moment there is none. */
const settleMs = 300

interface Drafted {
  readonly key: string
  readonly attachment: Attachment
}

/** Keeps chips of selections and files where these go, and says when they are gone. */
export class AttachmentFollower implements Disposable {
  readonly #store = new DisposableStore()
  readonly #drafts: Drafts
  readonly #due = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(drafts: Drafts) {
    this.#drafts = drafts
    const { workspace } = vscode
    this.#store.add(workspace.onDidChangeTextDocument((event) => this.#follow(event)))
    this.#store.add(workspace.onDidRenameFiles(({ files }) => this.#move(files)))
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#close(document)))
    const watcher = this.#store.add(workspace.createFileSystemWatcher('**/*'))
    for (const news of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.#store.add(news((uri) => this.#soon(filePath(uri))))
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return
    const uri = document.uri.toString()
    for (const { key, attachment } of this.#drafts.all) {
      const { anchor, item } = attachment
      if (anchor?.uri !== uri) continue
      const next = followAnchor(document, anchor, contentChanges)
      this.#drafts.update(key, item.id, (each) => placed(each, next))
    }
  }

  #move(files: readonly { readonly oldUri: vscode.Uri; readonly newUri: vscode.Uri }[]): void {
    for (const { oldUri, newUri } of files) {
      const [from, to] = [filePath(oldUri), filePath(newUri)]
      for (const { key, attachment } of this.#drafts.all) {
        const path = pathOf(attachment)
        if (path === undefined || !isWithin(path, from)) continue
        const rest = pathBelow(path, from)
        const moved = { from: path, to: rest === undefined ? to : join(to, rest) }
        this.#drafts.update(key, attachment.item.id, (each) => renamed(each, moved))
      }
    }
  }

  /** An untitled document is gone with its editor; where it was saved, the file is another one. */
  #close({ uri }: vscode.TextDocument): void {
    if (uri.scheme !== 'untitled') return
    for (const { key, attachment } of this.#drafts.all) {
      const { anchor, item } = attachment
      if (anchor?.uri === uri.toString())
        this.#drafts.update(key, item.id, (each) => placed(each, { ...anchor, isGone: true }))
    }
  }

  #soon(path: string): void {
    if (!this.#drafts.all.some((each) => isBelow(each, [path]))) return
    this.#due.add(path)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const due = this.#drafts.all.filter((each) => isBelow(each, [...this.#due]))
      this.#due.clear()
      for (const each of due) void this.#look(each)
    }, settleMs)
  }

  /** What happened on the disk, while no editor showed the file. */
  async #look({ key, attachment }: Drafted): Promise<void> {
    const path = pathOf(attachment)
    const isThere = path !== undefined && (await exists(path))
    const { anchor, item } = attachment
    if (!anchor) {
      const stale = isThere ? undefined : gone()
      if (item.stale !== stale) this.#drafts.update(key, item.id, (each) => withStale(each, stale))
      return
    }
    const isOpen = vscode.workspace.textDocuments.some(({ uri }) => uri.toString() === anchor.uri)
    if (isThere && isOpen && anchor.isGone !== true) return
    const document = isThere ? await opened(anchor) : undefined
    const next = document ? locate(document, anchor) : { ...anchor, isGone: true }
    this.#drafts.update(key, item.id, (each) => placed(each, next))
  }
}

interface Move {
  readonly from: string
  readonly to: string
}

/** The words for the model are made anew when the lines are sent; those on the chip are changed here. */
function renamed(attachment: Attachment, move: Move): Attachment {
  const { anchor, item, parts } = attachment
  const [name = '', ...notes] = item.detail.split(' · ')
  const label = item.label.startsWith(basename(move.from))
    ? basename(move.to) + item.label.slice(basename(move.from).length)
    : item.label
  const next = {
    ...attachment,
    item: { ...item, label, detail: [renamedName(name, move), ...notes].join(' · ') },
    parts: parts.map((part) =>
      part.type === 'file' ? { ...part, path: move.to, name: renamedName(part.name, move) } : part,
    ),
  }
  return anchor ? { ...next, anchor: { ...anchor, uri: editorUri(move.to).toString() } } : next
}

/** A name may be the whole path or its end. */
function renamedName(name: string, { from, to }: Move): string {
  if (name === from) return to
  return from.endsWith(`/${name}`) ? (pathBelow(to, from.slice(0, -name.length)) ?? to) : name
}

/** Undefined for what is no text by now. */
async function opened({ uri }: Anchor): Promise<vscode.TextDocument | undefined> {
  return Promise.resolve(vscode.workspace.openTextDocument(vscode.Uri.parse(uri))).catch(() => undefined)
}

/** Whether an attachment is of one of these files, or of a file in one of these folders. */
function isBelow({ attachment }: Drafted, touched: readonly string[]): boolean {
  const path = pathOf(attachment)
  return path !== undefined && touched.some((each) => isWithin(path, each))
}

/** The file that an attachment is read from when it is sent. */
function pathOf({ anchor, parts }: Attachment): string | undefined {
  if (anchor) {
    const uri = vscode.Uri.parse(anchor.uri)
    return uri.scheme === 'file' ? filePath(uri) : undefined
  }
  return parts.find((part) => part.type === 'file')?.path
}

function gone(): string {
  return vscode.l10n.t('This is not there any more; the prompt will say so')
}

function withStale(attachment: Attachment, stale: string | undefined): Attachment {
  const { stale: _stale, ...item } = attachment.item
  return { ...attachment, item: stale === undefined ? item : { ...item, stale } }
}

function placed(attachment: Attachment, anchor: Anchor): Attachment {
  const { item } = attachment
  const isNamed = item.kind === 'symbol'
  const label = isNamed ? item.label : item.label.replace(/:[\d–]+$/, `:${lineLabel(anchor.lines)}`)
  const next = { ...attachment, item: { ...item, label, size: Buffer.byteLength(anchor.text) }, anchor }
  const stale = vscode.l10n.t('These lines were removed; they go along as they were')
  return withStale(next, anchor.isGone === true ? stale : undefined)
}
