import * as vscode from 'vscode'
import type { SessionEnvironment } from '../../client/sessionEnvironment.ts'
import type { SessionID } from '../../opencode/ids.ts'

/** What was set from this window, by session. No server tells it again, and it may be secret: it stays in memory. */
const known = new Map<SessionID, ReadonlyMap<string, string>>()

interface Item extends vscode.QuickPickItem {
  readonly remove?: string
  readonly isNew?: boolean
}

/** Lets the user change the environment variables of the commands of a session, one at a time. */
export async function setEnvironment(environment: SessionEnvironment, sessionID: SessionID): Promise<void> {
  for (;;) {
    const variables = known.get(sessionID) ?? new Map<string, string>()
    const picked = await vscode.window.showQuickPick(itemsOf(variables), {
      title: vscode.l10n.t('Environment of This Session'),
      placeHolder: vscode.l10n.t(
        'For the commands that run in it. Values that were set elsewhere are replaced.',
      ),
    })
    const next = picked && (await changed(variables, picked))
    if (!next) return
    await environment.set(sessionID, Object.fromEntries(next))
    known.set(sessionID, next)
  }
}

function itemsOf(variables: ReadonlyMap<string, string>): readonly Item[] {
  return [
    { label: vscode.l10n.t('Set a Variable…'), iconPath: new vscode.ThemeIcon('add'), isNew: true },
    ...[...variables.keys()].map((name) => ({
      label: name,
      description: vscode.l10n.t('set; pick to remove'),
      iconPath: new vscode.ThemeIcon('symbol-variable'),
      remove: name,
    })),
  ]
}

async function changed(
  variables: ReadonlyMap<string, string>,
  { remove }: Item,
): Promise<ReadonlyMap<string, string> | undefined> {
  const next = new Map(variables)
  if (remove !== undefined) {
    next.delete(remove)
    return next
  }
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the Variable'),
    validateInput: (value) =>
      /^[A-Za-z_]\w*$/.test(value) ? undefined : vscode.l10n.t('Letters, digits and "_" make a name.'),
  })
  if (name === undefined) return undefined
  const value = await vscode.window.showInputBox({ title: name, password: true, ignoreFocusOut: true })
  return value === undefined ? undefined : next.set(name, value)
}
