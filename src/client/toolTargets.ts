import type { ToolKind } from '../session/model.ts'
import { fields, list, number, oneLine, word } from './reading.ts'
import type { Fields } from './reading.ts'

/** A tool call as far as its title depends on it. */
export interface ToolCall {
  readonly name: string
  readonly kind: ToolKind
  readonly input: Fields
  readonly metadata: Fields
  readonly state: Fields
  readonly isDone: boolean
}

interface Description {
  readonly target: string | undefined
  readonly scope: string | undefined
}

type Describe = (call: ToolCall) => readonly [target: string | undefined, scope?: string | undefined]

const describers: { readonly [kind in ToolCall['kind']]: Describe } = {
  shell: ({ input }) => [word(input['command']), prefixed('in ', word(input['workdir']))],
  read: ({ input, metadata }) => [pathOf(input), readRange(input, metadata)],
  edit: ({ input }) => [pathOf(input)],
  write: ({ input }) => [pathOf(input)],
  patch: describePatch,
  grep: ({ input }) => [word(input['pattern']), searchScope(input)],
  glob: ({ input }) => [word(input['pattern']), searchScope(input)],
  list: ({ input }) => [pathOf(input)],
  fetch: ({ input }) => [word(input['url']) ?? word(input['query'])],
  subagent: ({ input }) => [word(input['description']), word(input['subagent_type']) ?? word(input['agent'])],
  todo: describeTodos,
  question: ({ input }) => [word(fields(list(input['questions'])[0])['header'])],
  skill: ({ input }) => [word(input['name'])],
  other: describeOther,
}

/** What a tool works on, in one line, and what narrows it. */
export function describeTool(call: ToolCall): Description {
  const [target, scope] = describers[call.kind](call)
  return {
    target: target === undefined ? undefined : oneLine(target),
    scope: scope === undefined ? undefined : oneLine(scope, 200),
  }
}

function pathOf(input: Fields): string | undefined {
  return word(input['filePath']) ?? word(input['path'])
}

function prefixed(prefix: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : prefix + value
}

/** What was really read, where the server says so; else what was asked for. */
function readRange(input: Fields, metadata: Fields): string | undefined {
  const display = fields(metadata['display'])
  const offset = number(input['offset'])
  const limit = number(input['limit'])
  if (offset === undefined && limit === undefined && display['truncated'] !== true) return undefined
  const start = number(display['lineStart']) ?? offset ?? 1
  const end = number(display['lineEnd']) ?? (limit === undefined ? undefined : start + limit - 1)
  if (display['type'] === 'directory') return undefined
  return end === undefined ? `from line ${start}` : start === end ? `line ${start}` : `lines ${start}–${end}`
}

function searchScope(input: Fields): string | undefined {
  const scope = [prefixed('in ', word(input['path'])), word(input['include'])].filter(
    (item) => item !== undefined,
  )
  return scope.length === 0 ? undefined : scope.join(', ')
}

function describePatch({ metadata, input }: ToolCall): readonly [string | undefined, string | undefined] {
  const paths = list(metadata['files']).map(
    (file) => word(fields(file)['movePath']) ?? word(fields(file)['filePath']),
  )
  const known = paths.filter((path) => path !== undefined)
  const named = known.length > 0 ? known : patchedPaths(word(input['patchText']) ?? '')
  const rest = named.length - 1
  return [named[0], rest > 0 ? `and ${rest} more ${rest === 1 ? 'file' : 'files'}` : undefined]
}

function patchedPaths(patch: string): readonly string[] {
  return [...patch.matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].flatMap(
    (match) => match[1]?.trim() ?? [],
  )
}

function describeTodos({ metadata, input }: ToolCall): readonly [string | undefined] {
  const todos = list(metadata['todos'] ?? input['todos'])
  if (todos.length === 0) return [undefined]
  const done = todos.filter((todo) => fields(todo)['status'] === 'completed').length
  return [`${done} of ${todos.length} done`]
}

/** Tools of MCP servers and plugins: their own title, else the first short text of their input. */
function describeOther({ name, input, state }: ToolCall): readonly [string | undefined] {
  if (name === 'invalid') return [word(input['tool'])]
  const title = word(state['title'])
  if (title !== undefined && title !== name) return [title]
  return [
    Object.values(input).find((value): value is string => typeof value === 'string' && value.length <= 200),
  ]
}
