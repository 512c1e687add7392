/** The prompts that can be edited in the settings; their first words stand in the manifest. */
export const templateNames = [
  'ask',
  'explain',
  'explainProblem',
  'fix',
  'fixOutput',
  'refactor',
  'tests',
  'docs',
  'inline',
  'review',
  'commitMessage',
] as const

export type TemplateName = (typeof templateNames)[number]

/** What a template may name as `${name}`; the manifest's pattern and description list the same. */
export const templateVariables = [
  'file',
  'selection',
  'lines',
  'language',
  'symbol',
  'diagnostics',
  'diff',
  'branch',
  'input',
] as const

export type TemplateVariable = (typeof templateVariables)[number]

/** What the variables stand for in one place; one that has no value there is left out. */
export type TemplateValues = Readonly<Partial<Record<TemplateVariable, string>>>

export type TemplateProblem =
  | { readonly kind: 'empty' }
  /** There is no variable of this name. */
  | { readonly kind: 'unknown'; readonly name: string }
  /** A `${` without its brace, with the text behind it. */
  | { readonly kind: 'unclosed'; readonly text: string }

/** `$${` stands for `${` itself. */
const place = /\$\$\{|\$\{([^}]*)(\}?)/g

/** What is wrong with a template, the first mistake; undefined when nothing is. */
export function templateProblem(template: string): TemplateProblem | undefined {
  if (template.trim() === '') return { kind: 'empty' }
  for (const [, name, end] of template.matchAll(place)) {
    if (name === undefined) continue
    if (end === '') return { kind: 'unclosed', text: name.slice(0, 20) }
    if (!isVariable(name)) return { kind: 'unknown', name }
  }
  return undefined
}

/** The variables that a sound template names. */
export function variablesOf(template: string): ReadonlySet<TemplateVariable> {
  return new Set([...template.matchAll(place)].flatMap(([, name]) => (isVariable(name) ? [name] : [])))
}

/** The text of a sound template. Values are taken as they are: what looks like a variable in them stays. */
export function fillTemplate(template: string, values: TemplateValues, missing: string): string {
  return template.replaceAll(place, (_match, name?: string) => {
    if (name === undefined) return '${'
    const value = isVariable(name) ? values[name]?.trim() : undefined
    return value === undefined || value === '' ? missing : value
  })
}

function isVariable(name: string | undefined): name is TemplateVariable {
  return templateVariables.some((each) => each === name)
}
