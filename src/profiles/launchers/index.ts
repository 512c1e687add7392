import { homedir } from 'node:os'
import type { ProfileKind, ServerProfile } from '../../opencode/profile.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { createContainerLauncher } from './container.ts'
import { createKubernetesLauncher } from './kubernetes.ts'
import type { LauncherContext } from './launcherContext.ts'
import { createManagedLauncher } from './managed.ts'
import { createUrlLauncher } from './url.ts'

export type { LauncherContext } from './launcherContext.ts'

/** The kinds of servers that "Add server…" offers: those whose launcher is there. */
export const offeredKinds: readonly ProfileKind[] = ['managed', 'container', 'url']

/** How the server of a profile is brought up or found. */
export function createLauncher(profile: ServerProfile, context: LauncherContext): ServerLauncher {
  switch (profile.kind) {
    case 'managed':
      return createManagedLauncher(profile, context)
    case 'container':
      return createContainerLauncher(profile, context)
    case 'url':
      return createUrlLauncher(profile, context)
    case 'kubernetes':
      return createKubernetesLauncher(profile, context)
  }
}

/** The folder to make a launcher for in a window that has none. */
export const folderOfNoFolder = homedir()
