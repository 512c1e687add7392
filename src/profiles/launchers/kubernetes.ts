import { OpencodeError } from '../../opencode/errors.ts'
import type { KubernetesProfile } from '../../opencode/profile.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import type { LauncherContext } from './launcherContext.ts'

/** A server in a cluster, through a forwarded port. */
export function createKubernetesLauncher(
  profile: KubernetesProfile,
  _context: LauncherContext,
): ServerLauncher {
  return {
    origin: 'attached',
    launch: () =>
      Promise.reject(
        new OpencodeError(
          'unsupported',
          `The server profile "${profile.name}" lies in a cluster, which this version cannot reach. Pick another server.`,
        ),
      ),
  }
}
