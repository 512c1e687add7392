import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { activeFolder, workspaceFolders } from '../platform/folders.ts'
import { pickAgent, pickModel, pickVariant } from '../views/catalogPickers.ts'
import { showPrompt } from '../views/composer/composerHandlers.ts'
import { pickSession } from '../views/sessionPicker.ts'
import type { SessionRow } from '../views/sessionPicker.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Chats, sessions and what the composer's pickers show. */
export const chatCommands = {
  openChat: {
    async run({ view }) {
      const chat = await view.reveal()
      chat.focus()
    },
  },
  openChatInEditor: {
    async run({ chats, panels }) {
      const directory = chats.active?.directory ?? (await activeFolder().catch(() => undefined))?.directory
      const chat = panels.open({ sessionID: chats.active?.sessionID, directory })
      chat.focus()
      return Promise.resolve()
    },
  },
  newSession: {
    async run(context) {
      const directory = await pickDirectory()
      if (directory === undefined) return
      const chat = await chatInSight(context)
      await chat.show({ sessionID: undefined, directory })
      chat.focus()
    },
  },
  showSessions: {
    whenRunning: (context) => showSessions(context),
    otherwise: (context) => showSessions(context),
  },
  renameSession: {
    whenRunning: async (context) => {
      await renameSession(context, needSession(context))
    },
  },
  deleteSession: {
    whenRunning: async (context) => {
      await deleteSession(context, needSession(context))
    },
  },
  abortSession: {
    whenRunning: async (context) => {
      await context.connection.abort(needSession(context).id)
    },
  },
  showPrompt: {
    async run(context) {
      const { services } = context
      const chat = await chatInSight(context)
      const { text, items } = services.drafts.get(chat.draftKey)
      await showPrompt(services, chat, { text, items: items.map(({ id }) => id) })
    },
  },
  pickModel: { run: async (context) => pickModel(context.services, await chatInSight(context)) },
  pickAgent: { run: async (context) => pickAgent(context.services, await chatInSight(context)) },
  pickVariant: { run: async (context) => pickVariant(context.services, await chatInSight(context)) },
} satisfies Partial<Record<Name, CommandSpec>>

/** The folder of a new session: the only one, or the one the user picks. */
async function pickDirectory(): Promise<string | undefined> {
  const folders = await workspaceFolders()
  if (folders.length <= 1) return (await activeFolder()).directory
  const active = await activeFolder()
  const sorted = [active, ...folders.filter(({ directory }) => directory !== active.directory)]
  const items = sorted.map(({ name, directory }) => ({ label: name, description: directory, directory }))
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Folder of the new session'),
  })
  return picked?.directory
}

async function showSessions(context: CommandContext): Promise<void> {
  const { services } = context
  const chat = await chatInSight(context)
  const picked = await pickSession({
    services,
    directory: chat.needDirectory(),
    current: chat.sessionID,
    rename: (session) => guarded(context, () => renameSession(context, session)),
    remove: (session) => guarded(context, () => deleteSession(context, session)),
  })
  if (!picked) return
  await chat.show(picked.kind === 'open' ? picked : { sessionID: undefined, directory: chat.directory })
  chat.focus()
}

async function guarded({ services }: CommandContext, run: () => Promise<void>): Promise<void> {
  await run().catch((error: unknown) => services.notify.error(error))
}

async function renameSession({ services }: CommandContext, session: SessionRow): Promise<void> {
  const { id, title, directory } = session
  const next = await vscode.window.showInputBox({
    title: vscode.l10n.t('Rename session'),
    value: title,
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A session needs a name.') : undefined),
  })
  if (next === undefined || next.trim() === title) return
  const connection = await services.backends.for(directory).access.ensure()
  await connection.renameSession(id, next.trim())
}

async function deleteSession({ services }: CommandContext, session: SessionRow): Promise<void> {
  const { id, title, directory } = session
  const confirm = vscode.l10n.t('Delete')
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete the session "{0}"?', title),
    { modal: true, detail: vscode.l10n.t('Its messages are gone for good. Changed files stay as they are.') },
    confirm,
  )
  if (picked !== confirm) return
  const connection = await services.backends.for(directory).access.ensure()
  await connection.deleteSession(id)
}

function needSession({ chats }: CommandContext): SessionRow {
  const chat = chats.active
  const session = chat?.state.session?.session
  if (chat && session) return { id: session.id, title: session.title, directory: chat.needDirectory() }
  throw new OpencodeError(
    'not-found',
    vscode.l10n.t('No session is open. Pick one with "OpenCode: Sessions".'),
  )
}
