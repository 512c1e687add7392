import { existsSync, readFileSync } from 'node:fs'
import type { Data } from './wire.ts'
import { isData } from './wire.ts'

/** How a login of a plugin begins, as a plugin of the folder's configuration gives it. */
export interface Login {
  readonly id: string
  readonly label: string
  readonly form: Data | undefined
  readonly begin: (answers: Data) => Promise<StartedLogin>
}

export interface StartedLogin {
  readonly url: string
  readonly instructions: string
  readonly method: 'auto' | 'code'
  /** Asks the provider; what it gives is kept. */
  readonly callback: (code?: string) => Promise<Data>
}

interface PluginAuth {
  readonly provider: string
  readonly methods: readonly (Data & { readonly authorize?: Login['begin'] })[]
}

/**
 * The logins that plugins of a configuration bring, by provider. How plugins of 2.x are written is not known here, so
 * those of 1.x are read: the tests of both lines can use the same one.
 */
export async function loginsOf(plugins: unknown): Promise<ReadonlyMap<string, readonly Login[]>> {
  const found = new Map<string, readonly Login[]>()
  for (const url of Array.isArray(plugins) ? plugins.map(String) : []) {
    const auth = await readPlugin(url)
    if (auth) found.set(auth.provider, auth.methods.flatMap(toLogin))
  }
  return found
}

async function readPlugin(url: string): Promise<PluginAuth | undefined> {
  if (!url.startsWith('file:') || !existsSync(new URL(url))) return undefined
  const source = readFileSync(new URL(url)).toString('base64')
  const module = (await import(`data:text/javascript;base64,${source}`)) as Record<string, unknown>
  for (const make of Object.values(module)) {
    if (typeof make !== 'function') continue
    const plugin = (await (make as () => Promise<unknown>)()) as { readonly auth?: PluginAuth }
    if (plugin.auth) return plugin.auth
  }
  return undefined
}

function toLogin(method: PluginAuth['methods'][number], index: number): readonly Login[] {
  const { authorize, label } = method
  if (method['type'] !== 'oauth' || !authorize) return []
  const prompts = Array.isArray(method['prompts']) ? method['prompts'].filter(isData) : []
  const fields = prompts.map(toField)
  return [
    {
      id: `login-${index}`,
      label: String(label),
      form: fields.length === 0 ? undefined : { fields },
      begin: authorize,
    },
  ]
}

function toField({ key, message, placeholder, options, when }: Data): Data {
  const choices = Array.isArray(options) ? options.filter(isData) : []
  return {
    key,
    title: message,
    type: 'string',
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(isData(when) ? { when: [when] } : {}),
    ...(choices.length === 0
      ? {}
      : { options: choices.map(({ value, label, hint }) => ({ value, label, description: hint })) }),
  }
}
