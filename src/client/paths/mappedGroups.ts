import type { FileChange, Session } from '../../session/model.ts'
import type { Accounts } from '../accounts.ts'
import type { SessionCommands } from '../commands.ts'
import type { Connection } from '../connection.ts'
import type { ServerFiles } from '../files.ts'
import type { SessionHistory } from '../history.ts'
import type { SessionLibrary } from '../library.ts'
import { changeToHost, promptToServer, sessionToHost } from './mappedModel.ts'
import type { PathMap } from './pathMap.ts'
import type { Providers } from '../providers.ts'
import type { SavedRules } from '../savedRules.ts'
import type { ServerFeatures } from '../serverFeatures.ts'
import type { Shells } from '../shells.ts'
import type { VersionControl } from '../versionControl.ts'
import type { Worktrees } from '../worktrees.ts'

/** What the server calls its folders is what this group is for, so only the question is translated. */
export function mapFiles(inner: ServerFiles, paths: PathMap): ServerFiles {
  const read = inner.read?.bind(inner)
  return {
    ...(read
      ? {
          read: (directory, path, signal) => read(paths.toServer(directory), paths.toServer(path), signal),
        }
      : {}),
    place: (directory, signal) =>
      inner.place(directory === undefined ? undefined : paths.toServer(directory), signal),
    list: (directory, signal) => inner.list(paths.toServer(directory), signal),
  }
}

/** The group with the paths of this machine. An exported document stays as the server wrote it. */
export function mapHistory(inner: SessionHistory, paths: PathMap): SessionHistory {
  const session = async (answer: Promise<Session>): Promise<Session> => sessionToHost(paths, await answer)
  const takeIn = inner.importSession?.bind(inner)
  return {
    ...(takeIn
      ? { importSession: (document, directory) => session(takeIn(document, paths.toServer(directory))) }
      : {}),
    fork: (id, before) => session(inner.fork(id, before)),
    undo: (id, point) => session(inner.undo(id, point)),
    redo: (id) => session(inner.redo(id)),
    commitUndo: (id) => inner.commitUndo(id),
    undoneChanges: async (id) => (await inner.undoneChanges(id)).map((change) => changeToHost(paths, change)),
    undoReach: (directory) => inner.undoReach(paths.toServer(directory)),
    compact: (id, model) => inner.compact(id, model),
    shareMode: (directory) => inner.shareMode(paths.toServer(directory)),
    share: (id) => session(inner.share(id)),
    unshare: (id) => session(inner.unshare(id)),
    copyOf: (document) => inner.copyOf(document),
    exportSession: async (id) => {
      const exported = await inner.exportSession(id)
      return { ...exported, session: sessionToHost(paths, exported.session) }
    },
  }
}

export function mapCommands(inner: SessionCommands, paths: PathMap): SessionCommands {
  return { run: (id, prompt) => inner.run(id, { ...promptToServer(paths, prompt), run: prompt.run }) }
}

export function mapLibrary(inner: SessionLibrary, paths: PathMap): SessionLibrary {
  const toHost = (session: Session): Session => sessionToHost(paths, session)
  return {
    list: async ({ directory, ...query }) => {
      const at = directory === undefined ? {} : { directory: paths.toServer(directory) }
      const page = await inner.list({ ...query, ...at })
      return { ...page, sessions: page.sessions.map(toHost) }
    },
    children: async (id) => (await inner.children(id)).map(toHost),
    archive: async (id, time) => toHost(await inner.archive(id, time)),
  }
}

export function mapProviders(inner: Providers, paths: PathMap): Providers {
  const toServer = (directory: string): string => paths.toServer(directory)
  return {
    isEffectiveAtOnce: inner.isEffectiveAtOnce,
    list: (directory) => inner.list(toServer(directory)),
    loginMethods: (directory) => inner.loginMethods(toServer(directory)),
    startLogin: (directory, id, method, answers) =>
      inner.startLogin(toServer(directory), id, method, answers),
    finishLogin: (directory, id, login, signal) => inner.finishLogin(toServer(directory), id, login, signal),
    disconnect: (id) => inner.disconnect(id),
  }
}

export function mapFeatures(inner: ServerFeatures, paths: PathMap): ServerFeatures {
  const toServer = (directory: string): string => paths.toServer(directory)
  return {
    mcpServers: (directory) => inner.mcpServers(toServer(directory)),
    connectMcp: (directory, name) => inner.connectMcp(toServer(directory), name),
    disconnectMcp: (directory, name) => inner.disconnectMcp(toServer(directory), name),
    logInToMcp: (directory, name, signal) => inner.logInToMcp(toServer(directory), name, signal),
    addMcp: (directory, name, server) => inner.addMcp(toServer(directory), name, server),
    languageServers: async (directory) =>
      (await inner.languageServers(toServer(directory))).map((server) => ({
        ...server,
        root: paths.toHost(server.root),
      })),
    formatters: (directory) => inner.formatters(toServer(directory)),
    skills: async (directory) =>
      (await inner.skills(toServer(directory))).map(({ path, ...skill }) =>
        path === undefined ? skill : { ...skill, path: paths.toHost(path) },
      ),
    permissionRules: (directory, agent) => inner.permissionRules(toServer(directory), agent),
  }
}

function mapWorktrees(inner: Worktrees, paths: PathMap): Worktrees {
  return {
    list: async (directory) =>
      (await inner.list(paths.toServer(directory))).map((worktree) => ({
        ...worktree,
        directory: paths.toHost(worktree.directory),
      })),
    create: async (directory, branch) => paths.toHost(await inner.create(paths.toServer(directory), branch)),
    remove: (directory, worktree, force) =>
      inner.remove(paths.toServer(directory), paths.toServer(worktree), force),
  }
}

function mapVersionControl(inner: VersionControl, paths: PathMap): VersionControl {
  const toHost = (change: FileChange): FileChange => changeToHost(paths, change)
  return {
    changes: async (directory) => {
      const found = await inner.changes(paths.toServer(directory))
      return { ...found, files: found.files.map(toHost) }
    },
    diff: async (directory) => (await inner.diff(paths.toServer(directory))).map(toHost),
  }
}

function mapShells(inner: Shells, paths: PathMap): Shells {
  return {
    list: (directory) => inner.list(paths.toServer(directory)),
    output: (directory, id) => inner.output(paths.toServer(directory), id),
    stop: (directory, id) => inner.stop(paths.toServer(directory), id),
    toBackground: (sessionID) => inner.toBackground(sessionID),
  }
}

function mapSavedRules(inner: SavedRules, paths: PathMap): SavedRules {
  return {
    list: (directory) => inner.list(paths.toServer(directory)),
    revoke: (id) => inner.revoke(id),
  }
}

function mapAccounts(inner: Accounts, paths: PathMap): Accounts {
  return {
    list: (directory) => inner.list(paths.toServer(directory)),
    rename: (id, label) => inner.rename(id, label),
    remove: (id) => inner.remove(id),
  }
}

type OptionalGroup =
  'inbox' | 'savedRules' | 'shells' | 'worktrees' | 'versionControl' | 'journal' | 'environment' | 'accounts'

/** The groups that only some servers have. */
export function mapOptional(inner: Connection, paths: PathMap): Pick<Connection, OptionalGroup> {
  return {
    inbox: inner.inbox,
    savedRules: inner.savedRules && mapSavedRules(inner.savedRules, paths),
    shells: inner.shells && mapShells(inner.shells, paths),
    worktrees: inner.worktrees && mapWorktrees(inner.worktrees, paths),
    versionControl: inner.versionControl && mapVersionControl(inner.versionControl, paths),
    journal: inner.journal,
    environment: inner.environment,
    accounts: inner.accounts && mapAccounts(inner.accounts, paths),
  }
}
