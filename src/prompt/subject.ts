import { basename } from 'node:path'
import * as vscode from 'vscode'
import { realDirectory } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { lineLabel } from './attachment.ts'
import { describeProblem } from './diagnosticsPart.ts'
import { placeOf, shortName } from './documentPlace.ts'
import { fileAttachment } from './filePart.ts'
import { currentBranch, diffOfFiles } from './git.ts'
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
  | { readonly kind: 'files'; readonly uris: readonly vscode.Uri[] }

/** What goes along of a place. @throws OpencodeError that says why nothing can, see the makers of the parts */
export async function attachmentsOf(place: Place, target: PromptTarget): Promise<readonly Attachment[]> {
  switch (place.kind) {
    case 'selections':
      return editorAttachments(place.document, place.selections, target)
    case 'cells':
      return cellAttachments(place.cells, target)
    case 'files':
      return Promise.all(place.uris.map((uri) => fileAttachment(uri, target)))
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
  const uris = urisOf(place)
  const name = await namesOf(place, target)
  const [document] = documentsOf(place)
  const symbol = used.has('symbol') ? await symbolOf(place) : undefined
  const diff = used.has('diff') ? await diffOfFiles(filePaths(uris), target.directory) : undefined
  const branch = used.has('branch') ? await currentBranch(target.directory) : undefined
  const anchors = attachments.flatMap(({ anchor }) => anchor ?? [])
  return {
    file: name,
    ...(document === undefined ? {} : { language: document.languageId }),
    ...(anchors.length === 0
      ? {}
      : {
          selection: anchors.map(({ text }) => text).join('\n\n'),
          lines: anchors.map(({ lines }) => lineLabel(lines)).join(', '),
        }),
    diagnostics: uris
      .flatMap((uri) =>
        problemsOf(uri, place).map((problem) =>
          describeProblem(uris.length === 1 ? name : basename(uri.path), problem),
        ),
      )
      .join('\n'),
    ...(symbol === undefined ? {} : { symbol }),
    ...(diff === undefined ? {} : { diff }),
    ...(branch === undefined ? {} : { branch }),
  }
}

function urisOf(place: Place): readonly vscode.Uri[] {
  return place.kind === 'files' ? place.uris : documentsOf(place).map(({ uri }) => uri)
}

function documentsOf(place: Place): readonly vscode.TextDocument[] {
  switch (place.kind) {
    case 'selections':
      return [place.document]
    case 'cells':
      return place.cells.map(({ document }) => document)
    case 'files': {
      const wanted = new Set(place.uris.map(String))
      return vscode.workspace.textDocuments.filter(({ uri }) => wanted.has(uri.toString()))
    }
  }
}

async function namesOf(place: Place, target: PromptTarget): Promise<string> {
  if (place.kind !== 'files') {
    const places = await Promise.all(documentsOf(place).map((document) => placeOf(document, target)))
    return places.map(({ name }) => name).join(', ')
  }
  const paths = await Promise.all(place.uris.map((uri) => realDirectory(uri.fsPath)))
  return paths.map((path) => shortName(path, target.directory)).join(', ')
}

/** Those on the selected lines, or of the whole file where no lines are meant. */
function problemsOf(uri: vscode.Uri, place: Place): readonly vscode.Diagnostic[] {
  const all = vscode.languages.getDiagnostics(uri)
  if (place.kind !== 'selections') return all
  const lines = place.selections.map(
    ({ start, end }) => new vscode.Range(start.line, 0, end.line, Number.MAX_SAFE_INTEGER),
  )
  return all.filter(({ range }) => lines.some((each) => each.intersection(range) !== undefined))
}

async function symbolOf(place: Place): Promise<string | undefined> {
  const [selection] = place.kind === 'selections' ? place.selections : []
  if (place.kind !== 'selections' || !selection) return undefined
  return (await symbolAt(place.document, selection.start))?.name
}

function filePaths(uris: readonly vscode.Uri[]): readonly string[] {
  return uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath)
}
