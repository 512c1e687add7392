import type { Connection } from '../client/connection.ts'
import type { Prompt, Session } from '../session/model.ts'
import type { Outbox } from '../sync/sending/outbox.ts'
import type { SessionHub } from '../sync/sessionHub.ts'
import type { Event } from '../util/event.ts'
import type { CheckedRequest } from './checkRequest.ts'

/** The server of one folder, running. */
export interface RunPlace {
  /** Of the session that the run is in. */
  readonly directory: string
  readonly connection: Connection
  readonly hub: SessionHub
  readonly outbox: Outbox
  /** The server was stopped or failed for good; the text says so to people. */
  readonly onDidGoDown: Event<string>
}

/** What executions need of the window. All of it rejects with an ApiError or an OpencodeError. */
export interface RunHost {
  /** Resolves when the caller may use OpenCode, as the user and the workspace have it. */
  admit(): Promise<void>
  /** Starts the server where needed. */
  place(request: CheckedRequest): Promise<RunPlace>
  /** The session that the request names, or undefined for a new one. */
  session(place: RunPlace, request: CheckedRequest): Promise<Session | undefined>
  /** Checks agent and model and puts the prompt together. */
  compose(place: RunPlace, request: CheckedRequest, session: Session | undefined): Promise<Prompt>
  warn(message: string): void
}
