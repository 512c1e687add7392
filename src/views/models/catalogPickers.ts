import * as vscode from 'vscode'
import type { Agent, Catalog } from '../../opencode/catalog.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { chooseModel } from './modelPicker.ts'
import type { Services } from '../services.ts'

interface Item<T> extends vscode.QuickPickItem {
  readonly value?: T
}

/** Lets the user pick the model of a chat; the folder remembers it for new sessions. */
export async function pickModel(services: Services, chat: ChatSession): Promise<void> {
  const { models } = await needCatalog(chat)
  if (models.length === 0) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t(
        'The server has no usable model. Set a provider API key, or set up a provider in OpenCode.',
      ),
    )
  }
  const current = chat.state.choice.model
  const memory = services.composer.models
  const picked = await chooseModel(models, current, memory)
  if (!picked) return
  const { providerID, modelID } = picked
  await memory.used(picked)
  await services.choices.pick(chat.needDirectory(), chat.sessionID, { model: { providerID, modelID } })
}

/** Lets the user pick the agent of a chat. */
export async function pickAgent(services: Services, chat: ChatSession): Promise<void> {
  const agents = primaryAgents(await needCatalog(chat))
  const current = chat.state.choice.agent?.name
  const items = agents.map((agent) => ({
    label: mark(agent.name, agent.name === current),
    ...(agent.description === undefined ? {} : { detail: agent.description }),
    value: agent,
  }))
  const picked = await pick(vscode.l10n.t('Agent'), items)
  if (picked) await services.choices.pick(chat.needDirectory(), chat.sessionID, { agent: picked.name })
}

/** Goes to the next agent, as Tab does in OpenCode's terminal. */
export async function cycleAgent(services: Services, chat: ChatSession): Promise<void> {
  const agents = primaryAgents(await needCatalog(chat))
  const current = agents.findIndex(({ name }) => name === chat.state.choice.agent?.name)
  const next = agents[(current + 1) % agents.length]
  if (next) await services.choices.pick(chat.needDirectory(), chat.sessionID, { agent: next.name })
}

/** Lets the user pick how hard the model thinks, where the model has such variants. */
export async function pickVariant(services: Services, chat: ChatSession): Promise<void> {
  await needCatalog(chat)
  const { model, variant } = chat.state.choice
  if (!model || model.variants.length === 0) {
    throw new OpencodeError(
      'unsupported',
      vscode.l10n.t('The picked model has no thinking efforts to choose from.'),
    )
  }
  const items: readonly Item<{ name: string | undefined }>[] = [
    { label: mark(vscode.l10n.t('Default'), variant === undefined), value: { name: undefined } },
    ...model.variants.map((name) => ({ label: mark(name, name === variant), value: { name } })),
  ]
  const picked = await pick(vscode.l10n.t('Thinking effort'), items)
  if (!picked) return
  const { providerID, modelID } = model
  const chosen = picked.name === undefined ? {} : { variant: picked.name }
  await services.choices.pick(chat.needDirectory(), chat.sessionID, {
    model: { providerID, modelID, ...chosen },
  })
}

async function needCatalog(chat: ChatSession): Promise<Catalog> {
  const directory = chat.needDirectory()
  const { access, catalogs } = chat.backend
  await access.ensure()
  const catalog = catalogs.get(directory) ?? (await catalogs.load(directory))
  if (catalog) return catalog
  throw new OpencodeError(
    'not-running',
    vscode.l10n.t('The server did not say which models and agents it has. Try again.'),
  )
}

function primaryAgents({ agents }: Catalog): readonly Agent[] {
  return agents.filter(({ mode }) => mode !== 'subagent')
}

function mark(label: string, isCurrent: boolean): string {
  return isCurrent ? `$(check) ${label}` : label
}

async function pick<T>(title: string, items: readonly Item<T>[]): Promise<T | undefined> {
  const picked = await vscode.window.showQuickPick([...items], {
    title,
    matchOnDescription: true,
    matchOnDetail: true,
  })
  return picked?.value
}
