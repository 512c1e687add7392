import { parseServerUrl } from '../../client/endpoint.ts'
import type { ServerProfile } from '../../opencode/profile.ts'

/** Why a server cannot ask VS Code: what stands between it and the loopback interface of this machine. */
export type Barrier = 'container' | 'machine' | 'paths'

/**
 * What keeps a server from the tools of this window; undefined where nothing does.
 *
 * @param url where we reach the server
 * @param isMapped whether it sees our folders at other paths
 */
export function barrierTo(profile: ServerProfile, url: string, isMapped: boolean): Barrier | undefined {
  switch (profile.kind) {
    case 'managed':
      return undefined
    case 'kubernetes':
      return 'machine'
    case 'container':
      // Only there the container has our own loopback interface.
      if (profile.network !== 'host' || profile.context !== undefined) return 'container'
      return isMapped ? 'paths' : undefined
    case 'url':
      if (!parseServerUrl(url).isLoopback) return 'machine'
      return isMapped ? 'paths' : undefined
  }
}
