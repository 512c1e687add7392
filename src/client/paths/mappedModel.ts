import type { SessionAction } from '../../session/actions.ts'
import type {
  Block,
  FileChange,
  Json,
  Message,
  PermissionRequest,
  Prompt,
  Request,
  Session,
  ToolBlock,
} from '../../session/model.ts'
import type { PathMap } from './pathMap.ts'

/*
 * Where paths stand in the neutral model. Text that people or models wrote (answers, command lines, output) is
 * left as it is: there a path is only a guess.
 */

export function sessionToHost(paths: PathMap, session: Session): Session {
  return { ...session, directory: paths.toHost(session.directory) }
}

export function requestToHost(paths: PathMap, request: Request): Request {
  const directory = paths.toHost(request.directory)
  if (request.kind === 'question') return { ...request, directory }
  return { ...request, directory, ...permissionPaths(paths, request) }
}

function permissionPaths(paths: PathMap, request: PermissionRequest): Partial<PermissionRequest> {
  const toHost = (path: string): string => paths.toHost(path)
  const isCommand = request.action === 'shell' || request.command !== undefined
  return {
    ...(isCommand ? {} : { patterns: request.patterns.map(toHost), always: request.always.map(toHost) }),
    ...(request.path === undefined ? {} : { path: paths.toHost(request.path) }),
    ...(request.diff === undefined ? {} : { diff: patchToHost(paths, request.diff) }),
    ...(request.files ? { files: request.files.map((file) => changeToHost(paths, file)) } : {}),
  }
}

export function messageToHost(paths: PathMap, message: Message): Message {
  return { ...message, blocks: message.blocks.map((block) => blockToHost(paths, block)) }
}

export function blockToHost(paths: PathMap, block: Block): Block {
  if (block.type === 'tool') return toolToHost(paths, block)
  if (block.type === 'file' && block.path !== undefined) return { ...block, path: paths.toHost(block.path) }
  if (block.type === 'notice' && block.notice === 'patch')
    return { ...block, text: linesToHost(paths, block.text) }
  return block
}

/** Of a shell command and the like the target is text, not a path. */
const pathTargets = new Set(['read', 'edit', 'write', 'patch', 'list', 'glob', 'grep', 'other'])

function toolToHost(paths: PathMap, block: ToolBlock): ToolBlock {
  const { target, files } = block
  return {
    ...block,
    input: inputToHost(paths, block.input),
    ...(target !== undefined && pathTargets.has(block.kind) ? { target: paths.toHost(target) } : {}),
    ...(files ? { files: files.map((change) => changeToHost(paths, change)) } : {}),
  }
}

export function changeToHost(paths: PathMap, change: FileChange): FileChange {
  return {
    ...change,
    path: paths.toHost(change.path),
    ...(change.movedFrom === undefined ? {} : { movedFrom: paths.toHost(change.movedFrom) }),
    ...(change.patch === undefined ? {} : { patch: patchToHost(paths, change.patch) }),
  }
}

const pathKey = /path|file|dir|cwd|root/i

function inputToHost(paths: PathMap, input: ToolBlock['input']): ToolBlock['input'] {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, valueToHost(paths, key, value)]),
  )
}

function valueToHost(paths: PathMap, key: string, value: Json): Json {
  if (typeof value === 'string') return pathKey.test(key) ? paths.toHost(value) : value
  if (isList(value)) return value.map((item) => valueToHost(paths, key, item))
  return typeof value === 'object' && value !== null ? inputToHost(paths, value) : value
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function linesToHost(paths: PathMap, text: string): string {
  return text
    .split('\n')
    .map((line) => paths.toHost(line))
    .join('\n')
}

const header = /^(Index: |--- (?:a(?=\/))?|\+\+\+ (?:b(?=\/))?|rename (?:from|to) )(.*?)(\t.*)?$/

/** Translates the file names in the headers of a unified diff; the lines of its hunks stay untouched. */
export function patchToHost(paths: PathMap, patch: string): string {
  let left = { old: 0, new: 0 }
  const lines = patch.split('\n').map((line) => {
    if (left.old > 0 || left.new > 0) {
      left = { old: left.old - Number(/^[- ]|^$/.test(line)), new: left.new - Number(/^[+ ]|^$/.test(line)) }
      return line
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line)
    if (hunk) left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) }
    return line.replace(header, (_, start: string, path: string, rest: string | undefined) => {
      return start + paths.toHost(path) + (rest ?? '')
    })
  })
  return lines.join('\n')
}

export function actionToHost(paths: PathMap, action: SessionAction): SessionAction {
  switch (action.type) {
    case 'session/put':
      return { ...action, session: sessionToHost(paths, action.session) }
    case 'block/put':
      return { ...action, block: blockToHost(paths, action.block) }
    case 'request/put':
      return { ...action, request: requestToHost(paths, action.request) }
    case 'history':
      return { ...action, messages: action.messages.map((message) => messageToHost(paths, message)) }
    case 'reset': {
      const { state } = action
      const session = sessionToHost(paths, state.session)
      const messages = state.messages.map((message) => messageToHost(paths, message))
      const requests = state.requests.map((request) => requestToHost(paths, request))
      return { ...action, state: { ...state, session, messages, requests } }
    }
    default:
      return action
  }
}

/** What the server reads from its own disk gets its path there; what travels along keeps a fitting name. */
export function promptToServer(paths: PathMap, prompt: Prompt): Prompt {
  const parts = prompt.parts.map((part) => {
    if (part.type === 'file') return { ...part, path: paths.toServer(part.path) }
    if (part.type === 'inline' && part.path !== undefined) return { ...part, path: paths.toServer(part.path) }
    return part
  })
  return { ...prompt, parts }
}
