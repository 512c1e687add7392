import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerFiles, ServerFolder } from '../files.ts'
import { directoryHeader } from './directory.ts'
import { fields, list, word } from '../reading.ts'
import type { V1Routes } from './routes.ts'

export class V1Files implements ServerFiles {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async place(directory: string | undefined, signal?: AbortSignal): Promise<ServerFolder> {
    const headers = directory === undefined ? {} : directoryHeader(directory)
    const body = fields((await this.#routes.send('GET', '/path', { headers, signal })).body)
    const found = word(body['directory'])
    if (found === undefined) {
      throw new OpencodeError('bad-response', 'The OpenCode server does not say where it works.')
    }
    return { directory: found, worktree: word(body['worktree']) ?? '/' }
  }

  async list(directory: string, signal?: AbortSignal): Promise<readonly string[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/file', { path: '/file?path=', signal })
    return list(body).flatMap((item) => word(fields(item)['name']) ?? [])
  }
}
