import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { hiddenText } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { placeOf } from './documentPlace.ts'
import { rangeAttachment } from './selectionPart.ts'
import type { TemplateValues } from './template.ts'

const contextLines = 3

/**
 * Problems with the code around them, and what a template may say of them. Without given diagnostics, those that touch the selection or
 * stand on its lines are taken.
 *
 * @throws OpencodeError `invalid-argument` when there is no problem
 */
export async function problemAttachments(
  document: vscode.TextDocument,
  range: vscode.Range,
  target: PromptTarget,
  given?: readonly vscode.Diagnostic[],
): Promise<{ readonly attachments: readonly Attachment[]; readonly values: TemplateValues }> {
  const problems = given ?? problemsAt(document.uri, range)
  if (problems.length === 0) {
    throw new OpencodeError(
      'invalid-argument',
      vscode.l10n.t('There is no problem on this line. Put the cursor on one that is underlined.'),
    )
  }
  const place = await placeOf(document, target)
  const code = await rangeAttachment(document, around(document, problems), target)
  const list = problems.map((problem) => describeProblem(place.name, problem)).join('\n')
  return {
    values: { file: place.name, language: document.languageId, diagnostics: list },
    attachments: [
      { item: chip(place.label, problems), parts: [hiddenText(`Problems reported by the editor:\n${list}`)] },
      code,
    ],
  }
}

/** One line: place, severity, source, code and message. */
export function describeProblem(name: string, problem: vscode.Diagnostic): string {
  const { start, end } = problem.range
  const severity = vscode.DiagnosticSeverity[problem.severity].toLowerCase()
  const origin = [problem.source, codeOf(problem)].filter((word) => word !== undefined).join(' ')
  const place = `${name}:${String(start.line + 1)}:${String(start.character + 1)}-${String(end.line + 1)}:${String(end.character + 1)}`
  return `- ${place} ${severity}${origin ? ` (${origin})` : ''}: ${problem.message}`
}

function problemsAt(uri: vscode.Uri, range: vscode.Range): readonly vscode.Diagnostic[] {
  const lines = new vscode.Range(range.start.line, 0, range.end.line, Number.MAX_SAFE_INTEGER)
  return vscode.languages
    .getDiagnostics(uri)
    .filter((problem) => problem.range.intersection(lines) !== undefined)
}

function around(document: vscode.TextDocument, problems: readonly vscode.Diagnostic[]): vscode.Range {
  const first = Math.min(...problems.map(({ range }) => range.start.line)) - contextLines
  const last = Math.max(...problems.map(({ range }) => range.end.line)) + contextLines
  const end = document.lineAt(Math.min(last, document.lineCount - 1)).range.end
  return new vscode.Range(new vscode.Position(Math.max(first, 0), 0), end)
}

function chip(label: string, problems: readonly vscode.Diagnostic[]): Attachment['item'] {
  const count = problems.length
  return {
    id: randomUUID(),
    kind: 'problem',
    label:
      count === 1
        ? vscode.l10n.t('Problem in {0}', label)
        : vscode.l10n.t('{0} problems in {1}', count, label),
    detail: problems.map(({ message }) => message).join('\n'),
  }
}

function codeOf({ code }: vscode.Diagnostic): string | undefined {
  if (code === undefined) return undefined
  return String(typeof code === 'object' ? code.value : code)
}
