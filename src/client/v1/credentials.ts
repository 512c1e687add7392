import type { ProviderCredential } from '../connection.ts'
import { fingerprint } from '../providerID.ts'
import { collect, fields, word, words } from '../reading.ts'
import { loose } from './wire.ts'
import type { WireProvider } from './wire.ts'

/**
 * Where a provider's credential is, judged by the list of usable providers of an instance that was loaded
 * just now (an older one shows the keys of its own start). Undefined: the provider is not in that list.
 */
export function readCredential(usable: unknown, providerID: string): ProviderCredential | undefined {
  const providers = collect(fields(usable)['providers'], loose<WireProvider>)
  const provider = providers.find((item) => item.id === providerID)
  if (!provider) return undefined
  const key = word(provider.key)
  const configured = word(fields(provider.options)['apiKey'])
  if (provider.source === 'env') return { kind: 'elsewhere' }
  if (key !== undefined) return { kind: 'stored', fingerprint: fingerprint(key) }
  // The free models of OpenCode itself run under this public key.
  if (configured === 'public') return { kind: 'none' }
  if (provider.source === 'custom') return { kind: 'stored', fingerprint: undefined }
  return configured === undefined ? { kind: 'none' } : { kind: 'elsewhere' }
}

/** For a provider that is not usable: whether the store holds something for it, such as a login. */
export function readStoredLogin(all: unknown, providerID: string): ProviderCredential {
  const { all: listed, connected } = fields(all)
  if (words(connected).includes(providerID)) return { kind: 'stored', fingerprint: undefined }
  const isHidden = Array.isArray(listed) && !listed.some((provider) => fields(provider)['id'] === providerID)
  return { kind: isHidden ? 'hidden' : 'none' }
}
