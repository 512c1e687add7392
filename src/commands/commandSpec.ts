import * as vscode from 'vscode'
import type { Consents } from '../api/consents.ts'
import type { Connection } from '../client/connection.ts'
import type { CommitMessages } from '../editor/commitMessage.ts'
import type { InlineAsks } from '../editor/inlineAsks.ts'
import type { Reviews } from '../editor/reviews.ts'
import type { ServerProfile } from '../opencode/profile.ts'
import type { Credentials } from '../platform/credentials.ts'
import { activeFolder, knownFolders } from '../platform/folders.ts'
import type { LocalProgram } from '../profiles/program.ts'
import type { Backend } from '../views/backend/backends.ts'
import type { ChatPanels } from '../views/chat/chatPanel.ts'
import type { ChatSession } from '../views/chat/chatSession.ts'
import type { ChatView } from '../views/chat/chatView.ts'
import type { Chats } from '../views/chat/chats.ts'
import type { DoctorPanel } from '../views/doctor/doctorPanel.ts'
import type { ChangesTree } from '../views/review/changesTree.ts'
import type { Review } from '../views/review/review.ts'
import type { ServerTree } from '../views/server/serverTree.ts'
import type { Services } from '../views/services.ts'
import type { SessionBrowser } from '../views/sessions/sessionBrowser.ts'
import type { SessionTerminals } from '../views/sessions/sessionTerminals.ts'

/** What commands work with. */
export interface CommandContext {
  readonly services: Services
  readonly chats: Chats
  readonly view: ChatView
  readonly panels: ChatPanels
  readonly browser: SessionBrowser
  readonly serverTree: ServerTree
  readonly terminals: SessionTerminals
  /** The `opencode` of this machine, as a profile would run it. */
  readonly program: (profile: ServerProfile) => LocalProgram
  readonly credentials: Credentials
  readonly consents: Consents
  readonly doctor: DoctorPanel
  readonly review: Review
  readonly changes: ChangesTree
  readonly commitMessages: CommitMessages
  readonly reviews: Reviews
  readonly inline: InlineAsks
}

export interface RunningContext extends CommandContext {
  /** The server that the command is about; see `backendInSight`. */
  readonly backend: Backend
  readonly connection: Connection
}

/**
 * What a command does. One that needs a running server gets its connection by type; without `otherwise`
 * the server is started first.
 */
export type CommandSpec =
  | { readonly run: (context: CommandContext, args: readonly unknown[]) => Promise<void> }
  | {
      readonly whenRunning: (context: RunningContext, args: readonly unknown[]) => Promise<void>
      readonly otherwise?: (context: CommandContext, args: readonly unknown[]) => Promise<void>
    }

/** Runs a command to its end; shows what went wrong, with a way to try again. */
export async function runCommand(
  spec: CommandSpec,
  context: CommandContext,
  args: readonly unknown[],
): Promise<void> {
  try {
    await perform(spec, context, args)
  } catch (error) {
    void context.services.notify.error(error, () => runCommand(spec, context, args))
  }
}

/** The chat that a command is about: the one in sight that was used last, else the side bar's. */
export async function chatInSight({ chats, view }: CommandContext): Promise<ChatSession> {
  const active = chats.active
  const chat = active?.isVisible === true ? active : await view.reveal({ keepFocus: true })
  return chat.whenReady()
}

/** The server that a command is about: that of the chat used last, else of the active editor's folder. */
export async function backendInSight(context: CommandContext): Promise<Backend> {
  const active = context.chats.active?.backend
  return active ?? context.services.backends.for(await folderInSight(context))
}

/** The workspace folder of the chat used last, else that of the active editor; undefined without folders. */
export async function folderInSight({ chats }: CommandContext): Promise<string | undefined> {
  const place = chats.active?.directory
  const folder = await activeFolder().catch(() => undefined)
  return knownFolders().find(({ directory }) => directory === place)?.directory ?? folder?.directory
}

/** An argument that VS Code hands to a command from a menu of files. */
export function uriOf(value: unknown): vscode.Uri | undefined {
  return value instanceof vscode.Uri ? value : undefined
}

async function perform(spec: CommandSpec, context: CommandContext, args: readonly unknown[]): Promise<void> {
  if ('run' in spec) return spec.run(context, args)
  const backend = await backendInSight(context)
  const isRunning = backend.server.status.kind === 'running'
  if (!isRunning && spec.otherwise) return spec.otherwise(context, args)
  return spec.whenRunning({ ...context, backend, connection: await backend.access.ensure() }, args)
}
