import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import * as vscode from 'vscode'
import { filePath } from '../platform/folders.ts'
import { isWithin } from '../util/paths.ts'
import { hiddenText } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { placeOf, toldName } from './documentPlace.ts'
import { rangeAttachment } from './selectionPart.ts'

const contextLines = 3
/** More files than that say nothing new, and their code would fill the prompt. */
const fileLimit = 20

/** Some problems of one file. */
export interface ProblemsOfFile {
  readonly uri: vscode.Uri
  readonly problems: readonly vscode.Diagnostic[]
}

/** One chip that lists the problems, and one for each file with the code around them. */
export async function problemAttachments(
  files: readonly ProblemsOfFile[],
  target: PromptTarget,
): Promise<readonly Attachment[]> {
  const told = await Promise.all(
    files.slice(0, fileLimit).map(async ({ uri, problems }) => {
      const document = await openDocument(uri)
      const name = document ? (await placeOf(document, target)).told : nameOf(uri, target)
      const code = document && (await rangeAttachment(document, around(document, problems), target))
      return { name, code, lines: problems.map((problem) => describeProblem(name, problem)) }
    }),
  )
  const list = told.flatMap(({ lines }) => lines)
  const left = files.slice(fileLimit).reduce((sum, { problems }) => sum + problems.length, 0)
  const rest = left === 0 ? [] : [`[… ${left} more problems in other files]`]
  const text = hiddenText(`Problems reported by the editor:\n${[...list, ...rest].join('\n')}`)
  const all = files.flatMap(({ problems }) => problems)
  return [
    {
      item: chip(
        told.map(({ name }) => basename(name)),
        all,
      ),
      parts: [text],
    },
    ...told.flatMap(({ code }) => code ?? []),
  ]
}

/** One line: place, severity, source, code and message. */
export function describeProblem(name: string, problem: vscode.Diagnostic): string {
  const { start, end } = problem.range
  const severity = vscode.DiagnosticSeverity[problem.severity].toLowerCase()
  const origin = [problem.source, codeOf(problem)].filter((word) => word !== undefined).join(' ')
  const place = `${name}:${String(start.line + 1)}:${String(start.character + 1)}-${String(end.line + 1)}:${String(end.character + 1)}`
  return `- ${place} ${severity}${origin ? ` (${origin})` : ''}: ${problem.message}`
}

/** Errors and warnings of files, and of all files below folders. */
export function problemsBelow(uris: readonly vscode.Uri[]): readonly ProblemsOfFile[] {
  const isMeant = (uri: vscode.Uri): boolean =>
    uris.some((each) => isSameDisk(uri, each) && isWithin(filePath(uri), filePath(each)))
  return vscode.languages
    .getDiagnostics()
    .filter(([uri]) => isMeant(uri))
    .map(([uri, problems]) => ({ uri, problems: problems.filter(isGrave) }))
    .filter(({ problems }) => problems.length > 0)
}

/** The cells of a notebook stand where their file does. */
function isSameDisk({ scheme }: vscode.Uri, other: vscode.Uri): boolean {
  return scheme === other.scheme || (scheme === 'vscode-notebook-cell' && other.scheme === 'file')
}

/** Errors and warnings; hints are marks of the editor rather than problems. */
export function isGrave({ severity }: vscode.Diagnostic): boolean {
  return severity <= vscode.DiagnosticSeverity.Warning
}

/** Some tools go on reporting what stood in files that are gone. */
async function openDocument(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  return Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => undefined)
}

function nameOf(uri: vscode.Uri, target: PromptTarget): string {
  return uri.scheme === 'file' ? toldName(filePath(uri), target) : basename(uri.path)
}

function around(document: vscode.TextDocument, problems: readonly vscode.Diagnostic[]): vscode.Range {
  const ranges = problems.map(({ range }) => document.validateRange(range))
  const first = Math.min(...ranges.map(({ start }) => start.line)) - contextLines
  const last = Math.max(...ranges.map(({ end }) => end.line)) + contextLines
  const end = document.lineAt(Math.min(last, document.lineCount - 1)).range.end
  return new vscode.Range(new vscode.Position(Math.max(first, 0), 0), end)
}

function chip(labels: readonly string[], problems: readonly vscode.Diagnostic[]): Attachment['item'] {
  const count = problems.length
  const [label = ''] = labels
  return {
    id: randomUUID(),
    kind: 'problem',
    label:
      labels.length > 1
        ? vscode.l10n.t('{0} problems in {1} files', count, labels.length)
        : count === 1
          ? vscode.l10n.t('Problem in {0}', label)
          : vscode.l10n.t('{0} problems in {1}', count, label),
    detail: problems.map(({ message }) => message).join('\n'),
  }
}

function codeOf({ code }: vscode.Diagnostic): string | undefined {
  if (code === undefined) return undefined
  return String(typeof code === 'object' ? code.value : code)
}
