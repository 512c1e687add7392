import { isSessionID } from '../../opencode/ids.ts'
import type { PermissionRequest, Question, QuestionRequest } from '../../session/model.ts'
import { patchLimit, readFileDiff } from '../fileDiffs.ts'
import { collect, compact, fields, list, text, word, words } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { readRequestID } from './sessions.ts'

/** A permission that waits, or undefined when it makes no sense. */
export function readPermission(value: unknown, directory: string): PermissionRequest | undefined {
  const wire = fields(value)
  const id = readRequestID(wire['id'])
  if (id === undefined || !isSessionID(wire['sessionID'])) return undefined
  const metadata = fields(wire['metadata'])
  const files = collect(metadata['files'], readFileDiff)
  const [file] = files
  const diff = file?.patch ?? word(metadata['diff'])
  return compact({
    kind: 'permission' as const,
    id,
    sessionID: wire['sessionID'],
    directory,
    callID: word(fields(wire['source'])['id']),
    action: text(wire['action']) ?? 'unknown',
    patterns: words(wire['resources']),
    always: words(wire['save']),
    command: word(metadata['command']),
    path: file?.path ?? word(metadata['filePath']) ?? word(metadata['file']),
    diff: diff !== undefined && diff.length <= patchLimit * 5 ? diff : undefined,
    files: files.length > 0 ? files : undefined,
  })
}

/** A form that waits, as questions: one for each field that people can fill in. */
export function readForm(value: unknown, directory: string): QuestionRequest | undefined {
  const wire = fields(value)
  const id = readRequestID(wire['id'])
  if (id === undefined || !isSessionID(wire['sessionID'])) return undefined
  const title = text(wire['title']) ?? ''
  const metadata = fields(wire['metadata'])
  return compact({
    kind: 'question' as const,
    id,
    sessionID: wire['sessionID'],
    directory,
    callID: word(fields(metadata['tool'])['id']),
    questions: shownFields(wire).map((field) => readField(field, title)),
  })
}

function shownFields(form: Fields): readonly Fields[] {
  return list(form['fields'])
    .map(fields)
    .filter((field) => field['hidden'] !== true && word(field['key']) !== undefined)
}

function readField(field: Fields, formTitle: string): Question {
  const options = collect(field['options'], readOption)
  const type = text(field['type'])
  const title = text(field['title']) ?? formTitle
  const said = text(field['description']) ?? (title || (text(field['key']) ?? ''))
  if (type === 'boolean')
    return { header: title, question: said, options: yesNo, multiple: false, custom: false }
  if (type === 'external') {
    const question = [said, word(field['url'])].filter(Boolean).join('\n')
    return { header: title, question, options: [{ label: 'Done' }], multiple: false, custom: false }
  }
  const custom = options.length === 0 || field['custom'] === true
  return { header: title, question: said, options, multiple: type === 'multiselect', custom }
}

const yesNo = [{ label: 'Yes' }, { label: 'No' }]

function readOption(value: unknown): { readonly label: string; readonly description?: string } | undefined {
  const option = fields(value)
  const label = word(option['label']) ?? word(option['value'])
  return label === undefined ? undefined : compact({ label, description: word(option['description']) })
}

/** The answer of a form out of the words that people chose; what is hidden keeps its default. */
export function formAnswer(form: unknown, answers: readonly (readonly string[])[]): Fields {
  const wire = fields(form)
  const shown = shownFields(wire)
  const result: Record<string, unknown> = {}
  for (const field of list(wire['fields']).map(fields)) {
    const key = word(field['key'])
    if (key !== undefined && field['hidden'] === true && field['default'] !== undefined)
      result[key] = field['default']
  }
  for (const [index, field] of shown.entries()) {
    const said = answers[index] ?? []
    const value = fieldValue(field, said)
    if (value !== undefined) result[word(field['key']) ?? ''] = value
  }
  return Object.fromEntries(Object.entries(result).filter(([key]) => applies(shown, key, result)))
}

function fieldValue(field: Fields, said: readonly string[]): unknown {
  const values = said.map((label) => valueOf(field, label))
  switch (field['type']) {
    case 'multiselect':
      return values
    case 'boolean':
      return said[0] === undefined ? field['default'] : said[0] === 'Yes'
    case 'number':
    case 'integer':
      return toNumber(said[0]) ?? field['default']
    case 'external':
      return undefined
    default:
      return values[0] ?? field['default']
  }
}

/** What is no number goes to the server as it is, which knows how to refuse it. */
function toNumber(said = ''): number | string | undefined {
  const words = said.trim()
  if (words === '') return undefined
  const value = Number(words)
  return Number.isFinite(value) ? value : words
}

function valueOf(field: Fields, label: string): string {
  const option = list(field['options'])
    .map(fields)
    .find((candidate) => candidate['label'] === label)
  return word(option?.['value']) ?? label
}

/** Whether a field is asked for at all, given the other answers. */
function applies(shown: readonly Fields[], key: string, answer: Fields): boolean {
  const field = shown.find((candidate) => candidate['key'] === key)
  return list(field?.['when'])
    .map(fields)
    .every((when) => (answer[text(when['key']) ?? ''] === when['value']) === (when['op'] !== 'neq'))
}
