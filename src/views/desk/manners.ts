import * as vscode from 'vscode'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { DiffPlace } from './proposals.ts'

const calmMs = 5_000

/**
 * Where something may be opened unasked. An editor that opens over the one somebody types in would take their keys,
 * so it goes into another group, or nowhere while there is no other and the user is at work in this one.
 */
export class Manners implements Disposable {
  readonly #store = new DisposableStore()
  #lastWork = 0

  constructor() {
    const { window, workspace } = vscode
    const work = (): void => void (this.#lastWork = Date.now())
    this.#store.add(
      window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind === vscode.TextEditorSelectionChangeKind.Keyboard) work()
        if (kind === vscode.TextEditorSelectionChangeKind.Mouse) work()
      }),
    )
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document === window.activeTextEditor?.document && document.isDirty) work()
      }),
    )
  }

  /** Undefined: not now. */
  place(): (DiffPlace & { readonly preserveFocus: true }) | undefined {
    const { activeTabGroup, all } = vscode.window.tabGroups
    const preserveFocus = true
    const other = all.find((group) => group !== activeTabGroup)
    if (other) return { preserveFocus, viewColumn: other.viewColumn }
    const input = activeTabGroup.activeTab?.input
    // A chat in an editor tab must stay in sight.
    if (input instanceof vscode.TabInputWebview)
      return { preserveFocus, viewColumn: vscode.ViewColumn.Beside }
    const isWorking = vscode.window.activeTextEditor !== undefined && Date.now() - this.#lastWork < calmMs
    return isWorking ? undefined : { preserveFocus, viewColumn: activeTabGroup.viewColumn }
  }

  dispose(): void {
    this.#store.dispose()
  }
}
