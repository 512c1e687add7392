import * as vscode from 'vscode'
import { lineLabel } from '../../prompt/attachment.ts'
import type { Anchor, Attachment } from '../../prompt/attachment.ts'
import { followAnchor } from '../../prompt/refresh.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Drafts } from './drafts.ts'

/** Keeps the chips of selections where their lines go, and says when these are gone. */
export class SelectionFollower implements Disposable {
  readonly #store = new DisposableStore()
  readonly #drafts: Drafts

  constructor(drafts: Drafts) {
    this.#drafts = drafts
    this.#store.add(vscode.workspace.onDidChangeTextDocument((event) => this.#follow(event)))
  }

  dispose(): void {
    this.#store.dispose()
  }

  #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return
    for (const { key, attachment } of this.#drafts.anchored(document.uri.toString())) {
      const { anchor, item } = attachment
      if (anchor)
        this.#drafts.update(key, item.id, (each) =>
          placed(each, followAnchor(document, anchor, contentChanges)),
        )
    }
  }
}

function placed(attachment: Attachment, anchor: Anchor): Attachment {
  const { stale: _stale, ...item } = attachment.item
  const isNamed = item.kind === 'symbol'
  const label = isNamed ? item.label : item.label.replace(/:[\d–]+$/, `:${lineLabel(anchor.lines)}`)
  const next = { ...item, label, size: Buffer.byteLength(anchor.text) }
  if (anchor.isGone !== true) return { ...attachment, item: next, anchor }
  const stale = vscode.l10n.t('These lines were removed; they go along as they were')
  return { ...attachment, item: { ...next, stale }, anchor }
}
