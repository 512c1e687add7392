import { realpathSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import * as vscode from 'vscode'
import type { ContainerProfile, ManagedProfile, ServerProfile } from '../../opencode/profile.ts'
import { knownFolders } from '../../platform/folders.ts'
import { createContainerLauncher, engineOf } from '../../profiles/launchers/container.ts'
import type { LauncherContext } from '../../profiles/launchers/index.ts'
import { createManagedLauncher } from '../../profiles/launchers/managed.ts'
import { thisMachine } from '../../profiles/thisMachine.ts'
import { Git } from '../../server/isolation/git.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import type { Task } from '../../tasks/task.ts'
import { removeTaskContainers, taskMounts } from '../../tasks/taskContainers.ts'
import type { TaskHost, TaskPlace } from '../../tasks/taskHost.ts'
import { Tasks } from '../../tasks/tasks.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'

const scheme = 'opencode-isolated'

export interface IsolatedSessionsOptions {
  readonly backends: Backends
  /** What servers are brought up with, but for the folder. */
  readonly context: Omit<LauncherContext, 'folder'>
}

/** The isolated sessions of this window's folders, joined with its servers and editors. */
export class IsolatedSessions implements Disposable {
  readonly tasks: Tasks
  readonly #store = new DisposableStore()

  constructor({ backends, context }: IsolatedSessionsOptions) {
    const { log, settings } = context
    this.tasks = this.#store.add(
      new Tasks({
        storage: join(realFolder(context.storageUri.fsPath), 'isolated'),
        git: () => new Git(gitProgram()),
        limit: () => settings.isolationLimit.value,
        host: createHost(backends, context),
        log,
      }),
    )
    const load = (): void => this.tasks.load(knownFolders().map(({ directory }) => directory))
    load()
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(load))
    const provider = { provideTextDocumentContent: (uri: vscode.Uri) => this.#textOf(uri) }
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, provider))
  }

  /** The isolated session that a chat's directory belongs to. */
  at(directory: string | undefined): Task | undefined {
    return directory === undefined ? undefined : this.tasks.at(directory)
  }

  /** Opens all changes in one editor: each file as it was in the beginning, beside the file as it is there now. */
  async review(task: Task): Promise<number> {
    const { files } = await task.changes()
    const resources = files.map(({ path, from, status, isBinary, isLink }) => {
      const file = vscode.Uri.file(task.fileOf(path))
      // By the same path as the file, so that the editor does not take it for a renamed one.
      const before = vscode.Uri.file(task.fileOf(from ?? path)).with({ scheme, query: task.id })
      // A link is shown as what it is; what it leads to may lie anywhere.
      const now = isLink ? file.with({ scheme, query: task.id, fragment: 'link' }) : file
      return [
        file,
        status === 'added' || isBinary ? undefined : before,
        status === 'deleted' ? undefined : now,
      ]
    })
    const title = vscode.l10n.t('Isolated changes: {0}', task.branch)
    if (files.length > 0) await vscode.commands.executeCommand('vscode.changes', title, resources)
    return files.length
  }

  dispose(): void {
    this.#store.dispose()
  }

  async #textOf(uri: vscode.Uri): Promise<string> {
    const task = this.tasks.get(uri.query)
    if (!task) return vscode.l10n.t('The isolated session was discarded.')
    const file = vscode.Uri.file(uri.path).fsPath
    if (uri.fragment === 'link') return readlink(file).catch(() => '')
    const name = relative(task.place.root, file).split(sep).join('/')
    return (await task.textOfBase(name))?.toString('utf8') ?? ''
  }
}

function createHost(backends: Backends, context: IsolatedSessionsOptions['context']): TaskHost {
  const profileOf = (place: TaskPlace): ServerProfile => isolatedProfile(backends, place)
  return {
    launcher: (place) => createLauncher(profileOf(place), place, context),
    serve: (place, launcher) =>
      backends.add(place.directory, {
        id: `isolated:${place.record.id}`,
        profile: profileOf(place),
        launcher,
      }),
    leave: (place) => backends.remove(place.directory),
    clean: async (place) => {
      const profile = profileOf(place)
      if (profile.kind === 'container') await removeTaskContainers(await engineOf(profile), place)
    },
  }
}

function createLauncher(
  profile: ServerProfile,
  place: TaskPlace,
  context: IsolatedSessionsOptions['context'],
): ServerLauncher {
  const own = { ...context, folder: place.root }
  return profile.kind === 'container'
    ? createContainerLauncher(profile, own)
    : createManagedLauncher(profile.kind === 'managed' ? profile : thisMachine(), { ...own, isAlone: true })
}

/**
 * As the folder's own server where that is of the same kind, else with nothing set. The name is that of the
 * folder's server, so that the provider keys that are kept for it count here too.
 */
function isolatedProfile(backends: Backends, place: TaskPlace): ContainerProfile | ManagedProfile {
  const { record } = place
  const picked = backends.for(record.folder).profile
  const { id, source } = picked
  const name = vscode.l10n.t('Isolated: {0}', record.branch)
  if (record.kind === 'worktree') return { ...(picked.kind === 'managed' ? picked : thisMachine()), id, name }
  const mounts = taskMounts(place)
  if (picked.kind !== 'container') return { kind: 'container', id, name, source, mounts }
  const { workspaceTarget: _, port: __, ...rest } = picked
  return { ...rest, name, isReadOnly: false, mounts: [...(picked.mounts ?? []), ...mounts] }
}

/** The program that VS Code's own git uses. */
function gitProgram(): string {
  const value: unknown = vscode.workspace.getConfiguration('git').get('path')
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first : 'git'
}

/** Servers tell real paths; what we compare with them has to be one. */
function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
