import { ApiError } from '../api/apiError.ts'
import { Consents } from '../api/consents.ts'
import { Executions } from '../api/executions.ts'
import type { Platform } from './platform.ts'

/** Who else may use OpenCode in this window, and what runs for them. */
export interface Callers {
  readonly consents: Consents
  readonly executions: Executions
}

/** Who may not use OpenCode any more does not go on with it. */
export function createCallers({ store, storedForAll }: Platform): Callers {
  const consents = store.add(new Consents(storedForAll('consents')))
  const executions = store.add(new Executions())
  store.add(
    consents.onDidDeny((extension) => {
      void executions.endAll(new ApiError('consent-denied', 'The user took the access back.'), extension)
    }),
  )
  return { consents, executions }
}
