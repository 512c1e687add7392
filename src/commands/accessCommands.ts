import * as vscode from 'vscode'
import { displayName } from '../api/consents.ts'
import type { Consent } from '../api/consents.ts'
import type { commandIds } from './commandIds.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Which other extensions may use OpenCode. */
export const accessCommands = {
  manageExtensionAccess: { run: (context) => manageAccess(context) },
} satisfies Partial<Record<Name, CommandSpec>>

async function manageAccess({ consents, services }: CommandContext): Promise<void> {
  const known = Object.entries(consents.all)
  if (known.length === 0) {
    services.notify.done(vscode.l10n.t('No other extension has asked to use OpenCode yet.'))
    return
  }
  const items = known.map(([extension, consent]) => ({
    label: displayName(extension),
    description: consent === 'allowed' ? vscode.l10n.t('allowed') : vscode.l10n.t('not allowed'),
    iconPath: new vscode.ThemeIcon(consent === 'allowed' ? 'check' : 'circle-slash'),
    extension,
    consent,
  }))
  const title = vscode.l10n.t('Extensions that asked to use OpenCode')
  const picked = await vscode.window.showQuickPick(items, { title })
  if (!picked) return
  const change = await pickChange(picked.label, picked.consent)
  if (change) await consents.set(picked.extension, change.consent)
}

interface Change extends vscode.QuickPickItem {
  /** Undefined: it is asked again. */
  readonly consent: Consent | undefined
}

async function pickChange(name: string, consent: Consent): Promise<Change | undefined> {
  const other: Change =
    consent === 'allowed'
      ? {
          label: vscode.l10n.t("Don't Allow"),
          detail: vscode.l10n.t('Its running prompts are stopped.'),
          consent: 'denied',
        }
      : { label: vscode.l10n.t('Allow'), consent: 'allowed' }
  const forget: Change = { label: vscode.l10n.t('Ask Next Time'), consent: undefined }
  return vscode.window.showQuickPick([other, forget], { title: name })
}
