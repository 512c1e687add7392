import type { Account, Accounts } from '../accounts.ts'
import { fields, list, word } from '../reading.ts'
import { unless } from '../unless.ts'
import { isOwnKey } from './providers.ts'
import type { V2Routes } from './routes.ts'

/** Credentials of integrations. Which of several is used cannot be told: no answer that is known says it. */
export class V2Accounts implements Accounts {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list(directory: string): Promise<readonly Account[]> {
    const integrations = list(await this.#routes.at(directory, 'GET', '/api/integration')).map(fields)
    return integrations.flatMap((integration) => {
      const providerID = word(integration['id'])
      if (providerID === undefined) return []
      return list(integration['connections']).flatMap((item): readonly Account[] => {
        const wire = fields(item)
        const id = word(wire['id'])
        if (id === undefined || wire['type'] === 'env') return []
        const isOwn = isOwnKey(wire)
        const label = isOwn ? 'VS Code' : (word(wire['label']) ?? id)
        return [{ id, providerID, label, kind: wire['method'] === 'oauth' ? 'login' : 'key', isOwn }]
      })
    })
  }

  async rename(id: string, label: string): Promise<void> {
    await this.#credential('PATCH', id, { label })
  }

  async remove(id: string): Promise<void> {
    await unless('not-found', this.#credential('DELETE', id))
  }

  #credential(method: 'PATCH' | 'DELETE', id: string, body?: object): Promise<unknown> {
    const path = `/api/credential/${encodeURIComponent(id)}`
    return this.#routes.at(undefined, method, '/api/credential/{id}', { path, ...(body ? { body } : {}) })
  }
}
