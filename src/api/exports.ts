import * as vscode from 'vscode'
import type * as api from '../../api/index.d.ts'
import { modelRef } from '../protocol/chat.ts'
import type { Backend } from '../views/backend/backends.ts'
import type { Services } from '../views/services.ts'
import { ApiError, toApiError } from './apiError.ts'
import { checkCallbacks, checkFolder, checkRequest, isRecord } from './checkRequest.ts'
import { checkTrust } from './consents.ts'
import type { Consents } from './consents.ts'
import type { Executions } from './executions.ts'
import { windowFolder } from './folders.ts'
import { createSessions } from './sessions.ts'
import { createTasks } from './tasks.ts'
import { createRunHost, openPlace } from './windowHost.ts'

/** Of the latest API; the first number is what `getAPI` takes. */
const apiVersion = '1.0.0'

export interface ApiParts {
  readonly services: Services
  readonly consents: Consents
  readonly executions: Executions
}

/** What other extensions get from `activate`. */
export function createExports(parts: ApiParts): api.OpencodeSessionsExports {
  return Object.freeze({
    versions: Object.freeze([1]),
    ApiError,
    getAPI: (version: unknown, caller: unknown) => {
      if (version !== 1) {
        throw new ApiError(
          'unsupported-version',
          `There is no version ${String(version)} of this API, only 1.`,
        )
      }
      return createApi(parts, checkCaller(caller))
    },
  })
}

function checkCaller(caller: unknown): string {
  const extension = isRecord(caller) ? caller['extension'] : undefined
  const found = typeof extension === 'string' ? vscode.extensions.getExtension(extension) : undefined
  if (found) return found.id
  throw new ApiError('invalid-caller', 'Say who calls: getAPI(1, { extension: context.extension.id }).')
}

function createApi({ services, consents, executions }: ApiParts, caller: string): api.OpencodeSessionsApi {
  const host = createRunHost(services, consents, caller)
  const execute: api.OpencodeSessionsApi['execute'] = (value, callbacks) => {
    const request = checkRequest(value)
    const checkedCallbacks = checkCallbacks(callbacks)
    windowFolder(services, request.folder)
    checkTrust()
    const execution = executions.start(caller, request, checkedCallbacks, host)
    services.log.info(`api: ${caller} started ${execution.id}`)
    return execution
  }
  return Object.freeze({
    version: apiVersion,
    execute,
    executeAndWait: async (request, callbacks) => execute(request, callbacks).result,
    cancel: (executionID) => executions.cancel(caller, executionID),
    capabilities: async (place) => {
      try {
        const directory = windowFolder(services, checkFolder(place?.folder))
        await consents.check(caller)
        return await readCapabilities(services, directory)
      } catch (error) {
        throw toApiError(error)
      }
    },
    sessions: Object.freeze(createSessions(services, consents, caller)),
    tasks: Object.freeze(createTasks({ services, consents, caller, execute })),
    // In a promise, so that a folder that is not one rejects and does not throw.
    health: (place) =>
      Promise.resolve().then(() => {
        const directory = windowFolder(services, checkFolder(place?.folder))
        return readHealth(services.backends.for(directory))
      }),
  } satisfies api.OpencodeSessionsApi)
}

async function readCapabilities(services: Services, directory: string): Promise<api.ApiCapabilities> {
  const { connection } = await openPlace(services, directory)
  const catalog = await connection.readCatalog(directory)
  const usual = services.choices.resolve(catalog, directory, undefined)
  const model = modelRef(usual)
  return {
    serverVersion: connection.version,
    agents: catalog.agents.map(({ name, mode, description }) => ({
      name,
      mode,
      ...(description === undefined ? {} : { description }),
    })),
    models: catalog.models.map(({ providerID, modelID, name, variants, inputs, contextLimit }) => ({
      providerID,
      modelID,
      name,
      variants,
      inputs,
      contextLimit,
    })),
    defaults: {
      ...(usual.agent ? { agent: usual.agent.name } : {}),
      ...(model ? { model } : {}),
    },
  }
}

function readHealth({ server }: Backend): api.Health {
  const { status } = server
  switch (status.kind) {
    case 'running':
      return { status: 'running', isOnline: status.link.kind === 'online', serverVersion: status.version }
    case 'failed':
      return { status: 'failed', isOnline: false, problem: status.error.message }
    default:
      return { status: status.kind, isOnline: false }
  }
}
