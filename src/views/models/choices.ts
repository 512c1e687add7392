import type { Agent, Catalog, Model, ModelRef } from '../../opencode/catalog.ts'
import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { unknownChoice } from '../../protocol/chat.ts'
import type { Choice } from '../../protocol/chat.ts'
import type { Session } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'

/** What the user picked by hand; the rest follows from the session and the server. */
export interface Picked {
  readonly agent?: string
  readonly model?: ModelRef
}

const rememberedSessions = 200

/** Agent, model and variant per session, with the last pick of a folder as the default of new sessions. */
export class Choices {
  readonly #stored: StoredValue
  readonly #onDidChange = new Emitter<undefined>()
  readonly onDidChange = this.#onDidChange.event
  #picked: Readonly<Record<string, Picked>>

  constructor(stored: StoredValue) {
    this.#stored = stored
    this.#picked = readPicked(stored.get())
  }

  /** Remembers a pick for a session (if there is one) and for its folder. */
  async pick(directory: string, sessionID: string | undefined, change: Picked): Promise<void> {
    const keys = sessionID === undefined ? [directory] : [directory, sessionID]
    const entries = keys.map((key) => [key, { ...this.#picked[key], ...change }] as const)
    await this.#change(entries)
  }

  /** A session that was just made keeps what its composer showed. */
  async adopt(directory: string, sessionID: string): Promise<void> {
    const picked = this.#picked[directory]
    if (picked) await this.#change([[sessionID, picked]])
  }

  resolve(catalog: Catalog | undefined, directory: string, session: Session | undefined): Choice {
    if (!catalog) return unknownChoice
    const own = session ? (this.#picked[session.id] ?? {}) : {}
    const folder = session?.agent === undefined ? (this.#picked[directory] ?? {}) : {}
    const agent = resolveAgent(catalog, [own.agent, session?.agent, folder.agent])
    const refs = [own.model, session?.model, folder.model, agent?.model, catalog.defaultModel]
    const ref = refs.find((each) => each && findModel(catalog, each))
    const model = ref ? findModel(catalog, ref) : catalog.models[0]
    return {
      agent,
      model,
      variant: model?.variants.find((variant) => variant === ref?.variant),
      isKnown: true,
      hasNoModels: catalog.models.length === 0,
    }
  }

  async #change(entries: readonly (readonly [string, Picked])[]): Promise<void> {
    const names = new Set(entries.map(([key]) => key))
    const others = Object.entries(this.#picked).filter(([key]) => !names.has(key))
    this.#picked = Object.fromEntries([...others, ...entries].slice(-rememberedSessions))
    this.#onDidChange.fire(undefined)
    await this.#stored.set(this.#picked)
  }
}

/** The first of the names that is there, else the server's default, else any. */
function resolveAgent(catalog: Catalog, names: readonly (string | undefined)[]): Agent | undefined {
  const agents = catalog.agents.filter(({ mode }) => mode !== 'subagent')
  const wanted = [...names, catalog.defaultAgent].find((name) => agents.some((agent) => agent.name === name))
  return agents.find(({ name }) => name === wanted) ?? agents[0]
}

function findModel(catalog: Catalog, ref: ModelRef): Model | undefined {
  return catalog.models.find(
    ({ providerID, modelID }) => providerID === ref.providerID && modelID === ref.modelID,
  )
}

function readPicked(value: unknown): Readonly<Record<string, Picked>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, picked]) => [key, readPick(picked)]))
}

function readPick(value: unknown): Picked {
  if (!isRecord(value)) return {}
  const model = readModel(value['model'])
  return {
    ...(typeof value['agent'] === 'string' ? { agent: value['agent'] } : {}),
    ...(model === undefined ? {} : { model }),
  }
}

function readModel(value: unknown): ModelRef | undefined {
  if (!isRecord(value)) return undefined
  const { providerID, modelID, variant } = value
  if (typeof providerID !== 'string' || typeof modelID !== 'string') return undefined
  return typeof variant === 'string' ? { providerID, modelID, variant } : { providerID, modelID }
}
