import { setTimeout as sleep } from 'node:timers/promises'
import { newMessageID } from '../../opencode/newIds.ts'
import type { ModelRef } from '../../opencode/catalog.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { toMessageID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { FileChange, Session } from '../../session/model.ts'
import type { UndoPoint } from '../../session/undo.ts'
import { readFileDiffs } from '../fileDiffs.ts'
import type { SessionDocument, SessionExport, SessionHistory, ShareMode, UndoReach } from '../history.ts'
import { fields, list, word } from '../reading.ts'
import { expectSession, missing } from './routes.ts'
import type { V2Routes } from './routes.ts'
import { choose } from './sessionGroups.ts'

const compactTimeoutMs = 30 * 60_000
const compactCheckMs = 400
const exportLimits = { timeoutMs: 120_000, maxBytes: 512 * 1024 * 1024 }

export class V2History implements SessionHistory {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async fork(sessionID: SessionID, before?: MessageID): Promise<Session> {
    const body = before === undefined ? {} : { before: toMessageID(before) }
    return expectSession(await this.#routes.ofSession('POST', sessionID, '/fork', { body }))
  }

  /** Stays staged, and can be taken back, until the next prompt commits it. */
  async undo(sessionID: SessionID, { messageID, blockID }: UndoPoint): Promise<Session> {
    if (blockID !== undefined) throw missing('undo a part of an answer')
    const body = { messageID: toMessageID(messageID), files: true }
    await this.#routes.ofSession('POST', sessionID, '/revert/stage', { body })
    return this.#routes.session(sessionID)
  }

  async redo(sessionID: SessionID): Promise<Session> {
    await this.#routes.ofSession('DELETE', sessionID, '/revert')
    return this.#routes.session(sessionID)
  }

  async commitUndo(sessionID: SessionID): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/revert/commit')
  }

  async undoneChanges(sessionID: SessionID): Promise<readonly FileChange[]> {
    const session = fields(await this.#routes.ofSession('GET', sessionID, ''))
    const directory = word(fields(session['location'])['directory']) ?? ''
    return absolute(readFileDiffs(fields(session['revert'])['files']), directory)
  }

  async undoReach(directory: string): Promise<UndoReach> {
    const vcs = fields(await this.#routes.at(directory, 'GET', '/api/vcs'))
    return vcs['provider'] === 'git' ? { kind: 'files' } : { kind: 'messages', reason: 'no-git' }
  }

  /** The server takes it at once; what it comes to shows in the messages. */
  async compact(sessionID: SessionID, model: ModelRef): Promise<void> {
    await choose(this.#routes, sessionID, { model })
    const id = newMessageID(Date.now())
    await this.#routes.ofSession('POST', sessionID, '/compact', { body: { id } })
    const end = performance.now() + compactTimeoutMs
    while (performance.now() < end) {
      await sleep(compactCheckMs)
      const stored = fields(await this.#routes.message(sessionID, id).catch(() => undefined))
      if (stored['status'] === 'completed') return
      if (stored['status'] === 'failed')
        throw new OpencodeError('server-error', 'The conversation could not be summarized. See the session.')
      if (stored['status'] === undefined && !(await this.#routes.active()).includes(sessionID)) return
    }
    throw new OpencodeError('timeout', 'The summary did not end in time.')
  }

  shareMode(): Promise<ShareMode> {
    return Promise.resolve('disabled')
  }

  share(): Promise<Session> {
    return Promise.reject(missing('share sessions; export the session instead'))
  }

  unshare(): Promise<Session> {
    return Promise.reject(missing('share sessions'))
  }

  async exportSession(sessionID: SessionID): Promise<SessionExport> {
    const path = `/api/experimental/session/${sessionID}/export`
    const route = '/api/experimental/session/{id}/export'
    const { body } = await this.#routes.send('GET', route, { path, ...exportLimits })
    const { info, messages } = fields(fields(body)['data'])
    return {
      session: expectSession(info),
      document: { info: fields(info), messages: list(messages).map(fields) },
    }
  }

  copyOf(document: SessionDocument): SessionDocument {
    return copyDocument(document, Date.now())
  }

  async importSession({ info, messages }: SessionDocument, directory: string): Promise<Session> {
    const body = { info, messages, location: { directory } }
    const route = '/api/experimental/session/import'
    const answer = await this.#routes.send('POST', route, { body, timeoutMs: exportLimits.timeoutMs })
    return expectSession(fields(answer.body)['data'])
  }
}

/** The same conversation under ids of its own; it belongs to nobody, and nothing of it is undone. */
function copyDocument({ info, messages }: SessionDocument, now: number): SessionDocument {
  const { parentID: _parent, fork: _fork, revert: _revert, ...rest } = info
  const suffix = newMessageID(now).slice('msg_'.length)
  return {
    info: { ...rest, id: `ses_${suffix}`, time: { ...fields(info['time']), updated: now } },
    messages: messages.map((message) => ({ ...message, id: newMessageID(now) })),
  }
}

/** The same changes with absolute paths. */
export function absolute(changes: readonly FileChange[], directory: string): readonly FileChange[] {
  return changes.map((change) =>
    /^(?:[/\\]|[A-Za-z]:[/\\])/.test(change.path)
      ? change
      : { ...change, path: `${directory.replace(/[/\\]$/, '')}/${change.path}` },
  )
}
