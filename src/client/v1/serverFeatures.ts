import { isAbsolute } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import { HttpStatusError } from '../http/httpErrors.ts'
import type {
  Formatter,
  LanguageServer,
  McpServer,
  NewMcpServer,
  PermissionRule,
  ServerFeatures,
  Skill,
} from '../serverFeatures.ts'
import { collect, compact, fields, list, text, word, words } from '../reading.ts'
import type { V1Routes } from './routes.ts'

const connectTimeoutMs = 60_000
const loginTimeoutMs = 5 * 60_000

export class V1ServerFeatures implements ServerFeatures {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async mcpServers(directory: string): Promise<readonly McpServer[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/mcp')
    return Object.entries(fields(body)).map(([name, value]) => {
      const { status, error } = fields(value)
      return compact({ name, status: mcpStatus(status), error: word(error) })
    })
  }

  async connectMcp(directory: string, name: string): Promise<void> {
    await this.#mcp(directory, name, 'connect')
  }

  async disconnectMcp(directory: string, name: string): Promise<void> {
    await this.#mcp(directory, name, 'disconnect')
  }

  async logInToMcp(directory: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#mcp(directory, name, 'auth/authenticate', { signal, timeoutMs: loginTimeoutMs })
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 400) throw error
      throw new OpencodeError('login-failed', `The MCP server "${name}" has no login.`, { cause: error })
    }
  }

  async addMcp(directory: string, name: string, server: NewMcpServer): Promise<void> {
    const config =
      server.kind === 'local'
        ? { type: 'local', command: server.command }
        : { type: 'remote', url: server.url, ...withHeaders(server) }
    const body = { name, config }
    await this.#routes.in(directory, 'POST', '/mcp', { body, timeoutMs: connectTimeoutMs })
  }

  async languageServers(directory: string): Promise<readonly LanguageServer[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/lsp')
    return collect(body, (item) => {
      const { id, name, root, status } = fields(item)
      const shown = word(name) ?? word(id)
      return shown === undefined
        ? undefined
        : { name: shown, root: text(root) ?? '', isConnected: status === 'connected' }
    })
  }

  async formatters(directory: string): Promise<readonly Formatter[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/formatter')
    return collect(body, (item) => {
      const { name, extensions, enabled } = fields(item)
      const shown = word(name)
      return shown === undefined
        ? undefined
        : { name: shown, extensions: words(extensions), isEnabled: enabled === true }
    })
  }

  async skills(directory: string): Promise<readonly Skill[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/skill')
    return collect(body, (item) => {
      const { name, description, location } = fields(item)
      const shown = word(name)
      const path = word(location)
      const isFile = path !== undefined && isAbsolute(path)
      return shown === undefined
        ? undefined
        : compact({ name: shown, description: word(description), path: isFile ? path : undefined })
    })
  }

  async permissionRules(directory: string, agent: string): Promise<readonly PermissionRule[]> {
    const { body } = await this.#routes.in(directory, 'GET', '/agent')
    const found = list(body).find((item) => fields(item)['name'] === agent)
    return collect(fields(found)['permission'], (item): PermissionRule | undefined => {
      const { permission, pattern, action } = fields(item)
      if (typeof permission !== 'string' || typeof pattern !== 'string') return undefined
      return action === 'allow' || action === 'ask' || action === 'deny'
        ? { permission, pattern, action }
        : undefined
    })
  }

  async #mcp(
    directory: string,
    name: string,
    verb: string,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const path = `/mcp/${encodeURIComponent(name)}/${verb}`
    const timeoutMs = options.timeoutMs ?? connectTimeoutMs
    await this.#routes.in(directory, 'POST', `/mcp/{name}/${verb}`, { ...options, timeoutMs, path })
  }
}

function withHeaders({ headers }: NewMcpServer & { readonly kind: 'remote' }) {
  return headers ? { headers, oauth: false } : {}
}

function mcpStatus(value: unknown): McpServer['status'] {
  return statuses[text(value) ?? ''] ?? 'other'
}

const statuses: Readonly<Record<string, McpServer['status'] | undefined>> = {
  connected: 'connected',
  disabled: 'disabled',
  failed: 'failed',
  needs_auth: 'needs-login',
  needs_client_registration: 'needs-registration',
}
