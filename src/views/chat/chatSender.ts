import * as vscode from 'vscode'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { composePrompt, withChoice } from '../../prompt/prompt.ts'
import { modelRef } from '../../protocol/chat.ts'
import type { ChatState } from '../../protocol/chat.ts'
import type { Prompt, PromptDelivery, UserMessage } from '../../session/model.ts'
import { pendingMessage } from '../../sync/sending/pendingMessage.ts'
import type { Backend } from '../backend/backend.ts'
import { runOf } from '../composer/slashCommands.ts'
import type { Services } from '../services.ts'
import type { ChatFeed } from './chatFeed.ts'

/** A chat as far as something is sent from it. */
export interface SendingChat {
  readonly backend: Backend
  readonly sessionID: SessionID | undefined
  readonly state: ChatState
  readonly feed: ChatFeed
  /** @throws OpencodeError `no-folder` */
  needDirectory(): string
  setProblem(problem: undefined): void
}

/** Told of a session that was made for a prompt; the chat may have gone over to another server meanwhile. */
export type SessionCreated = (sessionID: SessionID, directory: string, backend: Backend) => Promise<void>

interface Creating {
  readonly backend: Backend
  readonly directory: string
  readonly sessionID: Promise<SessionID>
}

/** Sends what was written in a chat, and makes the session for it where there is none. */
export class ChatSender {
  readonly #chat: SendingChat
  readonly #services: Services
  readonly #onCreated: SessionCreated
  #creating: Creating | undefined

  constructor(chat: SendingChat, services: Services, onCreated: SessionCreated) {
    this.#chat = chat
    this.#services = services
    this.#onCreated = onCreated
  }

  /**
   * Puts a prompt into the outbox; makes the session first where there is none. The server is started
   * when it is not running. `queue`: the server is to keep it until the run is over.
   * @throws OpencodeError `no-folder`, `invalid-argument`, and whatever keeps a session from being made
   */
  async send(
    text: string,
    attachments: readonly Attachment[],
    delivery?: PromptDelivery,
  ): Promise<MessageID> {
    const chat = this.#chat
    const directory = chat.needDirectory()
    if (text.trim() === '' && attachments.length === 0) {
      throw new OpencodeError('invalid-argument', vscode.l10n.t('There is nothing to send yet.'))
    }
    const { history, log, composer } = this.#services
    const { backend } = chat
    const run = await runOf(text, backend, directory)
    const parts = composer.sent.withoutKnown(chat.state.session, attachments)
    const words = composePrompt(text, parts, { delivery, ...(run ? { run } : {}) })
    const sessionID = chat.sessionID ?? (await this.#createFor(words, directory))
    const { choice } = chat.state
    const prompt = withChoice(words, { agent: choice.agent?.name, model: modelRef(choice) })
    backend.hub.send(sessionID, prompt)
    const inFull = attachments.filter((attachment) => parts.includes(attachment))
    void composer.sent.record(sessionID, prompt.id, inFull)
    this.#dropUnsent(({ id }) => id === prompt.id)
    await backend.outbox.saved()
    await history.add(directory, text)
    if (!backend.hub.connection)
      backend.access.ensure().catch((error: unknown) => log.warn(`chat: ${toErrorInfo(error).message}`))
    chat.setProblem(undefined)
    return prompt.id
  }

  /** Making a session may take as long as a server takes to start; the prompt stands there meanwhile. */
  async #createFor(prompt: Prompt, directory: string): Promise<SessionID> {
    const { feed, state } = this.#chat
    feed.apply({ type: 'unsent', unsent: [...(state.unsent ?? []), pendingMessage(prompt)] })
    try {
      return await this.#create(directory)
    } catch (error) {
      this.#dropUnsent(({ id }) => id === prompt.id)
      throw error
    }
  }

  #dropUnsent(isGone: (message: UserMessage) => boolean): void {
    const { feed, state } = this.#chat
    const unsent = state.unsent ?? []
    const left = unsent.filter((message) => !isGone(message))
    if (left.length < unsent.length) feed.apply({ type: 'unsent', unsent: left })
  }

  /** Two prompts that are sent at once into "new session" make one session. */
  #create(directory: string): Promise<SessionID> {
    const { backend } = this.#chat
    const last = this.#creating
    if (last?.backend === backend && last.directory === directory) return last.sessionID
    const sessionID = this.#createNow(directory, backend).finally(() => {
      if (this.#creating === creating) this.#creating = undefined
    })
    const creating = (this.#creating = { backend, directory, sessionID })
    return sessionID
  }

  async #createNow(directory: string, backend: Backend): Promise<SessionID> {
    const { access, catalogs } = backend
    const connection = await access.ensure()
    if (!catalogs.get(directory)) await catalogs.load(directory)
    const { id } = await connection.createSession(directory)
    await this.#services.choices.adopt(directory, id)
    await this.#onCreated(id, directory, backend)
    return id
  }
}
