import * as vscode from 'vscode'
import { activeFolder, workspaceFolders } from '../platform/folders.ts'
import { cycleAgent, pickAgent, pickModel, pickVariant } from '../views/models/catalogPickers.ts'
import { showPrompt } from '../views/composer/composerHandlers.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandSpec } from './commandSpec.ts'

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
      const { chats, services } = context
      const isolated =
        chats.active?.isVisible === true ? services.isolation.at(chats.active.directory) : undefined
      const directory = isolated?.directory ?? (await pickDirectory())
      if (directory === undefined) return
      const chat = await chatInSight(context)
      await chat.show({ sessionID: undefined, directory })
      chat.focus()
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
  cycleAgent: { run: async (context) => cycleAgent(context.services, await chatInSight(context)) },
  pickVariant: { run: async (context) => pickVariant(context.services, await chatInSight(context)) },
} satisfies Partial<Record<Name, CommandSpec>>

/** The folder of a new session: the only one, or the one the user picks. */
export async function pickDirectory(): Promise<string | undefined> {
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
