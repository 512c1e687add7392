import * as vscode from 'vscode'
import { commandIds } from './commandIds.ts'

/** Offers "Fix with OpenCode" wherever an error or warning is underlined. */
export function registerQuickFix(): vscode.Disposable {
  const kind = vscode.CodeActionKind.QuickFix
  return vscode.languages.registerCodeActionsProvider(
    [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }],
    { provideCodeActions: (document, _range, context) => fixes(document, context.diagnostics, kind) },
    { providedCodeActionKinds: [kind] },
  )
}

function fixes(
  document: vscode.TextDocument,
  diagnostics: readonly vscode.Diagnostic[],
  kind: vscode.CodeActionKind,
): vscode.CodeAction[] {
  const problems = diagnostics.filter(({ severity }) => severity <= vscode.DiagnosticSeverity.Warning)
  if (problems.length === 0) return []
  const action = new vscode.CodeAction(vscode.l10n.t('Fix with OpenCode'), kind)
  action.diagnostics = [...problems]
  action.command = {
    command: commandIds.fixProblem,
    title: action.title,
    arguments: [document.uri, problems],
  }
  return [action]
}
