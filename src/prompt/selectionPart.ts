import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContextItem } from '../protocol/composer.ts'
import type { PromptPart } from '../session/model.ts'
import { checkSize, digestOf, hiddenText, inlinePart, lineLabel } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { cellOf, exists, isUtf8, placeOf } from './documentPlace.ts'
import type { DocumentPlace } from './documentPlace.ts'
import type { Lines } from './follow.ts'
import { createBlockID } from './promptIds.ts'
import { symbolAt } from './symbols.ts'

/**
 * What the user has selected, one attachment per selection. An empty selection stands for the symbol
 * around the cursor, else for the line. A saved file on the server's disk goes as a reference with its
 * lines; everything else (unsaved, untitled, notebook cell, other disk, not UTF-8) as the text on the screen.
 *
 * @throws OpencodeError `invalid-argument` that says why there is nothing to send, or `too-large`
 */
export async function selectionAttachments(target: PromptTarget): Promise<readonly Attachment[]> {
  const editor = vscode.window.activeTextEditor
  if (editor) return editorAttachments(editor.document, editor.selections, target)
  const cells = selectedCells()
  if (cells.length > 0) return cellAttachments(cells, target)
  throw noEditor()
}

/** The cells that are selected in the active notebook. */
export function selectedCells(): readonly vscode.NotebookCell[] {
  const editor = vscode.window.activeNotebookEditor
  return editor ? editor.selections.flatMap((range) => editor.notebook.getCells(range)) : []
}

/** Whole cells, one attachment for each. */
export async function cellAttachments(
  cells: readonly vscode.NotebookCell[],
  target: PromptTarget,
): Promise<readonly Attachment[]> {
  return Promise.all(cells.map(({ document }) => rangeAttachment(document, wholeOf(document), target)))
}

export function noEditor(): OpencodeError {
  return new OpencodeError(
    'invalid-argument',
    vscode.l10n.t(
      'There is no text editor to take a selection from. Open a file and select something in it.',
    ),
  )
}

/** As `selectionAttachments`, for a given document. */
export async function editorAttachments(
  document: vscode.TextDocument,
  selections: readonly vscode.Selection[],
  target: PromptTarget,
): Promise<readonly Attachment[]> {
  const filled = selections.filter((selection) => !selection.isEmpty)
  if (filled.length > 0) {
    return Promise.all(filled.map((selection) => rangeAttachment(document, selection, target)))
  }
  const active = selections[0]?.active ?? new vscode.Position(0, 0)
  return [await cursorAttachment(document, active, target)]
}

/** An attachment for a range of a document, in whole lines. */
export async function rangeAttachment(
  document: vscode.TextDocument,
  range: vscode.Range,
  target: PromptTarget,
  symbol?: string,
): Promise<Attachment> {
  const place = await placeOf(document, target)
  const lines = linesOf(range)
  const around = symbol ?? (await symbolAt(document, range.start))?.name
  const isOnDisk = !document.isDirty && isUtf8(document)
  const isReference =
    place.path !== undefined && isOnDisk && target.sees(place.path) && (await exists(place.path))
  const text = textOf(document, lines)
  checkSize(place.name, Buffer.byteLength(text))
  const content = isReference
    ? filePart(place.path, place.name, lines)
    : inlinePart(`${place.name}:${lineLabel(lines)}`, text, {
        lines,
        ...(place.path === undefined ? {} : { path: place.path }),
      })
  const key = `${place.path ?? document.uri.toString()}#${lines.start}-${lines.end}`
  return {
    item: { ...itemOf(document, place, { lines, symbol: around }), size: Buffer.byteLength(text) },
    parts: [hiddenText(explain(document, place, { lines, symbol: around })), content],
    source: `${document.uri.toString()}#${digestOf(text)}`,
    content: { key, digest: digestOf(text) },
    anchor: { uri: document.uri.toString(), lines, text },
  }
}

/** The text of whole lines as it is on the screen; 1-based, inclusive, line ends as in the document. */
export function textOf(document: vscode.TextDocument, lines: Lines): string {
  const end = document.lineAt(Math.min(lines.end, document.lineCount) - 1).range.end
  return document.getText(new vscode.Range(new vscode.Position(lines.start - 1, 0), end))
}

interface Where {
  readonly lines: Lines
  readonly symbol: string | undefined
}

async function cursorAttachment(
  document: vscode.TextDocument,
  position: vscode.Position,
  target: PromptTarget,
): Promise<Attachment> {
  const symbol = await symbolAt(document, position)
  if (symbol) return rangeAttachment(document, symbol.range, target, symbol.name)
  const line = document.lineAt(position.line)
  if (!line.isEmptyOrWhitespace) return rangeAttachment(document, line.range, target)
  throw new OpencodeError(
    'invalid-argument',
    vscode.l10n.t(
      'There is nothing at the cursor. Select some text, or put the cursor on a line that has some.',
    ),
  )
}

function wholeOf(document: vscode.TextDocument): vscode.Range {
  return new vscode.Range(new vscode.Position(0, 0), document.lineAt(document.lineCount - 1).range.end)
}

/** A selection that ends at the start of a line does not mean that line. */
export function linesOf(range: vscode.Range): Lines {
  const isBeforeLine = range.end.character === 0 && range.end.line > range.start.line
  return { start: range.start.line + 1, end: isBeforeLine ? range.end.line : range.end.line + 1 }
}

function filePart(path: string | undefined, name: string, lines: Lines): PromptPart {
  return { type: 'file', id: createBlockID(), path: path ?? name, name, mime: 'text/plain', lines }
}

function itemOf(document: vscode.TextDocument, place: DocumentPlace, where: Where): ContextItem {
  const notes = [
    place.name,
    document.languageId,
    where.symbol,
    document.isDirty ? vscode.l10n.t('unsaved') : undefined,
  ]
  return {
    id: randomUUID(),
    kind: place.isCell ? 'cell' : 'selection',
    label: `${place.label}:${lineLabel(where.lines)}`,
    detail: notes.filter((note) => note !== undefined).join(' · '),
  }
}

function explain(document: vscode.TextDocument, place: DocumentPlace, { lines, symbol }: Where): string {
  const cell = cellOf(document)
  const kind = cell && cell.kind === vscode.NotebookCellKind.Markup ? 'markdown cell' : document.languageId
  const inside = symbol === undefined ? '' : `, in ${symbol}`
  const unsaved =
    document.isDirty && place.path !== undefined
      ? ' The file has unsaved changes; this is what is on the screen.'
      : ''
  return `The user selected lines ${lineLabel(lines)} of ${place.told} (${kind}${inside}).${unsaved}`
}
