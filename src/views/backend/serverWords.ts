import * as vscode from 'vscode'
import type { ServerProfile } from '../../opencode/profile.ts'
import type { ServerStatus } from '../../opencode/server.ts'
import type { Backend } from './backends.ts'

/** Where the server of a profile is, in a few words. */
export function placeOf(profile: ServerProfile): string {
  switch (profile.kind) {
    case 'managed':
      return profile.path ?? vscode.l10n.t('a program on this machine')
    case 'container':
      return profile.image === undefined
        ? vscode.l10n.t('in a container')
        : vscode.l10n.t('in a container of {0}', profile.image)
    case 'url':
      return profile.url
    case 'kubernetes':
      return [profile.target, profile.namespace, profile.context].filter((each) => each).join(' · ')
  }
}

/** The state of a server as a sentence, with version and address where known. */
export function explainStatus({ profile, server: { status } }: Pick<Backend, 'profile' | 'server'>): string {
  switch (status.kind) {
    case 'running':
      return explainRunning(profile, status)
    case 'starting':
      return vscode.l10n.t('The server is starting.')
    case 'stopping':
      return vscode.l10n.t('The server is stopping.')
    case 'failed':
      return status.error.message
    case 'stopped':
      return vscode.l10n.t('The server is not running.')
  }
}

function explainRunning(
  { kind }: ServerProfile,
  { version, url, origin, link, sharing }: Extract<ServerStatus, { kind: 'running' }>,
): string {
  if (link.kind === 'reconnecting')
    return vscode.l10n.t('The connection to OpenCode {0} is lost; trying again.', version)
  if (kind === 'container') return vscode.l10n.t('OpenCode {0} runs in a container.', version)
  if (sharing && sharing.windows > 1) {
    return vscode.l10n.t(
      'OpenCode {0} runs on this machine, shared by {1} windows.',
      version,
      sharing.windows,
    )
  }
  if (kind === 'managed' && origin === 'attached')
    return vscode.l10n.t('Connected to the OpenCode {0} service of this machine.', version)
  return origin === 'managed'
    ? vscode.l10n.t('OpenCode {0} runs on this machine.', version)
    : vscode.l10n.t('Connected to OpenCode {0} at {1}.', version, url)
}
