import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { fillTemplate, templateProblem, templateVariables } from './template.ts'
import type { TemplateName, TemplateProblem, TemplateValues } from './template.ts'
import { keepStart } from './textPart.ts'

/**
 * A prompt of the settings, checked.
 *
 * @throws OpencodeError `template-invalid` that names the mistake
 */
export function soundTemplate(prompts: Readonly<Record<string, string>>, name: TemplateName): string {
  const template = prompts[name] ?? ''
  const problem = templateProblem(template)
  if (!problem) return template
  throw new OpencodeError('template-invalid', sentence(name, problem))
}

/** The text of a sound template; a variable without a value says so, and one with very much keeps its start. */
export function filled(template: string, values: TemplateValues): string {
  const kept = Object.entries(values).map(([name, value]) => [name, keepStart(value)] as const)
  return fillTemplate(template, Object.fromEntries(kept), vscode.l10n.t('(none)'))
}

function sentence(name: TemplateName, problem: TemplateProblem): string {
  const setting = `opencodeSessions.prompts.${name}`
  switch (problem.kind) {
    case 'empty':
      return vscode.l10n.t(
        'The prompt {0} of the settings is empty or no text. Write one, or reset the setting.',
        setting,
      )
    case 'unclosed':
      return vscode.l10n.t(
        'The prompt {0} of the settings has an opening "$\\{" without its brace, before "{1}". Close it, or write "$$\\{" for the characters themselves.',
        setting,
        problem.text,
      )
    case 'unknown':
      return vscode.l10n.t(
        'The prompt {0} of the settings names the variable "{1}", which does not exist. There are: {2}.',
        setting,
        problem.name,
        templateVariables.join(', '),
      )
  }
}
