import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../../../src/client/connection.ts'

/** Lets the scripted model run a command with the bash tool of a new session. */
export async function runBash(endpoint: Endpoint, directory: string, command: string): Promise<void> {
  const query = `?directory=${encodeURIComponent(directory)}`
  const session = (await post(endpoint, `/session${query}`, {})) as { id: string }
  const text = `[[tool:bash ${JSON.stringify({ command, description: 'Wait', timeout: 300_000 })}]]`
  await post(endpoint, `/session/${session.id}/prompt_async`, {
    messageID: `msg_${session.id}`,
    parts: [{ id: `prt_${session.id}`, type: 'text', text }],
  })
}

/** Tries again a few times: the first request that needs an instance can be slow. */
async function post(endpoint: Endpoint, path: string, body: unknown): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postOnce(endpoint, path, body)
    } catch (error) {
      if (attempt === 5) throw error
      await sleep(100)
    }
  }
}

async function postOnce(
  { url, username, password }: Endpoint,
  path: string,
  body: unknown,
): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    signal: AbortSignal.timeout(20_000),
    headers: {
      authorization: `Basic ${btoa(`${username}:${password}`)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}
