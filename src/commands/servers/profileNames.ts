import * as vscode from 'vscode'
import type { ServerProfile } from '../../opencode/profile.ts'

/** A name, with a number where another profile has it. */
export function freeName(all: readonly ServerProfile[], wanted: string): string {
  const names = new Set(all.map(({ name }) => name))
  let name = wanted
  for (let number = 2; names.has(name); number++) name = `${wanted} (${String(number)})`
  return name
}

/** A name that no other profile has. */
export async function askName(all: readonly ServerProfile[], value: string): Promise<string | undefined> {
  const isTaken = (name: string): boolean => name !== value && all.some((profile) => profile.name === name)
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the server profile'),
    value,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === '') return vscode.l10n.t('A profile needs a name.')
      if (text.trim().length > 60) return vscode.l10n.t('Use at most 60 letters.')
      return isTaken(text.trim()) ? vscode.l10n.t('Another profile has this name.') : undefined
    },
  })
  return name?.trim()
}
