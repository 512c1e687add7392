import * as vscode from 'vscode'
import { isGrave } from '../../prompt/diagnosticsPart.ts'
import { commandIds } from '../commandIds.ts'

const documents = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }]

/**
 * Fix, explain, ask and add wherever an error or warning is underlined, in the menu of the Problems view too, and what
 * can be done with a selection in the menu of refactorings.
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
  const problems = diagnostics.filter(isGrave)
  if (problems.length === 0) return []
  const offers = [
    [commandIds.fixProblem, vscode.l10n.t('Fix with OpenCode')],
    [commandIds.explainSelection, vscode.l10n.t('Explain with OpenCode')],
    [commandIds.ask, vscode.l10n.t('Ask OpenCode…')],
    [commandIds.addSelection, vscode.l10n.t('Add to OpenCode chat')],
  ] as const
  return offers.map(([command, title]) => {
    const action = new vscode.CodeAction(title, kind)
    action.diagnostics = [...problems]
    action.command = { command, title, arguments: [document.uri, problems] }
    return action
  })
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
