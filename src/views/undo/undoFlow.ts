import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { UndoReach } from '../../client/history.ts'
import { needAbility } from '../../opencode/abilities.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { isBusy } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { undoScope } from '../../session/undo.ts'
import type { UndoPoint, UndoScope } from '../../session/undo.ts'
import type { Backend } from '../backend/backends.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { absolutePath } from '../links.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import type { Services } from '../services.ts'
import { changedFiles, fileNow, unsavedFiles } from './undoFiles.ts'
import { previewFile, previewRedo } from './undoPreview.ts'
import { askUndo, isHarmless } from './undoQuestion.ts'
import type { UndoFindings } from './undoQuestion.ts'

/** Files that a redo wrote are newer than the messages that tell of them. */
const redoneAt = new Map<SessionID, number>()

/**
 * Takes a session back to a point, after showing what that does to the disk. False when the user thought better
 * of it.
 *
 * @throws OpencodeError `busy`, `not-found`, or what the server says
 */
export async function undo(
  services: Services,
  chat: ChatSession,
  point: UndoPoint,
  words: { readonly title?: string; readonly confirm?: string } = {},
): Promise<boolean> {
  const state = needQuiet(chat)
  const scope = undoScope(state, point)
  if (!scope)
    throw new OpencodeError('not-found', vscode.l10n.t('This message is not in the session any more.'))
  const connection = await chat.backend.access.ensure()
  needAbility(connection, 'revert')
  const findings = await findUndo({ backend: chat.backend, connection, state, scope })
  const question = {
    title: words.title ?? undoTitle(scope),
    confirm: words.confirm ?? vscode.l10n.t('Undo'),
    findings,
  }
  if (!isHarmless(findings) && !(await askUndo(question, services.documents))) return false
  needQuiet(chat)
  await connection.history.undo(state.session.id, point)
  return true
}

/** Brings back what was undone; asks only when that overwrites something. */
export async function redo(services: Services, chat: ChatSession): Promise<void> {
  const state = needQuiet(chat)
  const { id, revertedFrom } = state.session
  if (revertedFrom === undefined)
    throw new OpencodeError('not-found', vscode.l10n.t('Nothing is undone in this session.'))
  const connection = await chat.backend.access.ensure()
  needAbility(connection, 'revert')
  const findings = await findRedo({ backend: chat.backend, connection, state })
  const isRisky = findings.unsaved.length > 0 || findings.files.some(({ isChangedSince }) => isChangedSince)
  const question = {
    title: vscode.l10n.t('Redo over files that were changed meanwhile?'),
    confirm: vscode.l10n.t('Redo'),
    findings,
  }
  if (isRisky && !(await askUndo(question, services.documents))) return
  await connection.history.redo(id)
  redoneAt.set(id, Date.now())
}

interface Finding {
  readonly backend: Backend
  readonly connection: Connection
  readonly state: SessionState
}

async function findUndo({
  backend,
  connection,
  state,
  scope,
}: Finding & { readonly scope: UndoScope }): Promise<UndoFindings> {
  const { id, directory } = state.session
  const hasFiles = scope.restored.size > 0 || scope.kept.length > 0
  const [reach, ...turns] = await Promise.all([
    hasFiles ? connection.history.undoReach(directory) : anyReach,
    ...(scope.restored.size > 0 ? scope.turns.map((turn) => connection.turnDiff(id, turn)) : []),
  ])
  const isHere = promptTarget(backend, directory).sees(directory)
  const changed = changedFiles(scope, [...turns.flat(), ...scope.calls], directory)
  const floor = redoneAt.get(id) ?? 0
  const files = await Promise.all(
    changed.map(async (file) =>
      previewFile({ ...file, writtenAt: Math.max(file.writtenAt, floor) }, await fileNow(file.path, isHere)),
    ),
  )
  const kept = scope.kept.map((path) => absolutePath(path, directory))
  return {
    directory,
    files,
    unsaved: unsavedFiles(files.map(({ path }) => path)),
    kept,
    reach,
    isElsewhere: !isHere,
    isWidened: scope.isWidened,
  }
}

const anyReach: UndoReach = { kind: 'files' }

async function findRedo({ backend, connection, state }: Finding): Promise<UndoFindings> {
  const { id, directory, updated } = state.session
  const changes = await connection.history.undoneChanges(id)
  const isHere = promptTarget(backend, directory).sees(directory)
  const files = await Promise.all(
    changes.map(async (change) => {
      const path = absolutePath(change.path, directory)
      return previewRedo(path, change, updated, await fileNow(path, isHere))
    }),
  )
  const unsaved = unsavedFiles(files.map(({ path }) => path))
  return { directory, files, unsaved, kept: [], reach: anyReach, isElsewhere: !isHere, isWidened: false }
}

function undoTitle({ prompts }: UndoScope): string {
  if (prompts === 0) return vscode.l10n.t('Undo from this step on?')
  return prompts === 1
    ? vscode.l10n.t('Undo this prompt and its answer?')
    : vscode.l10n.t('Undo {0} prompts and their answers?', prompts)
}

/** @throws OpencodeError `not-found`, `busy` */
function needQuiet(chat: ChatSession): SessionState {
  const state = chat.state.session
  if (!state) throw new OpencodeError('not-found', vscode.l10n.t('No session is open.'))
  if (!isBusy(state)) return state
  throw new OpencodeError('busy', vscode.l10n.t('The session is running. Stop it first, then try again.'))
}
