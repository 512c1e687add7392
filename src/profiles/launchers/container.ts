import { OpencodeError } from '../../opencode/errors.ts'
import type { ContainerProfile } from '../../opencode/profile.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import type { LauncherContext } from './launcherContext.ts'

/** A container of ours for the folder of the context. */
export function createContainerLauncher(
  profile: ContainerProfile,
  _context: LauncherContext,
): ServerLauncher {
  return {
    origin: 'managed',
    launch: () =>
      Promise.reject(
        new OpencodeError(
          'unsupported',
          `The server profile "${profile.name}" asks for a container, which this version cannot start. Pick another server.`,
        ),
      ),
  }
}
