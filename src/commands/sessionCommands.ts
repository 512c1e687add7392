import * as vscode from 'vscode'
import { isSessionID } from '../opencode/ids.ts'
import type { Session } from '../session/model.ts'
import type { ChatPlace } from '../views/chat/chatSession.ts'
import { pickSession } from '../views/sessions/sessionPicker.ts'
import type { SessionAct } from '../views/sessions/sessionPicker.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import {
  archiveSessions,
  deleteSessions,
  pinSessions,
  renameSession,
  stopSessions,
} from './sessions/sessionActions.ts'
import { sessionTarget, sessionTargets } from './sessions/sessionTargets.ts'
import type { SessionTarget } from './sessions/sessionTargets.ts'

type Name = keyof typeof commandIds

/** The session browser, and what can be done to sessions there, in the picker and in a chat. */
export const sessionCommands = {
  showSessions: { run: (context) => showSessions(context) },
  openSession: {
    async run(context, args) {
      const { id, session } = sessionTarget(context, args)
      const chat = await chatInSight(context)
      await chat.show({ sessionID: id, directory: session.directory })
    },
  },
  openSessionInEditor: {
    async run(context, args) {
      const [first] = args
      if (isChatPlace(first)) {
        context.panels.open(first).focus()
        return
      }
      for (const { id, session } of sessionTargets(context, args))
        context.panels.open({ sessionID: id, directory: session.directory }).focus()
      return Promise.resolve()
    },
  },
  renameSession: { run: (context, args) => renameSession(sessionTarget(context, args)) },
  deleteSession: { run: (context, args) => deleteSessions(sessionTargets(context, args)) },
  abortSession: { run: (context, args) => stopSessions(context, sessionTargets(context, args)) },
  pinSession: { run: (context, args) => pinSessions(context, sessionTargets(context, args), true) },
  unpinSession: { run: (context, args) => pinSessions(context, sessionTargets(context, args), false) },
  archiveSession: { run: (context, args) => archiveSessions(context, sessionTargets(context, args), true) },
  unarchiveSession: {
    run: (context, args) => archiveSessions(context, sessionTargets(context, args), false),
  },
  searchSessions: { run: (context) => askSearch(context) },
  clearSessionSearch: {
    async run({ browser }) {
      browser.shelf.clearSearch()
      return Promise.resolve()
    },
  },
  showSessionsEverywhere: { whenRunning: ({ browser }) => browser.shelf.setScope('everywhere') },
  showSessionsOfFolder: { run: ({ browser }) => browser.shelf.setScope('folder') },
  showArchivedSessions: { whenRunning: ({ browser }) => browser.shelf.showArchived(true) },
  hideArchivedSessions: { run: ({ browser }) => browser.shelf.showArchived(false) },
  loadMoreSessions: { whenRunning: ({ browser }) => browser.shelf.loadMore() },
} satisfies Partial<Record<Name, CommandSpec>>

/** Given by a chat, for a session that no list may know. */
function isChatPlace(value: unknown): value is ChatPlace {
  return typeof value === 'object' && value !== null && 'sessionID' in value && isSessionID(value.sessionID)
}

async function showSessions(context: CommandContext): Promise<void> {
  const { browser, services } = context
  const chat = await chatInSight(context)
  const act = (what: SessionAct, session: Session): Promise<void> =>
    actOn(context, what, targetOf(context, session)).catch((error: unknown) => services.notify.error(error))
  const picked = await pickSession({ shelf: browser.shelf, current: chat.sessionID, act })
  if (!picked) return
  if (picked.kind === 'search') return search(context, picked.text)
  await chat.show(picked.kind === 'open' ? picked : { sessionID: undefined, directory: chat.directory })
  chat.focus()
}

function targetOf({ browser }: CommandContext, session: Session): SessionTarget {
  return { id: session.id, title: session.title, session, backend: browser.shelf.backendOf(session) }
}

async function actOn(context: CommandContext, act: SessionAct, target: SessionTarget): Promise<void> {
  switch (act) {
    case 'rename':
      return renameSession(target)
    case 'pin':
      return pinSessions(context, [target], !context.browser.marks.isPinned(target.id))
    case 'archive':
      return archiveSessions(context, [target], true)
    case 'delete':
      return deleteSessions([target])
  }
}

async function askSearch(context: CommandContext): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Search sessions'),
    prompt: vscode.l10n.t('Looks in titles, prompts and answers.'),
    value: context.browser.shelf.search?.text ?? '',
  })
  if (text !== undefined && text.trim() !== '') await search(context, text.trim())
}

/** The view shows what is found as it comes; cancelling keeps it. */
async function search({ browser, services }: CommandContext, text: string): Promise<void> {
  for (const { backend, directory } of services.backends.places) {
    // An isolated session that was stopped is not worth a container.
    if (!services.isolation.at(directory)) await backend.access.ensure()
  }
  await vscode.commands.executeCommand('opencodeSessions.sessions.focus')
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Searching sessions for "{0}"', text),
    cancellable: true,
  }
  await vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController()
    token.onCancellationRequested(() => controller.abort())
    const report = (done: number, total: number): void =>
      progress.report({
        message: vscode.l10n.t('{0} of {1}', done, total),
        increment: total === 0 ? 0 : 100 / total,
      })
    await browser.shelf.find(text, { signal: controller.signal, report })
  })
}
