import type { ModelRef } from '../../opencode/catalog.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { toBlockID, toMessageID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { FileChange, Session } from '../../session/model.ts'
import type { UndoPoint } from '../../session/undo.ts'
import type { SessionDocument, SessionExport, SessionHistory, ShareMode, UndoReach } from '../history.ts'
import { HttpStatusError } from '../http/httpErrors.ts'
import { fileChange } from '../fileDiffs.ts'
import { copyDocument } from './exportCopy.ts'
import { fields, list, text, word } from '../reading.ts'
import type { V1Roots } from './roots.ts'
import { expectSession } from './routes.ts'
import type { V1Routes } from './routes.ts'

/** A model summarizes for as long as it takes; the server answers when it is done. */
const compactTimeoutMs = 30 * 60_000
const exportTimeoutMs = 120_000
const exportLimitBytes = 512 * 1024 * 1024

export class V1History implements SessionHistory {
  readonly #routes: V1Routes
  readonly #roots: V1Roots

  constructor(routes: V1Routes, roots: V1Roots) {
    this.#routes = routes
    this.#roots = roots
  }

  async fork(sessionID: SessionID, before?: MessageID): Promise<Session> {
    const body = before === undefined ? {} : { messageID: toMessageID(before) }
    return expectSession(await this.#routes.ofSession('POST', sessionID, '/fork', { body }))
  }

  async undo(sessionID: SessionID, { messageID, blockID }: UndoPoint): Promise<Session> {
    const part = blockID === undefined ? {} : { partID: toBlockID(blockID) }
    const body = { messageID: toMessageID(messageID), ...part }
    return expectSession(await this.#routes.ofSession('POST', sessionID, '/revert', { body }))
  }

  async redo(sessionID: SessionID): Promise<Session> {
    return expectSession(await this.#routes.ofSession('POST', sessionID, '/unrevert'))
  }

  commitUndo(): Promise<void> {
    const message = 'On this server only the next prompt drops for good what is undone.'
    return Promise.reject(new OpencodeError('unsupported', message))
  }

  async undoneChanges(sessionID: SessionID): Promise<readonly FileChange[]> {
    const { body } = await this.#routes.ofSession('GET', sessionID, '')
    const changes = readGitDiff(text(fields(fields(body)['revert'])['diff']) ?? '')
    return this.#roots.resolve(sessionID, changes)
  }

  /** Files are restored from snapshots that the server takes with git, and only inside a repository. */
  async undoReach(directory: string): Promise<UndoReach> {
    const [project, config] = await Promise.all([
      this.#routes.in(directory, 'GET', '/project/current'),
      this.#routes.in(directory, 'GET', '/config'),
    ])
    if (fields(project.body)['vcs'] !== 'git') return { kind: 'messages', reason: 'no-git' }
    if (fields(config.body)['snapshot'] === false) return { kind: 'messages', reason: 'snapshots-off' }
    return { kind: 'files' }
  }

  async compact(sessionID: SessionID, { providerID, modelID }: ModelRef): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/summarize', {
      body: { providerID, modelID },
      timeoutMs: compactTimeoutMs,
    })
  }

  async shareMode(directory: string): Promise<ShareMode> {
    const mode = word(fields((await this.#routes.in(directory, 'GET', '/config')).body)['share'])
    return mode === 'auto' || mode === 'disabled' ? mode : 'manual'
  }

  async share(sessionID: SessionID): Promise<Session> {
    const answer = this.#routes.ofSession('POST', sessionID, '/share', { timeoutMs: 60_000 })
    const session = expectSession(await answer.catch(explainSharing))
    if (session.shareUrl !== undefined) return session
    throw new OpencodeError('bad-response', 'The OpenCode server shared the session but gave no link.')
  }

  async unshare(sessionID: SessionID): Promise<Session> {
    const answer = this.#routes.ofSession('DELETE', sessionID, '/share', { timeoutMs: 60_000 })
    return expectSession(await answer.catch(explainSharing))
  }

  copyOf(document: SessionDocument): SessionDocument {
    return copyDocument(document, Date.now())
  }

  /** `opencode export` writes just these two answers. */
  async exportSession(sessionID: SessionID): Promise<SessionExport> {
    const large = { timeoutMs: exportTimeoutMs, maxBytes: exportLimitBytes }
    const [info, messages] = await Promise.all([
      this.#routes.ofSession('GET', sessionID, ''),
      this.#routes.ofSession('GET', sessionID, '/message', large),
    ])
    return {
      session: expectSession(info),
      document: { info: fields(info.body), messages: list(messages.body).map(fields) },
    }
  }
}

/** The server only says that something inside it failed. */
function explainSharing(error: unknown): never {
  if (!(error instanceof HttpStatusError) || error.status !== 500) throw error
  throw new OpencodeError(
    'server-error',
    'The OpenCode server could not reach the sharing site. Check the network of the machine it runs on, and its log.',
    { cause: error },
  )
}

/** Cuts the output of `git diff` into its files. */
function readGitDiff(diff: string): readonly FileChange[] {
  return diff
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith('diff --git '))
    .map(readGitFile)
}

function readGitFile(part: string): FileChange {
  const path =
    /^\+\+\+ (?:b\/)?(?!\/dev\/null)(.+?)\t?$/m.exec(part)?.[1] ??
    /^--- (?:a\/)?(?!\/dev\/null)(.+?)\t?$/m.exec(part)?.[1] ??
    / b\/(.+)$/m.exec(part)?.[1] ??
    ''
  const status = /^new file mode/m.test(part)
    ? 'added'
    : /^deleted file mode/m.test(part)
      ? 'deleted'
      : 'modified'
  return fileChange({ path, patch: part, status })
}
