import path from 'node:path'
import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { PathRule } from '../../client/paths/pathMap.ts'
import type { ProfilePath } from '../../opencode/profile.ts'
import { viewOf } from '../../profiles/folderView.ts'

/**
 * Finds out whether a server sees a folder at the same path. Where it does not, proposes how paths could be
 * translated and asks. An empty list: nothing is translated. The connection must not translate already.
 */
export async function agreePaths(connection: Connection, folder: string): Promise<readonly ProfilePath[]> {
  const view = await viewOf(connection, folder)
  if (view.kind === 'same') return []
  const { rule } = view
  return rule ? askProposed(connection.url, folder, rule) : askUnknown(connection.url, folder)
}

async function askProposed(url: string, folder: string, rule: PathRule): Promise<readonly ProfilePath[]> {
  const translate = vscode.l10n.t('Translate paths')
  const other = vscode.l10n.t('Other path…')
  const picked = await vscode.window.showInformationMessage(
    vscode.l10n.t('Does the server see {0} as {1}?', rule.host, rule.server),
    {
      modal: true,
      detail: vscode.l10n.t(
        'The server at {0} does not have this folder at the same path. Files, links and diffs are translated between both names.',
        url,
      ),
    },
    translate,
    other,
  )
  if (picked === translate) return [{ local: rule.host, remote: rule.server }]
  return picked === other ? askUnknown(url, folder, rule.server) : []
}

async function askUnknown(url: string, folder: string, value = ''): Promise<readonly ProfilePath[]> {
  const remote = await vscode.window.showInputBox({
    title: vscode.l10n.t('Where does {0} lie on the server?', folder),
    prompt: vscode.l10n.t('As the server at {0} sees it, e.g. /workspace; empty: at the same path', url),
    value,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === '' || isAbsolute(text.trim())
        ? undefined
        : vscode.l10n.t('Enter an absolute path, e.g. /workspace.'),
  })
  const target = remote?.trim() ?? ''
  return target === '' || target === folder ? [] : [{ local: folder, remote: target }]
}

function isAbsolute(text: string): boolean {
  return path.posix.isAbsolute(text) || path.win32.isAbsolute(text)
}
