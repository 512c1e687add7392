import { parseServerUrl } from '../../client/endpoint.ts'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import type { PromptTarget } from '../../prompt/attachment.ts'
import type { Backend } from '../backend/backends.ts'

/**
 * A server of ours reads our disk, and so does, most likely, one that answers on this machine. Where paths are
 * translated, e.g. into a container, it has just the folders that the rules name.
 */
export function promptTarget({ server }: Pick<Backend, 'server'>, directory: string): PromptTarget {
  const { status, connection } = server
  const isHere =
    status.kind !== 'running' || status.origin === 'managed' || parseServerUrl(status.url).isLoopback
  const paths = pathsOf(connection)
  const sees = (path: string): boolean => isHere && (paths.rules.length === 0 || paths.coversHost(path))
  return { sees, directory, toServer: (path) => paths.toServer(path) }
}
