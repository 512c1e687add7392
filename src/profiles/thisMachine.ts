import * as vscode from 'vscode'
import type { ManagedProfile } from '../opencode/profile.ts'

/** Of the profile that is always there; what is stored without a profile's name belongs to it. */
export const thisMachineID = 'builtin:This machine'

/** A server of ours on the machine of the extension host, as the settings of the server say. */
export function thisMachine(): ManagedProfile {
  return { kind: 'managed', id: thisMachineID, name: vscode.l10n.t('This machine'), source: 'builtin' }
}
