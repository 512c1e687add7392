import type { ProviderInfo } from '../../client/providers.ts'

/** The variables of a provider that are set; those for regions, hosts and the like hold no key. */
export function keyVariables(
  { environment: names }: Pick<ProviderInfo, 'environment'>,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return names.filter((name) => /(KEY|TOKEN)$/.test(name) && (environment[name] ?? '').trim() !== '')
}
