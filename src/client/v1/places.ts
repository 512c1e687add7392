import { OpencodeError } from '../../opencode/errors.ts'
import type { HttpAnswer } from '../http/httpClient.ts'
import type { ServerPlace } from '../paths/pathMap.ts'
import type { ServerPlaces } from '../places.ts'
import { fields } from '../reading.ts'
import type { V1Routes } from './routes.ts'

export class V1Places implements ServerPlaces {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async own(): Promise<ServerPlace> {
    return readPlace(await this.#routes.send('GET', '/path'))
  }

  async of(directory: string): Promise<ServerPlace> {
    return readPlace(await this.#routes.in(directory, 'GET', '/path'))
  }
}

/** Outside of any git work tree the server says `/`. */
function readPlace({ body }: HttpAnswer): ServerPlace {
  const { directory, worktree } = fields(body)
  if (typeof directory !== 'string' || directory === '') {
    throw new OpencodeError('bad-response', 'The OpenCode server did not say where it works.')
  }
  return typeof worktree === 'string' && worktree !== '/' && worktree !== ''
    ? { directory, worktree }
    : { directory }
}
