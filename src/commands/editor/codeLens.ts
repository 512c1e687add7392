import * as vscode from 'vscode'
import type { Settings } from '../../platform/settings.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { commandIds } from '../commandIds.ts'

const kinds = new Set([
  vscode.SymbolKind.Class,
  vscode.SymbolKind.Constructor,
  vscode.SymbolKind.Function,
  vscode.SymbolKind.Interface,
  vscode.SymbolKind.Method,
  vscode.SymbolKind.Struct,
])

/** Above functions and classes, where the setting wants it: what OpenCode can do with them. */
export function registerCodeLens({ codeLens }: Pick<Settings, 'codeLens'>): Disposable {
  const store = new DisposableStore()
  const changed = store.add(new vscode.EventEmitter<void>())
  store.add(codeLens.onDidChange(() => changed.fire()))
  store.add(
    vscode.languages.registerCodeLensProvider([{ scheme: 'file' }, { scheme: 'untitled' }], {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses: async ({ uri }) => (codeLens.value ? lensesOf(uri) : []),
    }),
  )
  return store
}

async function lensesOf(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
  const symbols = await vscode.commands.executeCommand<readonly vscode.DocumentSymbol[] | undefined>(
    'vscode.executeDocumentSymbolProvider',
    uri,
  )
  return flatten(symbols ?? []).flatMap((symbol) => lensesAt(uri, symbol))
}

function lensesAt(uri: vscode.Uri, { range }: vscode.DocumentSymbol): readonly vscode.CodeLens[] {
  const offers = [
    [commandIds.ask, vscode.l10n.t('Ask…')],
    [commandIds.explainSelection, vscode.l10n.t('Explain')],
    [commandIds.writeTests, vscode.l10n.t('Write tests')],
  ] as const
  return offers.map(
    ([command, title]) => new vscode.CodeLens(range, { command, title, arguments: [uri, range] }),
  )
}

/** Language supports of the older kind give no ranges of whole symbols, and get no lenses. */
function flatten(symbols: readonly vscode.DocumentSymbol[]): readonly vscode.DocumentSymbol[] {
  return symbols
    .filter((symbol) => 'children' in symbol)
    .flatMap((symbol) => [...(kinds.has(symbol.kind) ? [symbol] : []), ...flatten(symbol.children)])
}
