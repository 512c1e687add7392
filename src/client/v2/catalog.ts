import type { Agent, Catalog, Command, Model } from '../../opencode/catalog.ts'
import { collect, compact, fields, list, number, text, word, words } from '../reading.ts'
import { readModelRef } from './sessions.ts'

export interface CatalogAnswers {
  readonly agents: unknown
  readonly models: unknown
  readonly defaultModel: unknown
  readonly providers: unknown
  readonly commands: unknown
}

/** What can be picked. Only named fields are taken over: providers come with their secrets, agents with their prompts. */
export function readCatalog(answers: CatalogAnswers): Catalog {
  const agents = collect(answers.agents, readAgent)
  const names = new Map(
    list(answers.providers).map((item) => [text(fields(item)['id']) ?? '', word(fields(item)['name'])]),
  )
  const primary = agents.filter(({ mode }) => mode !== 'subagent')
  return compact({
    agents,
    models: collect(answers.models, (item) => readModel(item, names)),
    commands: collect(answers.commands, readCommand),
    defaultModel: readModelRef(answers.defaultModel),
    defaultAgent: (primary.find(({ name }) => name === 'build') ?? primary[0])?.name,
    isSharingOff: true,
  })
}

/** The id is what sessions name. */
function readAgent(value: unknown): Agent | undefined {
  const wire = fields(value)
  const name = word(wire['id']) ?? word(wire['name'])
  if (name === undefined || wire['hidden'] === true) return undefined
  return compact({
    name,
    description: word(wire['description']),
    mode: readMode(wire['mode']),
    color: word(wire['color']),
    model: readModelRef(wire['model']),
  })
}

function readMode(value: unknown): Agent['mode'] {
  return value === 'subagent' || value === 'primary' ? value : 'all'
}

/** The server does not say which models think; those with variants do. */
function readModel(value: unknown, providers: ReadonlyMap<string, string | undefined>): Model | undefined {
  const wire = fields(value)
  const modelID = word(wire['id'])
  const providerID = word(wire['providerID'])
  const isOff = wire['enabled'] === false || wire['status'] === 'deprecated'
  if (modelID === undefined || providerID === undefined || isOff) return undefined
  const variants = list(wire['variants']).flatMap((item) => word(fields(item)['id']) ?? [])
  const limit = fields(wire['limit'])
  const cost = fields(list(wire['cost'])[0])
  const [input, output] = [number(cost['input']), number(cost['output'])]
  return compact({
    providerID,
    providerName: providers.get(providerID) ?? providerID,
    modelID,
    name: word(wire['name']) ?? modelID,
    reasoning: variants.length > 0,
    inputs: words(fields(wire['capabilities'])['input']),
    variants,
    contextLimit: number(limit['context']) ?? 0,
    outputLimit: number(limit['output']) ?? 0,
    cost: input === undefined || output === undefined ? undefined : { input, output },
  })
}

function readCommand(value: unknown): Command | undefined {
  const wire = fields(value)
  const name = word(wire['name'])
  return name === undefined ? undefined : compact({ name, description: word(wire['description']) })
}
