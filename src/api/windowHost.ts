import * as vscode from 'vscode'
import type * as api from '../../api/index.d.ts'
import type { Catalog, ModelRef } from '../opencode/catalog.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import type { Attachment } from '../prompt/attachment.ts'
import { inlinePart } from '../prompt/attachment.ts'
import { fileAttachment } from '../prompt/filePart.ts'
import { composePrompt } from '../prompt/prompt.ts'
import type { PromptChoice } from '../prompt/prompt.ts'
import { createBlockID } from '../prompt/promptIds.ts'
import { modelRef } from '../protocol/chat.ts'
import type { PromptPart, Session } from '../session/model.ts'
import { promptTarget } from '../views/composer/promptTarget.ts'
import type { Services } from '../views/services.ts'
import { ApiError } from './apiError.ts'
import type { CheckedRequest } from './checkRequest.ts'
import type { Consents } from './consents.ts'
import type { RunHost, RunPlace } from './runHost.ts'
import { checkPlaceOf, windowFolder } from './folders.ts'

/** What executions of one caller need of this window. */
export function createRunHost(
  services: Services,
  consents: Pick<Consents, 'check'>,
  caller: string,
): RunHost {
  return {
    admit: () => consents.check(caller),
    place: ({ folder }) => openPlace(services, windowFolder(services, folder)),
    session: async ({ connection }, { sessionID }) =>
      sessionID === undefined ? undefined : checkPlaceOf(services, await connection.getSession(sessionID)),
    compose: async (place, request, session) => {
      const directory = session?.directory ?? place.directory
      const choice = await choose({ services, place, directory }, request, session)
      const parts = await attachments(services, directory, request.parts)
      return composePrompt(request.prompt, parts, choice)
    },
    warn: (message) => services.log.warn(message),
  }
}

/** Starts the server of a folder where needed. */
export async function openPlace(services: Services, directory: string): Promise<RunPlace> {
  const { access, server, hub, outbox } = services.backends.for(directory)
  const connection = await access.ensure()
  const onDidGoDown: RunPlace['onDidGoDown'] = (listener) =>
    server.onDidChangeStatus((status) => {
      if (status.kind === 'failed') listener(status.error.message)
      if (status.kind === 'stopped') listener('The OpenCode server was stopped.')
    })
  return { directory, connection, hub, outbox, onDidGoDown }
}

interface ChoiceContext {
  readonly services: Services
  readonly place: RunPlace
  readonly directory: string
}

/** What the request names, else what the chat would use. A name that is not known may be new. */
async function choose(
  { services, place, directory }: ChoiceContext,
  { agent, model }: CheckedRequest,
  session: Session | undefined,
): Promise<PromptChoice> {
  const cached = services.backends.for(directory).catalogs.get(directory)
  const isCurrent = cached !== undefined && hasAgent(cached, agent) && hasModel(cached, model)
  const catalog = isCurrent ? cached : await place.connection.readCatalog(directory)
  if (!hasAgent(catalog, agent)) {
    throw new ApiError('unknown-agent', `There is no primary agent "${agent ?? ''}" in this folder.`)
  }
  if (!hasModel(catalog, model)) throw unknownModel(model)
  const usual = services.choices.resolve(catalog, directory, session)
  return { agent: agent ?? usual.agent?.name, model: model ?? modelRef(usual) }
}

function hasAgent({ agents }: Catalog, wanted: string | undefined): boolean {
  return wanted === undefined || agents.some(({ name, mode }) => name === wanted && mode !== 'subagent')
}

function hasModel({ models }: Catalog, wanted: ModelRef | undefined): boolean {
  if (wanted === undefined) return true
  const { providerID, modelID, variant } = wanted
  const model = models.find((each) => each.providerID === providerID && each.modelID === modelID)
  return model !== undefined && (variant === undefined || model.variants.includes(variant))
}

function unknownModel(model: ModelRef | undefined): ApiError {
  const { providerID = '', modelID = '', variant } = model ?? {}
  const name = `${providerID}/${modelID}`
  return new ApiError(
    'unknown-model',
    variant === undefined
      ? `No model ${name} can be used in this folder.`
      : `No model ${name} with the variant "${variant}" can be used in this folder.`,
  )
}

async function attachments(
  services: Services,
  directory: string,
  parts: readonly api.ExecutionPart[],
): Promise<readonly Attachment[]> {
  const target = promptTarget(services.backends.for(directory), directory)
  return Promise.all(
    parts.map(async (part) => {
      try {
        if (part.type === 'file') return await fileAttachment(vscode.Uri.file(part.path), target)
        const item = { id: '', kind: 'file', label: '', detail: '' } as const
        return { item, parts: [plainPart(part)] }
      } catch (error) {
        throw new ApiError('invalid-part', toErrorInfo(error).message, { cause: error })
      }
    }),
  )
}

function plainPart(part: Exclude<api.ExecutionPart, { type: 'file' }>): PromptPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', id: createBlockID(), text: part.text }
    case 'agent':
      return { type: 'agent', id: createBlockID(), name: part.name }
    case 'data':
      return inlinePart(part.name, part.data, { mime: part.mime })
  }
}
