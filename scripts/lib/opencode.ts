import { inRepository } from './repository.ts'

/** The native `opencode` executable of the development dependency. */
export function opencodeBinary(): string {
  return inRepository('node_modules', 'opencode-ai', 'bin', 'opencode.exe')
}

/** Switches that keep `opencode` from the network: models, updates, language servers, plugins. */
export const offlineEnvironment: Readonly<Record<string, string>> = {
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  npm_config_registry: 'http://127.0.0.1:9/',
  // A server with plugins waits for this attempt before it loads a folder.
  npm_config_fetch_retries: '0',
  BUN_CONFIG_REGISTRY: 'http://127.0.0.1:9/',
}

export interface ScriptedModels {
  readonly large: string
  readonly small: string
  /** An id with `gpt-`: OpenCode gives such models `apply_patch` in place of `edit` and `write`. */
  readonly patching?: string | undefined
}

/** The scripted model as a provider of `opencode.json`, with models of these ids. */
export function scriptedProvider(modelUrl: string, ids: ScriptedModels): Readonly<Record<string, unknown>> {
  const limit = { context: 128_000, output: 8192 }
  const modalities = { input: ['text', 'image'], output: ['text'] }
  const able = { reasoning: true, tool_call: true, attachment: true, modalities, limit }
  return {
    npm: '@ai-sdk/openai-compatible',
    name: 'Scripted model (offline)',
    options: { baseURL: modelUrl, apiKey: 'sk-scripted' },
    models: {
      [ids.large]: { name: 'Scripted', ...able, variants: { low: {}, high: {} } },
      [ids.small]: { name: 'Scripted small', ...able },
      ...(ids.patching === undefined ? {} : { [ids.patching]: { name: 'Patching', ...able } }),
    },
  }
}
