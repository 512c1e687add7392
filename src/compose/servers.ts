import { homedir } from 'node:os'
import { createLauncher } from '../profiles/launchers/index.ts'
import type { LauncherContext } from '../profiles/launchers/index.ts'
import { localProgram } from '../profiles/program.ts'
import { ServerProfiles } from '../profiles/serverProfiles.ts'
import type { CommandContext } from '../commands/commandSpec.ts'
import { Backends } from '../views/backend/backends.ts'
import { IsolatedSessions } from '../views/isolation/isolatedSessions.ts'
import type { Platform } from './platform.ts'

/** Where answers come from. */
export interface Servers extends Pick<CommandContext, 'program'> {
  readonly profiles: ServerProfiles
  readonly backends: Backends
  readonly isolation: IsolatedSessions
}

/** The servers of the profiles, and those of isolated sessions. None is started here. */
export function createServers(platform: Platform): Servers {
  const { store, settings, credentials, log, stored, developmentRoot } = platform
  const profiles = store.add(new ServerProfiles({ picks: stored('profiles') }))
  store.add(profiles.onDidRemove((id) => void credentials.forget(id)))
  const launching = launcherContext(platform)
  const backends = store.add(
    new Backends({
      settings,
      credentials,
      log,
      stored,
      profiles,
      launcher: (profile, folder) => createLauncher(profile, { ...launching, folder: folder ?? homedir() }),
    }),
  )
  return {
    profiles,
    backends,
    isolation: store.add(new IsolatedSessions({ backends, context: launching })),
    program: (profile) =>
      localProgram(profile.kind === 'managed' ? profile : {}, { settings, developmentRoot }),
  }
}

function launcherContext(platform: Platform): Omit<LauncherContext, 'folder'> {
  const { context, settings, credentials, log, developmentRoot } = platform
  const { extensionUri, globalStorageUri: storageUri } = context
  return { settings, credentials, log, extensionUri, storageUri, developmentRoot }
}
