import * as vscode from 'vscode'
import { needAbility } from '../opencode/abilities.ts'
import type { Ability } from '../opencode/abilities.ts'
import { OpencodeError } from '../opencode/errors.ts'
import type { SessionID } from '../opencode/ids.ts'
import type { Connection } from '../client/connection.ts'
import { targetOf } from '../views/server/serverRows.ts'
import type { RowTarget } from '../views/server/serverRows.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandSpec, RunningContext } from './commandSpec.ts'
import { placeOf } from './providers/providerStates.ts'
import { setEnvironment } from './work/sessionVariables.ts'
import { showJournal } from './work/showJournal.ts'
import { createWorktree, openWorktree, removeWorktree } from './work/worktrees.ts'

type Name = keyof typeof commandIds

/** What only some servers can do; each says so where the server cannot. */
export const workCommands = {
  revokePermission: onRow('rule', 'savedRules', 'savedPermissions', async ({ group, target, services }) => {
    await group.revoke(target.id)
    services.notify.done(vscode.l10n.t('OpenCode asks again for {0}.', target.label))
  }),
  stopShell: onRow('shell', 'shells', 'background', ({ group, target, directory }) =>
    group.stop(directory, target.id),
  ),
  renameAccount: onRow('account', 'accounts', 'accounts', async ({ group, target }) => {
    const title = vscode.l10n.t('Name of the Account')
    const label = await vscode.window.showInputBox({ title, value: target.label })
    if (label !== undefined && label.trim() !== '') await group.rename(target.id, label.trim())
  }),
  removeAccount: onRow('account', 'accounts', 'accounts', async ({ group, target }) => {
    const remove = vscode.l10n.t('Remove')
    const question = vscode.l10n.t('Have the server forget "{0}"?', target.label)
    const detail = vscode.l10n.t('Other programs that use this server lose it as well.')
    const picked = await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)
    if (picked === remove) await group.remove(target.id)
  }),
  removeWorktree: onRow('worktree', 'worktrees', 'worktrees', ({ group, target, directory }) =>
    removeWorktree(group, directory, target.id),
  ),
  openWorktree: onRow('worktree', 'worktrees', 'worktrees', (row) => openWorktree(row, row.target.id)),
  createWorktree: {
    whenRunning: async (context) => {
      const worktrees = need(context.connection, 'worktrees', 'worktrees')
      await createWorktree(context, worktrees, await placeOf(context))
      context.serverTree.refresh()
    },
  },
  moveToBackground: {
    whenRunning: async (context) => {
      const shells = need(context.connection, 'shells', 'background')
      await shells.toBackground(await sessionInSight(context))
    },
  },
  dropUndone: {
    whenRunning: async (context) => {
      needAbility(context.connection, 'commitUndo')
      await context.connection.history.commitUndo(await sessionInSight(context))
    },
  },
  setSessionEnvironment: {
    whenRunning: async (context) => {
      const environment = need(context.connection, 'environment', 'environment')
      await setEnvironment(environment, await sessionInSight(context))
    },
  },
  showReplayLog: {
    whenRunning: async (context) => {
      const journal = need(context.connection, 'journal', 'journal')
      await showJournal(context.services, journal, await sessionInSight(context))
    },
  },
  openServerRow: { whenRunning: openRow },
} satisfies Partial<Record<Name, CommandSpec>>

type OptionalGroup = 'savedRules' | 'shells' | 'accounts' | 'worktrees' | 'environment' | 'journal'

/** @throws OpencodeError `unsupported` with the reason */
function need<K extends OptionalGroup>(
  connection: Connection,
  name: K,
  ability: Ability,
): NonNullable<Connection[K]> {
  needAbility(connection, ability)
  const group = connection[name]
  if (group) return group
  throw new OpencodeError('unsupported', vscode.l10n.t('This server cannot do that.'))
}

interface RowContext<Group> extends RunningContext {
  readonly group: Group
  readonly target: RowTarget
  readonly directory: string
}

/** A command of a row of the view "Server"; it is drawn anew afterwards. */
function onRow<K extends OptionalGroup>(
  kind: RowTarget['kind'],
  name: K,
  ability: Ability,
  work: (context: RowContext<NonNullable<Connection[K]>>) => Promise<void>,
): CommandSpec {
  return {
    whenRunning: async (context, [node]) => {
      const target = targetOf(node, kind)
      if (!target) return
      const group = need(context.connection, name, ability)
      try {
        await work({ ...context, group, target, directory: context.serverTree.directory })
      } finally {
        context.serverTree.refresh()
      }
    },
  }
}

/** What a click on a row shows: the output of a command, or what changed in a file. */
async function openRow(context: RunningContext, [kind, id]: readonly unknown[]): Promise<void> {
  const { connection, services } = context
  const { directory } = context.serverTree
  if (typeof id !== 'string') return
  if (kind === 'shell') {
    const shells = need(connection, 'shells', 'background')
    await services.documents.openText(`${id}.txt`, await shells.output(directory, id))
  } else {
    const change = (await connection.versionControl?.diff(directory))?.find(({ path }) => path === id)
    if (!change) throw new OpencodeError('not-found', vscode.l10n.t('This file does not differ any more.'))
    await services.documents.openDone({ path: id, change, what: vscode.l10n.t('not committed') })
  }
}

async function sessionInSight(context: RunningContext): Promise<SessionID> {
  const { sessionID } = await chatInSight(context)
  if (sessionID) return sessionID
  throw new OpencodeError('not-found', vscode.l10n.t('Open a session first.'))
}
