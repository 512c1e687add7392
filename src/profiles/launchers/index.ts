import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerProfile } from '../../opencode/profile.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { createContainerLauncher } from './container.ts'
import { createKubernetesLauncher } from './kubernetes.ts'
import type { LauncherContext } from './launcherContext.ts'
import { createManagedLauncher } from './managed.ts'
import { createUrlLauncher } from './url.ts'

export type { LauncherContext } from './launcherContext.ts'

/** How the server of a profile is brought up or found. */
export function createLauncher(profile: ServerProfile, context: LauncherContext): ServerLauncher {
  if (profile.problem !== undefined) return refuse(profile.problem)
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

function refuse(problem: string): ServerLauncher {
  return { origin: 'managed', launch: () => Promise.reject(new OpencodeError('profile-invalid', problem)) }
}
