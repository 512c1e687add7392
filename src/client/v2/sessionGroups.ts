import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import { toBlockID, toMessageID, toSessionID } from '../../opencode/ids.ts'
import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { Session, UserMessage } from '../../session/model.ts'
import type { RunPrompt, SessionCommands } from '../commands.ts'
import type { LibraryPage, LibraryQuery, SessionLibrary } from '../library.ts'
import type { Picture, Pictures } from '../pictures.ts'
import { collect, compact, fields, list, text, word } from '../reading.ts'
import type { GoOnOptions, RunControl } from '../runControl.ts'
import { resume } from './inbox.ts'
import type { LiveEvents } from './live.ts'
import { blockAt, filesOfPrompt } from './messages.ts'
import { isSameModel, modelInput, promptFiles } from './prompt.ts'
import { missing, nextCursor } from './routes.ts'
import type { V2Routes } from './routes.ts'
import { readSession } from './sessions.ts'
import { pictureFiles } from './tools.ts'

/** Sets model and agent of a session where they are to be others: a prompt itself names neither. */
export async function choose(
  routes: V2Routes,
  sessionID: SessionID,
  { agent, model }: GoOnOptions,
): Promise<void> {
  if (agent === undefined && model === undefined) return
  const session = await routes.session(sessionID)
  if (agent !== undefined && agent !== session.agent)
    await routes.ofSession('POST', sessionID, '/agent', { body: { agent } })
  if (model !== undefined && !isSameModel(session.model, model))
    await routes.ofSession('POST', sessionID, '/model', { body: { model: modelInput(model) } })
}

const idleTimeoutMs = 10_000
const idleCheckMs = 150

export class V2RunControl implements RunControl {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async goOn(sessionID: SessionID, _prompt: UserMessage, options: GoOnOptions): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/interrupt', { query: ['resume=false'] })
    await this.#whenIdle(sessionID)
    await choose(this.#routes, sessionID, options)
    await resume(this.#routes, sessionID)
  }

  async #whenIdle(sessionID: SessionID): Promise<void> {
    const end = performance.now() + idleTimeoutMs
    while ((await this.#routes.active()).includes(sessionID)) {
      if (performance.now() > end)
        throw new OpencodeError('busy', 'The session does not stop. Wait a moment and try again.')
      await sleep(idleCheckMs)
    }
  }
}

export class V2Commands implements SessionCommands {
  readonly #routes: V2Routes
  readonly #live: LiveEvents

  constructor(routes: V2Routes, live: LiveEvents) {
    this.#routes = routes
    this.#live = live
  }

  async run(sessionID: SessionID, prompt: RunPrompt): Promise<void> {
    const { id, run } = prompt
    if (run.kind === 'shell') {
      if (run.line === '')
        throw new OpencodeError('invalid-argument', 'There is no command line behind the "!".')
      const body = { id: toMessageID(id), command: run.line }
      await this.#routes.ofSession('POST', sessionID, '/shell', { body })
      return
    }
    await choose(this.#routes, sessionID, prompt)
    const files = promptFiles(prompt)
    const body = compact({
      name: run.name,
      text: run.arguments,
      files: files.length === 0 ? undefined : files,
      delivery: prompt.delivery ?? 'steer',
    })
    await this.#routes.ofSession('POST', sessionID, '/command', { body })
    this.#hand(sessionID, prompt)
  }

  /** The server makes a message under an id of its own, so the one of ours has come and is gone. */
  #hand(sessionID: SessionID, { id, created }: RunPrompt): void {
    this.#live.emit(
      sessionID,
      { type: 'message/put', message: { id, role: 'user', created } },
      { type: 'message/removed', messageID: id },
    )
  }
}

export class V2Library implements SessionLibrary {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list({ directory, search, cursor, limit, signal }: LibraryQuery): Promise<LibraryPage> {
    const count = Math.max(1, Math.trunc(limit))
    const query = [`limit=${count}`]
    if (cursor !== undefined) query.push(`cursor=${encodeURIComponent(cursor)}`)
    else {
      query.push('order=desc', 'parentID=null')
      if (directory !== undefined) query.push(`directory=${encodeURIComponent(directory)}`)
      if (search !== undefined && search.trim() !== '')
        query.push(`search=${encodeURIComponent(search.trim())}`)
    }
    const answer = await this.#routes.send('GET', '/api/session', { query, signal })
    return {
      sessions: collect(fields(answer.body)['data'], readSession),
      cursor: nextCursor(answer, count),
    }
  }

  async children(sessionID: SessionID): Promise<readonly Session[]> {
    const query = [`parentID=${toSessionID(sessionID)}`, 'limit=1000']
    const { body } = await this.#routes.send('GET', '/api/session', { query })
    return collect(fields(body)['data'], readSession)
  }

  archive(): Promise<Session> {
    return Promise.reject(missing('archive sessions'))
  }
}

export class V2Pictures implements Pictures {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async read(
    sessionID: SessionID,
    messageID: MessageID,
    blockID: BlockID,
    index = 0,
  ): Promise<Picture | undefined> {
    const stored = await this.#routes.message(sessionID, messageID)
    const place = list(fields(stored)['content']).findIndex((_, at) => blockAt(at) === toBlockID(blockID))
    const state = fields(fields(list(fields(stored)['content'])[place])['state'])
    const found = pictureFiles(state).find((file) => file.index === index)
    if (found) return { mime: found.mime, base64: found.uri.slice(found.uri.indexOf(',') + 1) }
    return attached(stored, blockID)
  }
}

/** A picture of a prompt. */
function attached(stored: unknown, blockID: BlockID): Picture | undefined {
  const { file } = filesOfPrompt(fields(stored)).find(({ id }) => id === blockID) ?? {}
  const mime = word(file?.['mime'])
  const base64 = text(file?.['data'])
  return mime?.startsWith('image/') === true && base64 !== undefined ? { mime, base64 } : undefined
}
