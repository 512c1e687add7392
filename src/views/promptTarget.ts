import { parseServerUrl } from '../client/endpoint.ts'
import type { PromptTarget } from '../prompt/attachment.ts'
import type { Backend } from './backends.ts'

/** A server of ours reads our disk, and so does, most likely, one that answers on this machine. */
export function promptTarget({ server }: Pick<Backend, 'server'>, directory: string): PromptTarget {
  const { status } = server
  const isHere =
    status.kind !== 'running' || status.origin === 'managed' || parseServerUrl(status.url).isLoopback
  return { sharesDisk: isHere, directory }
}
