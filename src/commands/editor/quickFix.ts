import * as vscode from 'vscode'
import { commandIds } from '../commandIds.ts'

const documents = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }]

/**
 * "Fix with OpenCode" wherever an error or warning is underlined, in the Problems view too, and what can be
 * done with a selection in the menu of refactorings.
 */
export function registerQuickFix(): vscode.Disposable {
  const kind = vscode.CodeActionKind.QuickFix
  const rewrite = vscode.CodeActionKind.RefactorRewrite
  return vscode.languages.registerCodeActionsProvider(
    documents,
    {
      provideCodeActions: (document, range, { diagnostics, triggerKind }) => [
        ...fixes(document, diagnostics, kind),
        ...(triggerKind === vscode.CodeActionTriggerKind.Invoke && !range.isEmpty
          ? rewrites(document, range, rewrite)
          : []),
      ],
    },
    { providedCodeActionKinds: [kind, rewrite] },
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

function rewrites(
  document: vscode.TextDocument,
  range: vscode.Range,
  kind: vscode.CodeActionKind,
): vscode.CodeAction[] {
  const offers = [
    [commandIds.refactor, vscode.l10n.t('Refactor with OpenCode…')],
    [commandIds.writeDocs, vscode.l10n.t('Write docs with OpenCode')],
    [commandIds.writeTests, vscode.l10n.t('Write tests with OpenCode')],
  ] as const
  return offers.map(([command, title]) => {
    const action = new vscode.CodeAction(title, kind)
    action.command = { command, title, arguments: [document.uri, new vscode.Range(range.start, range.end)] }
    return action
  })
}
