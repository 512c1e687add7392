import { isSessionID, toRequestID } from '../../opencode/ids.ts'
import type { RequestID } from '../../opencode/ids.ts'
import type { FileChange, PermissionRequest, Question, QuestionRequest } from '../../session/model.ts'
import { fileChange, patchLimit } from '../fileDiffs.ts'
import { collect, compact, fields, list, text, word, words } from '../reading.ts'
import { readPatchedFile } from './tools.ts'
import { loose } from './wire.ts'
import type { WirePermission, WireQuestionRequest } from './wire.ts'

export function readRequestID(value: unknown): RequestID | undefined {
  try {
    return toRequestID(value)
  } catch {
    return undefined
  }
}

/** A permission that waits; `directory` is the one whose instance asks, and the answer must name it. */
export function readPermission(value: unknown, directory: string): PermissionRequest | undefined {
  const wire = loose<WirePermission>(value)
  const id = readRequestID(wire?.id)
  if (!wire || id === undefined || !isSessionID(wire.sessionID)) return undefined
  const metadata = fields(wire.metadata)
  return compact({
    kind: 'permission' as const,
    id,
    sessionID: wire.sessionID,
    directory,
    callID: word(fields(wire.tool)['callID']),
    action: neutralAction(text(wire.permission) ?? 'unknown'),
    patterns: words(wire.patterns),
    always: words(wire.always),
    command: word(metadata['command']),
    path: word(metadata['filepath']) ?? word(metadata['filePath']),
    diff: shortDiff(metadata),
    files: proposedFiles(metadata),
  })
}

/** A patch lists its files; an edit or a write names the one it is about. */
function proposedFiles(metadata: ReturnType<typeof fields>): readonly FileChange[] | undefined {
  const listed = collect(metadata['files'], readPatchedFile)
  if (listed.length > 0) return listed
  const path = word(metadata['filepath']) ?? word(metadata['filePath'])
  const patch = shortDiff(metadata)
  return path === undefined || patch === undefined
    ? undefined
    : [fileChange({ path, patch, status: 'modified' })]
}

/** The server's `bash` is what the rest of the program calls `shell`. */
function neutralAction(permission: string): string {
  if (permission === 'bash') return 'shell'
  return permission === 'task' ? 'subagent' : permission
}

function shortDiff(metadata: ReturnType<typeof fields>): string | undefined {
  const diff = word(metadata['diff'])
  return diff !== undefined && diff.length <= patchLimit * 5 ? diff : undefined
}

export function readQuestion(value: unknown, directory: string): QuestionRequest | undefined {
  const wire = loose<WireQuestionRequest>(value)
  const id = readRequestID(wire?.id)
  if (!wire || id === undefined || !isSessionID(wire.sessionID)) return undefined
  return compact({
    kind: 'question' as const,
    id,
    sessionID: wire.sessionID,
    directory,
    callID: word(fields(wire.tool)['callID']),
    questions: list(wire.questions).map(readOne),
  })
}

function readOne(value: unknown): Question {
  const wire = fields(value)
  return {
    header: text(wire['header']) ?? '',
    question: text(wire['question']) ?? '',
    options: collect(wire['options'], (item) => {
      const label = word(fields(item)['label'])
      return label === undefined
        ? undefined
        : compact({ label, description: word(fields(item)['description']) })
    }),
    multiple: wire['multiple'] === true,
    custom: wire['custom'] !== false,
  }
}
