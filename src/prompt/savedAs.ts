import * as vscode from 'vscode'

/** The file that an untitled document was saved as, told by its text when the document is closed; undefined for others. */
export function savedAs(closed: vscode.TextDocument): vscode.TextDocument | undefined {
  if (closed.uri.scheme !== 'untitled') return undefined
  const text = closed.getText()
  if (text === '') return undefined
  return vscode.workspace.textDocuments.find(
    (each) => each.uri.scheme === 'file' && !each.isDirty && each.getText() === text,
  )
}
