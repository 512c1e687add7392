import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { opencodeBinary, scriptedProvider } from './opencode.ts'

/** What a folder's OpenCode can use; the keys of providers are masked by OpenCode itself. */
export interface FolderModels {
  /** `provider/model` names that are ready for use. */
  readonly models: readonly string[]
  readonly config: FolderConfig
}

interface FolderConfig {
  readonly model?: string
  readonly small_model?: string
  readonly enabled_providers?: readonly string[]
  readonly provider?: Readonly<Record<string, { readonly options?: { readonly baseURL?: string } }>>
}

/** Asks the packaged OpenCode what it finds in a folder's configuration and in the environment. */
export async function readFolderModels(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<FolderModels> {
  const options = { cwd: folder, env: { ...env, OPENCODE_DISABLE_MODELS_FETCH: '1' }, timeout: 60_000 }
  // One after the other: two that make a new database at the same time get in each other's way.
  const models = await execute(opencodeBinary(), ['models'], options)
  const config = await execute(opencodeBinary(), ['debug', 'config'], options)
  return {
    models: models.stdout.split('\n').filter((line) => line.includes('/')),
    config: JSON.parse(config.stdout) as FolderConfig,
  }
}

const execute = promisify(execFile)

/** OpenCode's own free models need the network and no key; any other listed model has a provider that was set up. */
export async function hasUsableModel({ models }: FolderModels): Promise<boolean> {
  if (models.some((name) => !name.startsWith('opencode/'))) return true
  return models.length > 0 && (await reaches('https://opencode.ai'))
}

async function reaches(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(3000) })
    return true
  } catch {
    return false
  }
}

/**
 * Configuration that adds the scripted model and makes it the default. A default model of the folder on a loopback
 * address stays the default, because it works without a network too. All edits and commands are asked for.
 */
export function scriptedConfig(modelUrl: string, { config }: FolderModels): string {
  const enabled = config.enabled_providers
  return JSON.stringify({
    autoupdate: false,
    provider: { scripted: scriptedProvider(modelUrl, { large: 'scripted', small: 'scripted-small' }) },
    ...(enabled === undefined ? {} : { enabled_providers: [...enabled, 'scripted'] }),
    ...(isLocal(config) ? {} : { model: 'scripted/scripted', small_model: 'scripted/scripted-small' }),
    permission: { edit: 'ask', bash: 'ask' },
  })
}

function isLocal({ model, provider }: FolderConfig): boolean {
  const address = provider?.[model?.split('/')[0] ?? '']?.options?.baseURL
  return (
    address !== undefined &&
    URL.canParse(address) &&
    ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(address).hostname)
  )
}
