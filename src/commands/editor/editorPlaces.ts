import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { noEditor, selectedCells } from '../../prompt/selectionPart.ts'
import type { Place } from '../../prompt/subject.ts'
import { uriOf } from '../commandSpec.ts'

/**
 * What a command is about, read at once, before the user can select something else: files that the explorer or a tab
 * hands over, lines that a CodeLens or code action names, a cell of a notebook, else the selection.
 *
 * @throws OpencodeError `invalid-argument`
 */
export function placeOf(args: readonly unknown[]): Place {
  const [first, second] = args
  const uri = uriOf(first)
  if (uri && isFileMenu(second)) return { kind: 'files', uris: filesOf(args) }
  if (uri && second instanceof vscode.Range) return linesOf(uri, second)
  if (isCell(first)) return { kind: 'cells', cells: [first] }
  return selectionPlace()
}

/** Explorer and tabs hand over the clicked file and all selected ones; else the active editor counts. */
export function filesOf([clicked, selected]: readonly unknown[]): readonly vscode.Uri[] {
  const many = Array.isArray(selected) ? selected.map(uriOf).filter((uri) => uri !== undefined) : []
  const one = uriOf(clicked) ?? vscode.window.activeTextEditor?.document.uri ?? activeTabUri()
  const files = many.length > 0 ? many : one ? [one] : []
  if (files.length > 0) return files
  throw new OpencodeError('invalid-argument', vscode.l10n.t('No file is open. Pick one in the explorer.'))
}

/** The files of the changes that a source control view hands over, those of whole groups too. */
export function changedFilesOf(args: readonly unknown[]): readonly vscode.Uri[] {
  const states = args.flat().flatMap((arg) => {
    const { resourceStates } = Object(arg) as { resourceStates?: unknown }
    return Array.isArray(resourceStates) ? (resourceStates as unknown[]) : [arg]
  })
  const uris = states.flatMap((state) => {
    const { resourceUri } = Object(state) as { resourceUri?: unknown }
    return uriOf(resourceUri) ?? []
  })
  return [...new Map(uris.map((uri) => [uri.toString(), uri])).values()]
}

function selectionPlace(): Place {
  const editor = vscode.window.activeTextEditor
  if (editor) return { kind: 'selections', document: editor.document, selections: editor.selections }
  const cells = selectedCells()
  if (cells.length > 0) return { kind: 'cells', cells }
  throw noEditor()
}

/** Its document is open: a lens or a light bulb stood in it. */
function linesOf(uri: vscode.Uri, range: vscode.Range): Place {
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString())
  if (!document) throw noEditor()
  return { kind: 'selections', document, selections: [new vscode.Selection(range.start, range.end)] }
}

/** The explorer adds the list of selected files, a tab where it stands; an editor's own menu adds nothing. */
function isFileMenu(second: unknown): boolean {
  return Array.isArray(second) || (typeof second === 'object' && second !== null && 'groupId' in second)
}

/** Images and notebooks are no text editors. */
function activeTabUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
  if (input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputNotebook) return input.uri
  return undefined
}

function isCell(value: unknown): value is vscode.NotebookCell {
  return typeof value === 'object' && value !== null && 'notebook' in value && 'document' in value
}
