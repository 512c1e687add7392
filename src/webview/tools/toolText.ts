import { settledIn } from '../../protocol/desk.ts'
import type { Json, ToolBlock, ToolKind, ToolStatus } from '../../session/model.ts'
import { firstLine, formatDuration, plural, shortPath } from '../components/format.ts'
import type { ToolEntry } from '../transcript/items.ts'

/** What one line says of a tool call. */
export interface ToolLine {
  readonly icon: string
  readonly verb: string
  readonly target: string
  /** Whether the target is a file or folder: shown shortened from the left. */
  readonly isPath: boolean
  readonly scope: string
  readonly result: string
}

interface Words {
  readonly icon: string
  readonly done: string
  readonly doing: string
  /** Names of the input that says what it works on, when the block does not. */
  readonly input: readonly string[]
}

const words: Readonly<Record<ToolKind, Words>> = {
  shell: { icon: 'terminal', done: 'Ran', doing: 'Running', input: ['command'] },
  read: { icon: 'file', done: 'Read', doing: 'Reading', input: ['filePath', 'path'] },
  edit: { icon: 'edit', done: 'Edited', doing: 'Editing', input: ['filePath', 'path'] },
  write: { icon: 'new-file', done: 'Wrote', doing: 'Writing', input: ['filePath', 'path'] },
  patch: { icon: 'diff-multiple', done: 'Patched', doing: 'Patching', input: [] },
  grep: { icon: 'search', done: 'Searched', doing: 'Searching', input: ['pattern', 'query'] },
  glob: { icon: 'files', done: 'Found files', doing: 'Finding files', input: ['pattern'] },
  list: { icon: 'list-tree', done: 'Listed', doing: 'Listing', input: ['path'] },
  fetch: { icon: 'globe', done: 'Fetched', doing: 'Fetching', input: ['url'] },
  subagent: { icon: 'type-hierarchy-sub', done: 'Subagent', doing: 'Subagent', input: ['description'] },
  todo: { icon: 'checklist', done: 'Updated todos', doing: 'Updating todos', input: [] },
  question: { icon: 'question', done: 'Asked', doing: 'Asking', input: [] },
  skill: { icon: 'book', done: 'Loaded skill', doing: 'Loading skill', input: ['name'] },
  other: { icon: 'tools', done: '', doing: '', input: [] },
}

const pathKinds: ReadonlySet<ToolKind> = new Set(['read', 'edit', 'write', 'list'])

export const stateText: Readonly<Record<ToolStatus, string>> = {
  pending: 'Pending',
  running: 'Running',
  completed: 'Done',
  failed: 'Failed',
  interrupted: 'Interrupted',
}

const failedText = { failed: 'failed', joined: 'merged by you', saved: 'to be made again' } as const

/** Whether the tool has not come to an end. */
export function isRunning(block: ToolBlock): boolean {
  return block.status === 'pending' || block.status === 'running'
}

export function toolLine(block: ToolBlock, directory: string | undefined): ToolLine {
  const { icon, done, doing, input } = words[block.kind]
  const verb = (isRunning(block) ? doing : done) || block.name
  const isPath = pathKinds.has(block.kind)
  const target = block.target ?? inputText(block.input, input)
  return {
    icon,
    verb,
    target: firstLine(isPath ? shortPath(target, directory) : target),
    isPath,
    scope: block.scope ?? '',
    result: resultText(block),
  }
}

/** Time the call took, when it is worth saying. */
export function toolTime(block: ToolBlock, now: number): string {
  if (block.started === undefined || block.status === 'interrupted') return ''
  const ms = (block.ended ?? now) - block.started
  return isRunning(block) && ms < 1_000 ? '' : formatDuration(ms)
}

/** The one line for a run of tools that only looked, e.g. "Explored 6 files, 3 searches". */
export function runText(tools: readonly ToolEntry[]): string {
  const isOpen = tools.some((tool) => isRunning(tool.block))
  const reads = new Set(
    tools.filter(({ block }) => block.kind === 'read').map(({ block }) => block.target ?? block.id),
  )
  const searches = tools.filter(({ block }) => block.kind === 'grep' || block.kind === 'glob').length
  const lists = tools.filter(({ block }) => block.kind === 'list').length
  const parts = [
    ...(reads.size > 0 ? [plural(reads.size, 'file')] : []),
    ...(searches > 0 ? [plural(searches, 'search', 'searches')] : []),
    ...(lists > 0 ? [plural(lists, 'folder')] : []),
  ]
  return `${isOpen ? 'Exploring' : 'Explored'} ${parts.join(', ')}`
}

function resultText(block: ToolBlock): string {
  const end = endText(block)
  if (end !== undefined) return end
  if (block.kind === 'shell' && block.exitCode) return `exit ${block.exitCode}`
  if (block.kind === 'patch' && block.files) return plural(block.files.length, 'file')
  if (block.kind === 'question' && block.answers) return plural(block.answers.length, 'answer')
  if (block.kind === 'todo' && block.todos) return todoText(block)
  return ''
}

/** Why a call did not come to its own end. */
function endText({ status, error, exitCode }: ToolBlock): string | undefined {
  if (status === 'interrupted') return 'interrupted'
  return status === 'failed' && exitCode === undefined ? failedText[settledIn(error) ?? 'failed'] : undefined
}

function todoText(block: ToolBlock): string {
  const todos = block.todos ?? []
  return `${todos.filter((todo) => todo.status === 'completed').length} of ${todos.length}`
}

function inputText(input: { readonly [key: string]: Json }, names: readonly string[]): string {
  for (const name of names) {
    const value = input[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}
