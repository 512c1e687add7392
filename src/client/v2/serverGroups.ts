import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerFiles, ServerFolder } from '../files.ts'
import type { ServerPlace } from '../paths/pathMap.ts'
import type { ServerPlaces } from '../places.ts'
import { collect, compact, fields, list, text, word } from '../reading.ts'
import type {
  Formatter,
  LanguageServer,
  McpServer,
  NewMcpServer,
  PermissionRule,
  ServerFeatures,
  Skill,
} from '../serverFeatures.ts'
import { locationOf, missing } from './routes.ts'
import type { RouteRequest, V2Routes } from './routes.ts'

const fileLimits = { timeoutMs: 60_000, maxBytes: 50 * 1024 * 1024 }

export class V2Files implements ServerFiles {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async place(directory: string | undefined, signal?: AbortSignal): Promise<ServerFolder> {
    const place = await locate(this.#routes, directory, signal)
    return { directory: place.directory, worktree: place.worktree ?? '/' }
  }

  async list(directory: string, signal?: AbortSignal): Promise<readonly string[]> {
    const entries = await this.#routes.at(directory, 'GET', '/api/fs/list', { query: ['path=.'], signal })
    return list(entries).flatMap((entry) => {
      const path = word(fields(entry)['path']) ?? word(fields(entry)['name']) ?? text(entry) ?? ''
      return (
        path
          .replace(/[/\\]$/, '')
          .split(/[/\\]/)
          .pop() ?? []
      )
    })
  }

  async read(directory: string, path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const parts = below(directory, path)
    if (!parts)
      throw new OpencodeError('not-found', `OpenCode reads files of ${directory} alone, not ${path}.`)
    const route = `/api/fs/read/${parts.map(encodeURIComponent).join('/')}`
    return this.#routes.bytes(directory, '/api/fs/read/{path}', { path: route, signal, ...fileLimits })
  }
}

/** The parts of a path from a directory on; undefined: it is not below it. Relative paths begin there. */
function below(directory: string, path: string): readonly string[] | undefined {
  const [root, whole] = [withSlashes(directory), withSlashes(path)]
  const isAbsolute = /^(?:\/|[A-Za-z]:\/)/.test(whole)
  if (isAbsolute && !whole.startsWith(`${root}/`)) return undefined
  const rest = isAbsolute ? whole.slice(root.length + 1) : whole
  const parts = rest.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 || parts.includes('..') ? undefined : parts
}

function withSlashes(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+$/, '')
}

export class V2Places implements ServerPlaces {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  own(): Promise<ServerPlace> {
    return locate(this.#routes, undefined)
  }

  of(directory: string): Promise<ServerPlace> {
    return locate(this.#routes, directory)
  }
}

/** Where a location leads; the project of a folder outside of any repository is the folder itself. */
async function locate(
  routes: V2Routes,
  directory: string | undefined,
  signal?: AbortSignal,
): Promise<ServerPlace> {
  const location = await locationOf(routes, directory, signal)
  const found = word(location['directory'])
  if (found === undefined)
    throw new OpencodeError('bad-response', 'The OpenCode server did not say where it works.')
  const worktree = word(fields(location['project'])['directory'])
  return compact({ directory: found, worktree: worktree === '/' ? undefined : worktree })
}

const connectTimeoutMs = 60_000
const mcpPatienceMs = 4_000
const mcpCheckMs = 250

export class V2ServerFeatures implements ServerFeatures {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  /** Those that are just beginning are given a moment to say how it went. */
  async mcpServers(directory: string): Promise<readonly McpServer[]> {
    const end = performance.now() + mcpPatienceMs
    for (;;) {
      const found = list(await this.#routes.at(directory, 'GET', '/api/mcp')).map(fields)
      const isSettled = found.every(({ status }) => fields(status)['status'] !== 'pending')
      if (isSettled || performance.now() > end) return collect(found, readMcp)
      await sleep(mcpCheckMs)
    }
  }

  async connectMcp(directory: string, name: string): Promise<void> {
    await this.#mcp(directory, 'POST', name, '/connect')
  }

  async disconnectMcp(directory: string, name: string): Promise<void> {
    await this.#mcp(directory, 'POST', name, '/disconnect')
  }

  /** A server that can be logged in to has an integration; see its `loginID`. */
  logInToMcp(_directory: string, name: string): Promise<void> {
    const message = `OpenCode knows no login for the MCP server "${name}". See its entry in the configuration.`
    return Promise.reject(new OpencodeError('login-failed', message))
  }

  async addMcp(directory: string, name: string, server: NewMcpServer): Promise<void> {
    const config =
      server.kind === 'local'
        ? { type: 'local', command: server.command }
        : {
            type: 'remote',
            url: server.url,
            ...(server.headers ? { headers: server.headers, oauth: false } : {}),
          }
    await this.#mcp(directory, 'PUT', name, '', { body: { config } })
  }

  languageServers(): Promise<readonly LanguageServer[]> {
    return Promise.reject(missing('tell about its language servers'))
  }

  formatters(): Promise<readonly Formatter[]> {
    return Promise.reject(missing('tell about its formatters'))
  }

  async skills(directory: string): Promise<readonly Skill[]> {
    return collect(await this.#routes.at(directory, 'GET', '/api/skill'), (item) => {
      const wire = fields(item)
      const name = word(wire['name']) ?? word(wire['id'])
      if (name === undefined) return undefined
      return compact({ name, description: word(wire['description']), path: word(wire['path']) })
    })
  }

  async permissionRules(directory: string, agent: string): Promise<readonly PermissionRule[]> {
    const agents = list(await this.#routes.at(directory, 'GET', '/api/agent')).map(fields)
    const found = agents.find((item) => (item['id'] ?? item['name']) === agent)
    return collect(found?.['permissions'], (item) => {
      const { action, resource, effect } = fields(item)
      if (typeof action !== 'string' || typeof resource !== 'string') return undefined
      return effect === 'allow' || effect === 'ask' || effect === 'deny'
        ? { permission: action, pattern: resource, action: effect }
        : undefined
    })
  }

  async #mcp(
    directory: string,
    method: 'POST' | 'PUT',
    name: string,
    ...[verb, options = {}]: readonly [string, RouteRequest?]
  ): Promise<void> {
    const path = `/api/experimental/mcp/${encodeURIComponent(name)}${verb}`
    const route = `/api/experimental/mcp/{name}${verb}`
    await this.#routes.at(directory, method, route, { ...options, path, timeoutMs: connectTimeoutMs })
  }
}

function readMcp(value: unknown): McpServer | undefined {
  const wire = fields(value)
  const name = word(wire['name'])
  const { status, error } = fields(wire['status'])
  if (name === undefined) return undefined
  const loginID = word(wire['integrationID'])
  return compact({ name, status: mcpStatus(status), error: word(error), loginID })
}

function mcpStatus(value: unknown): McpServer['status'] {
  if (value === 'needs_auth') return 'needs-login'
  return value === 'connected' || value === 'disabled' || value === 'failed' ? value : 'other'
}
