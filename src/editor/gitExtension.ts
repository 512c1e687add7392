import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { isWithin } from '../util/paths.ts'
import type { Services } from '../views/services.ts'

/** A repository as VS Code's Git support shows it, as far as it is used here. */
export interface GitRepository {
  readonly rootUri: vscode.Uri
  readonly inputBox: { value: string }
  readonly ui: { readonly selected: boolean }
}

interface GitExports {
  readonly enabled: boolean
  getAPI(version: 1): {
    readonly repositories: readonly GitRepository[]
    getRepository(uri: vscode.Uri): GitRepository | null
  }
}

/**
 * The repository that a button of the source control view is about; without one the only or the selected one, else
 * the one that the user picks. Undefined when the user picks none.
 *
 * @throws OpencodeError `no-repository`
 */
export async function pickRepository(sourceControl: unknown): Promise<GitRepository | undefined> {
  const extension = vscode.extensions.getExtension<GitExports>('vscode.git')
  const git = await extension?.activate()
  if (git?.enabled !== true) {
    throw new OpencodeError('no-repository', vscode.l10n.t("VS Code's Git support is turned off."))
  }
  const api = git.getAPI(1)
  const { rootUri } = Object(sourceControl) as { rootUri?: unknown }
  const given = rootUri instanceof vscode.Uri ? api.getRepository(rootUri) : null
  if (given) return given
  const [first, ...others] = api.repositories
  if (!first) throw new OpencodeError('no-repository', vscode.l10n.t('No Git repository is open.'))
  if (others.length === 0) return first
  return api.repositories.find(({ ui }) => ui.selected) ?? ask(api.repositories)
}

/** The workspace folder of a repository, or the one that lies in it; the server is that of this folder. */
export function directoryOf(root: string, { backends }: Pick<Services, 'backends'>): string {
  const directories = backends.places.map(({ directory }) => directory)
  return (
    directories.find((directory) => isWithin(root, directory)) ??
    directories.find((directory) => isWithin(directory, root)) ??
    root
  )
}

async function ask(repositories: readonly GitRepository[]): Promise<GitRepository | undefined> {
  const items = repositories.map((repository) => ({ label: repository.rootUri.fsPath, repository }))
  return (await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Which repository?') }))?.repository
}
