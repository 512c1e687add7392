import { createHash } from 'node:crypto'
import type { ProviderInfo } from '../../client/providers.ts'
import { activeFolder } from '../../platform/folders.ts'
import type { RunningContext } from '../commandSpec.ts'
import { keyVariables } from './keyVariables.ts'

/** A provider with what this window knows of it. */
export interface ProviderState {
  readonly info: ProviderInfo
  /** The key in the secret storage; it may be another one than the server's. */
  readonly ownKey: string | undefined
  /** Whether the server uses the key of the secret storage. */
  readonly usesOwnKey: boolean
  /** Variables of this environment that hold a key for it, by name. */
  readonly variables: readonly string[]
}

/** Reads all providers of the server with their credentials; takes seconds. */
export async function readProviderStates(context: RunningContext): Promise<readonly ProviderState[]> {
  const { backend, connection, credentials, services } = context
  const [infos, ours] = await Promise.all([
    connection.providers.list(await placeOf(context)),
    credentials.providers(backend.profile.id),
  ])
  const keys = await Promise.all(
    ours.map(async (id) => [id, await credentials.providerKey(backend.profile.id, id)] as const),
  )
  const ownKeys = new Map(keys)
  const environment = { ...process.env, ...services.settings.serverEnvironment.value }
  return infos.map((info) => {
    const ownKey = ownKeys.get(info.id)
    const { source } = info
    const usesOwnKey =
      ownKey !== undefined && source?.kind === 'key' && source.fingerprint === fingerprint(ownKey)
    return { info, ownKey, usesOwnKey, variables: keyVariables(info, environment) }
  })
}

/** A directory that the server can work in. */
export async function placeOf({ backend }: RunningContext): Promise<string> {
  return backend.directories[0] ?? (await activeFolder()).directory
}

function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
