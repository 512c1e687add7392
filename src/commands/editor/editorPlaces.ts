import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { filePath } from '../../platform/folders.ts'
import { problemsBelow } from '../../prompt/diagnosticsPart.ts'
import type { ProblemsOfFile } from '../../prompt/diagnosticsPart.ts'
import { noEditor, selectedCells } from '../../prompt/selectionPart.ts'
import { touching } from '../../prompt/subject.ts'
import type { Place } from '../../prompt/subject.ts'
import { terminalSelection } from '../../prompt/terminalOutput.ts'
import type { TerminalOutput } from '../../prompt/terminalOutput.ts'
import { uriOf } from '../commandSpec.ts'

/**
 * What a command is about, read at once, before the user can select something else: changes of the source control view,
 * files that the explorer or a tab hands over, lines or problems that a CodeLens or code action names, a cell of a
 * notebook, else the selection.
 *
 * @throws OpencodeError `invalid-argument`
 */
export function placeOf(args: readonly unknown[]): Place {
  const [first, second] = args
  const uri = uriOf(first)
  if (!uri)
    return changesPlace(args) ?? (isCell(first) ? { kind: 'cells', cells: [first] } : selectionPlace())
  if (isProblems(second)) return { kind: 'problems', files: [{ uri, problems: second }] }
  if (isFileMenu(second)) return { kind: 'files', uris: filesOf(args) }
  return second instanceof vscode.Range ? linesOf(uri, second) : selectionPlace()
}

/**
 * The problems of a place: those on the selected lines, else those of the whole document; of files and folders all
 * errors and warnings.
 *
 * @throws OpencodeError `invalid-argument` when there is none
 */
export function problemPlace(place: Place): Place {
  const files = problemsAt(place)
  if (files.length > 0) return { kind: 'problems', files }
  throw new OpencodeError('invalid-argument', vscode.l10n.t('VS Code reports no problem here.'))
}

/** The files that a review of changes is about; none where nothing hands them over. */
export function reviewedFilesOf(args: readonly unknown[]): readonly vscode.Uri[] {
  const changed = changedFilesOf(args)
  if (changed.length > 0 || !uriOf(args[0])) return changed
  return filesOf(args)
}

/** The root of the repository whose title in the source control view was used; undefined elsewhere. */
export function repositoryOf([first]: readonly unknown[]): string | undefined {
  const { rootUri } = Object(first) as { readonly rootUri?: unknown }
  return rootUri instanceof vscode.Uri ? filePath(rootUri) : undefined
}

/** Whether only what is staged is meant: of all the changes that are handed over. */
export function isStaged(args: readonly unknown[]): boolean {
  const states = resourceStatesOf(args)
  return states.length > 0 && states.every(isIndexState)
}

function problemsAt(place: Place): readonly ProblemsOfFile[] {
  switch (place.kind) {
    case 'problems':
      return place.files
    case 'files':
    case 'changes':
      return problemsBelow(place.uris)
    case 'cells':
      return problemsBelow(place.cells.map(({ document }) => document.uri))
    case 'selections': {
      const { uri } = place.document
      const problems = touching(vscode.languages.getDiagnostics(uri), place.selections)
      return problems.length > 0 ? [{ uri, problems }] : problemsBelow([uri])
    }
    case 'output':
      return []
  }
}

/** What is selected in the terminal, else its last command with the output. */
export async function terminalPlace(outputs: TerminalOutput): Promise<Place> {
  return { kind: 'output', ...((await terminalSelection()) ?? (await outputs.text())) }
}

function changesPlace(args: readonly unknown[]): Place | undefined {
  const uris = changedFilesOf(args)
  return uris.length === 0 ? undefined : { kind: 'changes', uris, isStaged: isStaged(args) }
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
  const uris = resourceStatesOf(args).flatMap(({ resourceUri }) => uriOf(resourceUri) ?? [])
  return [...new Map(uris.map((uri) => [uri.toString(), uri])).values()]
}

interface ResourceState {
  readonly resourceUri?: unknown
  /** How VS Code's own Git support marks what is staged. */
  readonly resourceGroupType?: unknown
}

function resourceStatesOf(args: readonly unknown[]): readonly ResourceState[] {
  return args.flat().flatMap((arg) => {
    const { id, resourceStates } = Object(arg) as { id?: unknown; resourceStates?: unknown }
    if (!Array.isArray(resourceStates)) return [Object(arg) as ResourceState]
    const states = resourceStates.map((state) => Object(state) as ResourceState)
    const type = id === 'index' ? indexType : undefined
    return states.map(({ resourceUri, resourceGroupType = type }) => ({ resourceUri, resourceGroupType }))
  })
}

const indexType = 1

function isIndexState({ resourceGroupType }: ResourceState): boolean {
  return resourceGroupType === indexType
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

function isProblems(value: unknown): value is readonly vscode.Diagnostic[] {
  return Array.isArray(value) && value.length > 0 && value.every(isProblem)
}

function isProblem(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'message' in value && 'severity' in value
}

/** What the menu of a terminal hands over. */
export function isTerminal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'sendText' in value && 'shellIntegration' in value
}

function isCell(value: unknown): value is vscode.NotebookCell {
  return typeof value === 'object' && value !== null && 'notebook' in value && 'document' in value
}
