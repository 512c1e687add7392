import * as vscode from 'vscode'

const timeoutMs = 1_000

export interface SymbolAt {
  readonly name: string
  readonly range: vscode.Range
}

/**
 * The innermost symbol around a position by the editor's language support. Undefined when there is
 * none, or when the language support does not answer within a second.
 */
export async function symbolAt(
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<SymbolAt | undefined> {
  const found = await Promise.race([querySymbols(document.uri), afterTimeout()])
  return found ? innermost(found, position) : undefined
}

async function querySymbols(uri: vscode.Uri): Promise<readonly vscode.DocumentSymbol[] | undefined> {
  try {
    const found = await vscode.commands.executeCommand<
      readonly (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined
    >('vscode.executeDocumentSymbolProvider', uri)
    return found?.map(toDocumentSymbol)
  } catch {
    return undefined
  }
}

function toDocumentSymbol(symbol: vscode.DocumentSymbol | vscode.SymbolInformation): vscode.DocumentSymbol {
  if ('children' in symbol) return symbol
  const { range } = symbol.location
  return new vscode.DocumentSymbol(symbol.name, '', symbol.kind, range, range)
}

function innermost(
  symbols: readonly vscode.DocumentSymbol[],
  position: vscode.Position,
): SymbolAt | undefined {
  const around = symbols
    .filter(({ range }) => range.contains(position))
    .sort((a, b) => lineCount(a) - lineCount(b))[0]
  if (!around) return undefined
  return innermost(around.children, position) ?? { name: around.name, range: around.range }
}

function lineCount({ range }: vscode.DocumentSymbol): number {
  return range.end.line - range.start.line
}

async function afterTimeout(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), timeoutMs).unref())
}
