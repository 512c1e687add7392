import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { Handlers, HostMethods, WebviewCommand } from '../../protocol/methods.ts'
import type { ChatPage } from './chatPage.ts'
import type { ChatSession } from './chatSession.ts'
import type { Services } from '../services.ts'

export interface HandlerContext {
  readonly chat: ChatSession
  readonly page: ChatPage
  readonly services: Services
  /** Runs a command for this chat. */
  readonly run: (command: WebviewCommand) => Promise<void>
}

/** Some of the methods that a page may call. */
export type Picked<K extends keyof Handlers<HostMethods>> = Pick<Handlers<HostMethods>, K>

/** A handler that answers nothing. */
export function nothing<P>(run: (params: P) => unknown): (params: P) => Promise<undefined> {
  return async (params) => {
    await run(params)
    return undefined
  }
}

/** @throws OpencodeError `not-running` */
export function needConnection({ backend }: ChatSession): Connection {
  if (backend.hub.connection) return backend.hub.connection
  throw new OpencodeError(
    'not-running',
    vscode.l10n.t('The OpenCode server is not running. Start it and try again.'),
  )
}

/** A path of free text (an answer, a link in it) as this machine names it: the server may have it elsewhere. */
export function pathHere({ backend }: ChatSession, path: string): string {
  return pathsOf(backend.hub.connection).toHost(path)
}
