import * as vscode from 'vscode'
import type { CommandContext } from '../commandSpec.ts'

/**
 * Removes every password, passphrase and provider key of ours: from the running servers, then from the secret
 * storage. Servers that were logged in to are left; other windows follow by the change of the storage.
 */
export async function signOutEverywhere({ services, credentials }: CommandContext): Promise<void> {
  const yes = vscode.l10n.t('Sign out everywhere')
  const question = vscode.l10n.t('Remove all passwords and provider keys of this extension?')
  const detail = vscode.l10n.t(
    '{0} secrets are removed from the secret storage, for all profiles and windows. Keys of ours are taken out of running servers, and servers of others are disconnected. Logins that OpenCode keeps itself stay.',
    await credentials.count(),
  )
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return
  const { backends, notify } = services
  await Promise.all(backends.all.map((backend) => backend.providerKeys.withdraw()))
  await credentials.forgetAll()
  for (const { server, access } of backends.all) {
    if (server.status.kind === 'running' && server.status.origin === 'attached') await access.stop()
  }
  notify.done(vscode.l10n.t('Signed out everywhere'))
}
