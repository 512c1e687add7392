import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { filePath } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { describeProblem, problemsBelow } from './diagnosticsPart.ts'
import type { ProblemsOfFile } from './diagnosticsPart.ts'
import { shortName } from './documentPlace.ts'
import { textAttachment } from './textPart.ts'

/** The problems of one file. */
export interface FileProblems extends ProblemsOfFile {
  /** Relative to the session's directory. */
  readonly name: string
}

/** Errors and warnings below a directory, the files with most errors first. */
export function problemFiles(directory: string): readonly FileProblems[] {
  return problemsBelow([vscode.Uri.file(directory)])
    .map((file) => ({ ...file, name: shortName(filePath(file.uri), directory) }))
    .sort((left, right) => errorCount(right) - errorCount(left) || left.name.localeCompare(right.name))
}

/**
 * The problems of one file, or of all files, as the editor reports them.
 *
 * @throws OpencodeError `not-found` when there is none any more
 */
export function problemsAttachment(target: PromptTarget, name?: string): Attachment {
  const files = problemFiles(target.directory).filter((file) => name === undefined || file.name === name)
  const lines = files.flatMap((file) => file.problems.map((problem) => describeProblem(file.name, problem)))
  if (lines.length === 0)
    throw new OpencodeError('not-found', vscode.l10n.t('There are no problems any more.'))
  return textAttachment({
    kind: 'problem',
    label:
      name === undefined ? vscode.l10n.t('{0} problems', lines.length) : problemLabel(name, lines.length),
    detail: lines.slice(0, 12).join('\n'),
    name: 'problems.txt',
    text: `Problems reported by the editor:\n${lines.join('\n')}\n`,
  })
}

function problemLabel(name: string, count: number): string {
  return count === 1
    ? vscode.l10n.t('Problem in {0}', basename(name))
    : vscode.l10n.t('{0} problems in {1}', count, basename(name))
}

function errorCount({ problems }: FileProblems): number {
  return problems.filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error).length
}
