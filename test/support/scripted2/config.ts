import { readdirSync, readFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import type { Data, ModelRef, Rule } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'

export interface Provider {
  readonly id: string
  readonly name: string
  readonly baseURL: string
  readonly apiKey: string
  readonly npm: string
  readonly models: Data
}

/** What the `opencode.json` of a folder says, as far as the scripted server follows it. */
export class Config {
  readonly #document: Data
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = configFolder(directory)
    const file = path.join(this.#directory, 'opencode.json')
    const parsed = existsSync(file) ? parse(file) : {}
    this.#document = isData(parsed) ? parsed : {}
  }

  /** MCP servers by name. */
  get mcp(): readonly (readonly [string, Data])[] {
    const { mcp } = this.#document
    return Object.entries(isData(mcp) ? mcp : {}).flatMap(([name, value]) =>
      isData(value) ? [[name, value] as const] : [],
    )
  }

  get plugins(): unknown {
    return this.#document['plugin']
  }

  get providers(): readonly Provider[] {
    const providers = isData(this.#document['provider']) ? this.#document['provider'] : {}
    return Object.entries(providers).flatMap(([id, value]) => (isData(value) ? [toProvider(id, value)] : []))
  }

  get model(): ModelRef | undefined {
    return toRef(textIn(this.#document, 'model'))
  }

  get smallModel(): ModelRef | undefined {
    return toRef(textIn(this.#document, 'small_model')) ?? this.model
  }

  /** Rules in the names of 2.x; the last one that fits decides. */
  get rules(): readonly Rule[] {
    const permission = this.#document['permission']
    if (!isData(permission)) return []
    return Object.entries(permission).flatMap(([name, value]) => {
      const action = toAction(name)
      if (typeof value === 'string') return [{ action, resource: '*', effect: value as Rule['effect'] }]
      return isData(value)
        ? Object.entries(value).map(([resource, effect]) => ({
            action,
            resource,
            effect: effect as Rule['effect'],
          }))
        : []
    })
  }

  get commands(): ReadonlyMap<string, { readonly description?: string; readonly template: string }> {
    const found = new Map<string, { description?: string; template: string }>()
    const inline = this.#document['command']
    for (const [name, value] of Object.entries(isData(inline) ? inline : {})) {
      if (isData(value)) found.set(name, describeCommand(value))
    }
    const folder = path.join(this.#directory, '.opencode', 'command')
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (name.endsWith('.md'))
        found.set(name.slice(0, -3), readCommandFile(readFileSync(path.join(folder, name), 'utf8')))
    }
    return found
  }
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new Refusal(500, 'UnknownError', `Config file at ${file} is not valid JSON: ${said}`, {
      ref: 'err_config',
    })
  }
}

function toAction(name: string): string {
  if (name === 'bash') return 'shell'
  return name === 'task' ? 'subagent' : name
}

/** The nearest folder with a configuration, within the repository. */
function configFolder(directory: string): string {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'opencode.json'))) return folder
    if (existsSync(path.join(folder, '.git')) || folder === path.dirname(folder)) return directory
  }
}

function readCommandFile(text: string): { description?: string; template: string } {
  const [, head = '', template = text] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? []
  const description = /^description: *(.+)$/m.exec(head)?.[1]
  return { template, ...(description === undefined ? {} : { description }) }
}

function describeCommand(value: Data): { description?: string; template: string } {
  const description = textIn(value, 'description')
  return { template: textIn(value, 'template') ?? '', ...(description === undefined ? {} : { description }) }
}

function toProvider(id: string, value: Data): Provider {
  const options = isData(value['options']) ? value['options'] : {}
  return {
    id,
    name: textIn(value, 'name') ?? id,
    baseURL: textIn(options, 'baseURL') ?? '',
    apiKey: textIn(options, 'apiKey') ?? '',
    npm: textIn(value, 'npm') ?? '',
    models: isData(value['models']) ? value['models'] : {},
  }
}

function toRef(name: string | undefined): ModelRef | undefined {
  const slash = name?.indexOf('/') ?? -1
  return name === undefined || slash < 1
    ? undefined
    : { providerID: name.slice(0, slash), id: name.slice(slash + 1) }
}
