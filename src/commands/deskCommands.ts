import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { Proposal } from '../views/desk/proposal.ts'
import type { TextBackup } from '../views/desk/textBackups.ts'
import { editorUri, replaceText } from '../views/desk/texts.ts'
import { relativeTime } from '../views/relativeTime.ts'
import type { commandIds } from './commandIds.ts'
import { uriOf } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** What is done about an edit from its diff, and the way back to text that was put away. */
export const deskCommands = {
  allowEdit: {
    async run(context, [uri]) {
      const { request, backend } = needProposal(context, uri)
      await context.services.desk.beforeAllow(request.id)
      await (await backend.access.ensure()).replyPermission(request, 'once')
    },
  },
  applyEdit: {
    async run(context, [uri]) {
      await context.services.desk.settle(needProposal(context, uri).request.id, 'mine')
    },
  },
  rejectEdit: {
    async run(context, [uri]) {
      const { request, backend } = needProposal(context, uri)
      const reason = await vscode.window.showInputBox({
        title: vscode.l10n.t('Reject this edit'),
        prompt: vscode.l10n.t('What should be done instead? Without a reason the run ends here.'),
      })
      if (reason === undefined) return
      await (await backend.access.ensure()).replyPermission(request, 'reject', reason.trim() || undefined)
    },
  },
  toggleFollow: {
    async run({ services: { settings, notify } }) {
      const isOn = !settings.follow.value
      const target = vscode.ConfigurationTarget.Global
      await vscode.workspace.getConfiguration('opencodeSessions').update('edits.follow', isOn, target)
      notify.done(
        isOn ? vscode.l10n.t('Editors follow the agent.') : vscode.l10n.t('Editors stay where they are.'),
      )
    },
  },
  restoreUnsavedText: {
    async run({ services }) {
      const backup = await pickBackup(await services.desk.backups.list())
      if (!backup) return
      const uri = editorUri(backup.path)
      const name = vscode.l10n.t('{0} (as it was kept ↔ now)', basename(backup.path))
      await services.documents.openBeside(backup.text, uri, name)
      const put = vscode.l10n.t('Put back')
      const question = vscode.l10n.t('Put the kept text of {0} back into its editor?', basename(backup.path))
      if ((await vscode.window.showInformationMessage(question, put)) !== put) return
      await replaceText(await vscode.workspace.openTextDocument(uri), backup.text)
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** The edit that the given or active diff shows; else the only one that waits. */
function needProposal({ services }: CommandContext, given: unknown): Proposal {
  const { proposals } = services.desk
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
  const shown = input instanceof vscode.TabInputTextDiff ? input.modified : undefined
  const [first, second] = proposals.all
  const only = second === undefined ? first : undefined
  const proposal = proposals.of(uriOf(given)) ?? proposals.of(shown) ?? only
  if (proposal) return proposal
  throw new OpencodeError('not-found', vscode.l10n.t('No edit waits for your answer here.'))
}

async function pickBackup(backups: readonly TextBackup[]): Promise<TextBackup | undefined> {
  if (backups.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No unsaved text had to be put away yet.'))
    return undefined
  }
  const items = backups.map((backup) => ({
    label: basename(backup.path),
    description: relativeTime(backup.time),
    detail: vscode.workspace.asRelativePath(backup.path),
    backup,
  }))
  const placeHolder = vscode.l10n.t('Texts that were unsaved when OpenCode wrote their files')
  const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true })
  return picked?.backup
}
