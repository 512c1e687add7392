import type { FileChange } from '../../session/model.ts'
import { readFileDiff } from '../fileDiffs.ts'
import { collect, fields, number, text, word } from '../reading.ts'
import type { SavedRule, SavedRules } from '../savedRules.ts'
import type { ServerChanges, VersionControl } from '../versionControl.ts'
import type { Worktree, Worktrees } from '../worktrees.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { unless } from '../unless.ts'
import { absolute } from './history.ts'
import { locationOf } from './routes.ts'
import type { V2Routes } from './routes.ts'

/** Rules and working copies belong to a project, which a directory leads to. */
async function projectOf(routes: V2Routes, directory: string): Promise<string> {
  const id = word(fields((await locationOf(routes, directory))['project'])['id'])
  if (id !== undefined) return id
  throw new OpencodeError('bad-response', 'The OpenCode server did not say which project this is.')
}

export class V2SavedRules implements SavedRules {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list(directory: string): Promise<readonly SavedRule[]> {
    const query = [`projectID=${encodeURIComponent(await projectOf(this.#routes, directory))}`]
    const { body } = await this.#routes.send('GET', '/api/permission/saved', { query })
    return collect(fields(body)['data'], readRule).toSorted((left, right) => right.given - left.given)
  }

  async revoke(id: string): Promise<void> {
    const path = `/api/permission/saved/${encodeURIComponent(id)}`
    await unless('not-found', this.#routes.send('DELETE', '/api/permission/saved/{id}', { path }))
  }
}

function readRule(value: unknown): SavedRule | undefined {
  const wire = fields(value)
  const id = word(wire['id'])
  const action = word(wire['action'])
  if (id === undefined || action === undefined) return undefined
  const given = number(fields(wire['time'])['created']) ?? number(wire['time']) ?? 0
  return { id, action, pattern: text(wire['resource']) ?? '*', given }
}

const createTimeoutMs = 120_000

export class V2Worktrees implements Worktrees {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list(directory: string): Promise<readonly Worktree[]> {
    const query = [`projectID=${encodeURIComponent(await projectOf(this.#routes, directory))}`]
    const { body } = await this.#routes.send('GET', '/api/worktree', { query })
    return collect(unwrapped(body), (item) => {
      const wire = fields(item)
      const place = word(wire['directory'])
      return place === undefined ? undefined : { directory: place, strategy: word(wire['strategy']) }
    })
  }

  async create(directory: string, branch: string): Promise<string> {
    const projectID = await projectOf(this.#routes, directory)
    const body = { projectID, branch, name: branch.replaceAll('/', '-') }
    const options = { body, timeoutMs: createTimeoutMs }
    const answer = await this.#routes.send('POST', '/api/worktree', options)
    const made = word(fields(unwrapped(answer.body))['directory'])
    if (made !== undefined) return made
    throw new OpencodeError('bad-response', 'The OpenCode server did not say where the working copy is.')
  }

  async remove(directory: string, worktree: string, force: boolean): Promise<void> {
    const projectID = await projectOf(this.#routes, directory)
    const body = { projectID, directory: worktree, force }
    await this.#routes.send('DELETE', '/api/worktree', { body, timeoutMs: createTimeoutMs })
  }
}

/** These routes have no envelope; one that came later is taken off. */
function unwrapped(body: unknown): unknown {
  return Array.isArray(body) ? body : (fields(body)['data'] ?? body)
}

export class V2VersionControl implements VersionControl {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async changes(directory: string): Promise<ServerChanges> {
    const [vcs, status] = await Promise.all([
      this.#routes.at(directory, 'GET', '/api/vcs'),
      this.#routes.at(directory, 'GET', '/api/vcs/status'),
    ])
    const branch = word(fields(fields(vcs)['branch'])['current'])
    return { branch, files: absolute(collect(status, readFileDiff), directory) }
  }

  async diff(directory: string): Promise<readonly FileChange[]> {
    const found = await this.#routes.at(directory, 'GET', '/api/vcs/diff', { query: ['mode=working'] })
    return absolute(collect(found, readFileDiff), directory)
  }
}
