import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Endpoint, FarewellRequest } from '../../../../src/client/connection.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'

/** What the server part needs of a connection, spoken to the real server; and what a test drives it with. */
export interface PlainConnection extends Pick<
  Connection,
  'version' | 'url' | 'disposeAll' | 'farewell' | 'close'
> {
  readonly isClosed: boolean
}

export async function connectPlainly(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
  const { version } = (await requestJson(endpoint, 'GET', '/global/health', { signal })) as {
    version: string
  }
  let isClosed = false
  const connection: PlainConnection = {
    version,
    url: endpoint.url,
    get isClosed() {
      return isClosed
    },
    async disposeAll() {
      await requestJson(endpoint, 'POST', '/global/dispose')
    },
    farewell: (keys): readonly FarewellRequest[] => [
      ...keys.map((key) => ({ method: 'DELETE' as const, path: `/auth/${key}` })),
      { method: 'POST', path: '/global/dispose' },
    ],
    close() {
      isClosed = true
      return Promise.resolve()
    },
  }
  // The manager passes the rest on without a look at it.
  return connection as unknown as Connection
}

interface RequestOptions {
  readonly signal?: AbortSignal
  readonly body?: unknown
}

/** Tries again a few times: a server may lose the first request that reaches it while it starts. */
export async function requestJson(
  endpoint: Endpoint,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await requestOnce(endpoint, method, path, { ...options, timeoutMs: attempt < 5 ? 2000 : 10_000 })
    } catch (error) {
      if (error instanceof OpencodeError || attempt >= 10) throw error
      if (options.signal?.aborted === true) throw new OpencodeError('aborted', 'Cancelled.', { cause: error })
      await sleep(100)
    }
  }
}

async function requestOnce(
  { url, username, password }: Endpoint,
  method: string,
  path: string,
  { signal, body, timeoutMs }: RequestOptions & { readonly timeoutMs: number },
): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    headers: {
      authorization: `Basic ${btoa(`${username}:${password}`)}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.status === 401) throw new OpencodeError('unauthorized', 'The password is wrong.')
  const text = await response.text()
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}

/** Lets the scripted model run a command with the bash tool of a new session. */
export async function runBash(endpoint: Endpoint, directory: string, command: string): Promise<void> {
  const query = `?directory=${encodeURIComponent(directory)}`
  const session = (await requestJson(endpoint, 'POST', `/session${query}`, { body: {} })) as { id: string }
  const text = `[[tool:bash ${JSON.stringify({ command, description: 'Wait', timeout: 300_000 })}]]`
  await requestJson(endpoint, 'POST', `/session/${session.id}/prompt_async`, {
    body: { messageID: `msg_${session.id}`, parts: [{ id: `prt_${session.id}`, type: 'text', text }] },
  })
}
