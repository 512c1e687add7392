import * as vscode from 'vscode'
import type { McpTool } from '../../mcp/mcpTool.ts'
import { isDenied, isDeniedFile } from '../../platform/deniedFiles.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import type { ToolScope } from './languageTools.ts'
import { isInside } from './toolInput.ts'

const selectionLimit = 20_000
const empty = { type: 'object', properties: {}, additionalProperties: false }

/** What the user has in front of them; files outside of the workspace and private ones are not named. */
export function windowTools(scope: ToolScope): readonly McpTool[] {
  return [
    {
      name: 'open_editors',
      description: 'The files that are open in the editor, which of them is in front, and which are unsaved.',
      inputSchema: empty,
      call: () => Promise.resolve(openEditors(scope)),
    },
    {
      name: 'selection',
      description: 'What is selected in the editor in front, or the line with the cursor.',
      inputSchema: empty,
      call: () => selection(scope),
    },
  ]
}

function openEditors({ directory, denied }: ToolScope): string {
  const active = vscode.window.activeTextEditor?.document.uri.toString()
  const uris = vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []))
    .filter(
      (uri) => uri.scheme === 'file' && isInside(uri.fsPath, directory) && !isDenied(uri.fsPath, denied()),
    )
  const open = new Map(vscode.workspace.textDocuments.map((each) => [each.uri.toString(), each]))
  const lines = [...new Map(uris.map((uri) => [uri.toString(), uri]))].flatMap(([key, uri]) => {
    const document = open.get(key)
    const marks = [
      ...(key === active ? ['in front'] : []),
      ...(document?.isDirty === true ? ['unsaved changes'] : []),
    ]
    return [`${shortName(uri.fsPath, directory)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`]
  })
  return lines.length === 0 ? 'None.' : lines.join('\n')
}

async function selection({ directory, denied }: ToolScope): Promise<string> {
  const editor = vscode.window.activeTextEditor
  const document = editor?.document
  if (!document || document.uri.scheme !== 'file') return 'No file is in front.'
  const isPrivate = await isDeniedFile(document.uri, denied())
  if (!isInside(document.uri.fsPath, directory) || isPrivate) return 'No file is in front.'
  const { start, end, isEmpty } = editor.selection
  const name = shortName(document.uri.fsPath, directory)
  if (isEmpty) return `${name}, cursor on line ${start.line + 1}:\n${document.lineAt(start.line).text}`
  const text = document.getText(editor.selection)
  const kept = text.length > selectionLimit ? `${text.slice(0, selectionLimit)}\n[cut]` : text
  return `${name}, lines ${start.line + 1}-${end.line + 1}:\n${kept}`
}
