import type { KeyCheck } from './keyCheck.ts'

/**
 * How a key of a provider can be tried, by the package that talks to it; only for those whose list of models is known
 * to ask for the key. `base` is where the provider is, as far as the server says so.
 */
export function keyCheckOf(id: string, adapter: string, base: string | undefined): KeyCheck | undefined {
  const known = knownChecks[id === 'openrouter' ? id : adapter]
  if (!known) return undefined
  const url = base ?? known.base
  if (url === undefined) return undefined
  const { route, header, headers } = known
  return { url: `${url.replace(/\/+$/, '')}${route}`, header, ...(headers ? { headers } : {}) }
}

interface KnownCheck extends Omit<KeyCheck, 'url'> {
  /** Where the provider is when the server does not say; undefined: nowhere. */
  readonly base: string | undefined
  readonly route: string
}

const bearer = { header: 'authorization', route: '/models' } as const

const knownChecks: Readonly<Record<string, KnownCheck | undefined>> = {
  '@ai-sdk/anthropic': {
    base: 'https://api.anthropic.com/v1',
    route: '/models',
    header: 'x-api-key',
    headers: { 'anthropic-version': '2023-06-01' },
  },
  '@ai-sdk/google': {
    base: 'https://generativelanguage.googleapis.com/v1beta',
    route: '/models',
    header: 'x-goog-api-key',
  },
  '@ai-sdk/groq': { ...bearer, base: 'https://api.groq.com/openai/v1' },
  '@ai-sdk/mistral': { ...bearer, base: 'https://api.mistral.ai/v1' },
  '@ai-sdk/openai': { ...bearer, base: 'https://api.openai.com/v1' },
  '@ai-sdk/openai-compatible': { ...bearer, base: undefined },
  '@ai-sdk/xai': { ...bearer, base: 'https://api.x.ai/v1' },
  // Its list of models is open to everybody.
  openrouter: { header: 'authorization', route: '/key', base: 'https://openrouter.ai/api/v1' },
}
