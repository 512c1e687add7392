import type { Agent, Catalog, Command, Model } from '../../opencode/catalog.ts'
import { collect, compact, fields, number, text, word } from '../reading.ts'
import { readModelRef } from './sessions.ts'
import { loose } from './wire.ts'
import type { WireAgent, WireCommand, WireModel, WireProvider } from './wire.ts'

interface CatalogAnswers {
  readonly providers: unknown
  readonly agents: unknown
  readonly commands: unknown
  readonly config: unknown
}

/**
 * What can be picked. Only named fields are taken over: providers come with their API keys and agents with
 * their prompts.
 */
export function readCatalog(answers: CatalogAnswers): Catalog {
  const agents = collect(answers.agents, readAgent)
  const models = collect(fields(answers.providers)['providers'], loose<WireProvider>).flatMap((provider) =>
    Object.values(fields(provider.models)).flatMap(
      (model) => readModel(model, text(provider.name) ?? '') ?? [],
    ),
  )
  const config = fields(answers.config)
  const defaults = fields(fields(answers.providers)['default'])
  const chosenAgent = word(config['default_agent'])
  return compact({
    agents,
    models,
    commands: collect(answers.commands, readCommand),
    defaultModel: pickDefault(models, word(config['model']), defaults),
    isSharingOff: config['share'] === 'disabled' ? true : undefined,
    defaultAgent: agents.find((agent) => agent.name === chosenAgent)?.name ?? firstPrimary(agents),
  })
}

function readAgent(value: unknown): Agent | undefined {
  const wire = loose<WireAgent>(value)
  const name = word(wire?.name)
  if (!wire || name === undefined || wire.hidden === true) return undefined
  return compact({
    name,
    description: word(wire.description),
    mode: readMode(wire.mode),
    color: word(wire.color),
    model: readModelRef(wire.model, wire.variant),
  })
}

function readMode(value: unknown): Agent['mode'] {
  return value === 'subagent' || value === 'primary' ? value : 'all'
}

function readModel(value: unknown, providerName: string): Model | undefined {
  const wire = loose<WireModel>(value)
  const modelID = word(wire?.id)
  const providerID = word(wire?.providerID)
  if (!wire || modelID === undefined || providerID === undefined || wire.status === 'deprecated')
    return undefined
  const capabilities = fields(wire.capabilities)
  const limit = fields(wire.limit)
  return compact({
    providerID,
    providerName: providerName || providerID,
    modelID,
    name: word(wire.name) ?? modelID,
    reasoning: capabilities['reasoning'] === true,
    inputs: Object.entries(fields(capabilities['input'])).flatMap(([kind, can]) =>
      can === true ? kind : [],
    ),
    variants: Object.keys(fields(wire.variants)),
    contextLimit: number(limit['context']) ?? 0,
    outputLimit: number(limit['output']) ?? 0,
    cost: readCost(wire.cost),
  })
}

function readCost(value: unknown): Model['cost'] | undefined {
  const input = number(fields(value)['input'])
  const output = number(fields(value)['output'])
  return input === undefined || output === undefined ? undefined : { input, output }
}

const sources = ['command', 'skill', 'mcp'] as const

function readCommand(value: unknown): Command | undefined {
  const wire = loose<WireCommand>(value)
  const name = word(wire?.name)
  if (!wire || name === undefined) return undefined
  const source = sources.find((each) => each === wire.source)
  return compact({ name, description: word(wire.description), source })
}

/** The configured model, else the server's default of the first provider that has one. */
function pickDefault(
  models: readonly Model[],
  configured: string | undefined,
  defaults: ReturnType<typeof fields>,
) {
  const slash = configured?.indexOf('/') ?? -1
  const wanted = [
    ...(configured !== undefined && slash > 0
      ? [[configured.slice(0, slash), configured.slice(slash + 1)]]
      : []),
    ...Object.entries(defaults),
  ]
  for (const [providerID, modelID] of wanted) {
    const model = models.find((item) => item.providerID === providerID && item.modelID === modelID)
    if (model) return { providerID: model.providerID, modelID: model.modelID }
  }
  return undefined
}

function firstPrimary(agents: readonly Agent[]): string | undefined {
  const primary = agents.filter((agent) => agent.mode !== 'subagent')
  return (primary.find((agent) => agent.name === 'build') ?? primary[0])?.name
}
