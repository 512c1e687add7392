import * as vscode from 'vscode'
import { filePath, realDirectory } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { lineLabel } from './attachment.ts'
import { describeProblem, problemAttachments } from './diagnosticsPart.ts'
import type { ProblemsOfFile } from './diagnosticsPart.ts'
import { placeOf, toldName } from './documentPlace.ts'
import { fileAttachment } from './filePart.ts'
import { diffOfFiles, fileChangesAttachment } from './changes.ts'
import { currentBranch } from './git.ts'
import { cellAttachments, editorAttachments } from './selectionPart.ts'
import { symbolAt } from './symbols.ts'
import type { TemplateValues, TemplateVariable } from './template.ts'

/** What a command of an editor, a list of files or a notebook is about, as it was when the command began. */
export type Place =
  | {
      readonly kind: 'selections'
      readonly document: vscode.TextDocument
      readonly selections: readonly vscode.Selection[]
    }
  | { readonly kind: 'cells'; readonly cells: readonly vscode.NotebookCell[] }
  /** Files and folders. */
  | { readonly kind: 'files'; readonly uris: readonly vscode.Uri[] }
  | { readonly kind: 'problems'; readonly files: readonly ProblemsOfFile[] }
  /** What Git knows as changed of some files; only what is staged, or all since the last commit. */
  | { readonly kind: 'changes'; readonly uris: readonly vscode.Uri[]; readonly isStaged: boolean }
  /** A text of a terminal, read already: its selection may be another one soon. */
  | { readonly kind: 'output'; readonly attachment: Attachment; readonly text: string }

/** What goes along of a place. @throws OpencodeError that says why nothing can, see the makers of the parts */
export async function attachmentsOf(place: Place, target: PromptTarget): Promise<readonly Attachment[]> {
  switch (place.kind) {
    case 'selections':
      return editorAttachments(place.document, place.selections, target)
    case 'cells':
      return cellAttachments(place.cells, target)
    case 'files':
      return Promise.all(place.uris.map((uri) => fileAttachment(uri, target)))
    case 'problems':
      return problemAttachments(place.files, target)
    case 'changes': {
      const { isStaged } = place
      return [await fileChangesAttachment(filePaths(place.uris), target.directory, isStaged)]
    }
    case 'output':
      return [place.attachment]
  }
}

/**
 * The values of a template's variables for a place. Only what the template names is looked for. Lines are those of
 * the attachments, so that both say the same.
 */
export async function valuesOf(
  place: Place,
  target: PromptTarget,
  { used, attachments }: { used: ReadonlySet<TemplateVariable>; attachments: readonly Attachment[] },
): Promise<TemplateValues> {
  const branch = used.has('branch') ? await currentBranch(target.directory) : undefined
  const values = place.kind === 'output' ? {} : await fileValues(place, target, used)
  return {
    ...values,
    ...linesOf(place, attachments),
    ...(branch === undefined ? {} : { branch }),
  }
}

type FilePlace = Exclude<Place, { readonly kind: 'output' }>

async function fileValues(
  place: FilePlace,
  target: PromptTarget,
  used: ReadonlySet<TemplateVariable>,
): Promise<TemplateValues> {
  const uris = urisOf(place)
  const names = await Promise.all(uris.map((uri) => nameOf(uri, target)))
  const [document] = documentsOf(place)
  const symbol = used.has('symbol') ? await symbolOf(place) : undefined
  const isStaged = place.kind === 'changes' && place.isStaged
  const diff = used.has('diff') ? await diffOfFiles(filePaths(uris), target.directory, isStaged) : undefined
  return {
    file: names.join(', '),
    ...(document === undefined ? {} : { language: document.languageId }),
    diagnostics: uris
      .flatMap((uri, index) =>
        problemsOf(uri, place).map((problem) => describeProblem(names[index] ?? '', problem)),
      )
      .join('\n'),
    ...(symbol === undefined ? {} : { symbol }),
    ...(diff === undefined ? {} : { diff }),
  }
}

function linesOf(place: Place, attachments: readonly Attachment[]): TemplateValues {
  if (place.kind === 'output') return { selection: place.text }
  const anchors = attachments.flatMap(({ anchor }) => anchor ?? [])
  if (anchors.length === 0) return {}
  return {
    selection: anchors.map(({ text }) => text).join('\n\n'),
    lines: anchors.map(({ lines }) => lineLabel(lines)).join(', '),
  }
}

function urisOf(place: FilePlace): readonly vscode.Uri[] {
  switch (place.kind) {
    case 'selections':
      return [place.document.uri]
    case 'cells':
      return place.cells.map(({ document }) => document.uri)
    case 'problems':
      return place.files.map(({ uri }) => uri)
    case 'files':
    case 'changes':
      return place.uris
  }
}

function documentsOf(place: FilePlace): readonly vscode.TextDocument[] {
  if (place.kind === 'selections') return [place.document]
  if (place.kind === 'cells') return place.cells.map(({ document }) => document)
  const wanted = new Set(urisOf(place).map(String))
  return vscode.workspace.textDocuments.filter(({ uri }) => wanted.has(uri.toString()))
}

async function nameOf(uri: vscode.Uri, target: PromptTarget): Promise<string> {
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString())
  if (open) return (await placeOf(open, target)).told
  return toldName(await realDirectory(uri.fsPath), target)
}

/** Those on the selected lines, or of the whole file where no lines are meant. */
function problemsOf(uri: vscode.Uri, place: FilePlace): readonly vscode.Diagnostic[] {
  if (place.kind === 'problems') {
    return place.files.flatMap((file) => (file.uri.toString() === uri.toString() ? file.problems : []))
  }
  const all = vscode.languages.getDiagnostics(uri)
  return place.kind === 'selections' ? touching(all, place.selections) : all
}

/** The problems that stand on the lines of some ranges. */
export function touching(
  problems: readonly vscode.Diagnostic[],
  ranges: readonly vscode.Range[],
): readonly vscode.Diagnostic[] {
  const lines = ranges.map(
    ({ start, end }) => new vscode.Range(start.line, 0, end.line, Number.MAX_SAFE_INTEGER),
  )
  return problems.filter(({ range }) => lines.some((each) => each.intersection(range) !== undefined))
}

async function symbolOf(place: FilePlace): Promise<string | undefined> {
  const [document] = documentsOf(place)
  const [first] =
    place.kind === 'selections'
      ? place.selections
      : place.kind === 'problems'
        ? place.files.flatMap(({ problems }) => problems.map(({ range }) => range))
        : []
  return document && first ? (await symbolAt(document, first.start))?.name : undefined
}

function filePaths(uris: readonly vscode.Uri[]): readonly string[] {
  return uris.filter(({ scheme }) => scheme === 'file').map(filePath)
}
