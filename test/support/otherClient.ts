import assert from 'node:assert/strict'
import { usualWire } from './opencodeLab.ts'
import type { Wire } from './opencodeLab.ts'

export interface Address {
  readonly url: string
  /** Value of the header; empty for a server without a password. */
  readonly authorization: string
}

interface Stored {
  readonly type?: string
  readonly text?: string
  /** 1.x. */
  readonly parts?: readonly { readonly type: string; readonly text?: string }[]
  /** 2.x. */
  readonly content?: readonly { readonly type: string; readonly text?: string }[]
}

/** Another program that uses a server, as the terminal would; it speaks the wire that the tests run on unless told. */
export class OtherClient {
  readonly #server: Address
  readonly #wire: Wire

  constructor(server: Address, wire: Wire = usualWire) {
    this.#server = server
    this.#wire = wire
  }

  /** Ids of the sessions of a folder, the newest first. */
  async sessions(directory: string): Promise<readonly string[]> {
    const query = `directory=${encodeURIComponent(directory)}`
    const found = this.#wire === 2 ? `/api/session?${query}&order=desc` : `/session?${query}`
    return (await this.#list(found)).map(({ id }) => id)
  }

  /** The id of a new session. */
  async createSession(directory: string, title: string): Promise<string> {
    const answer =
      this.#wire === 2
        ? await this.#ask('POST', '/api/session', { title, location: { directory } })
        : await this.#ask('POST', `/session?directory=${encodeURIComponent(directory)}`, { title })
    return this.#unwrapped<{ readonly id: string }>(answer).id
  }

  /** Resolves when the server has taken it; the answer comes later. */
  async prompt(directory: string, sessionID: string, text: string): Promise<void> {
    if (this.#wire === 2) await this.#ask('POST', `/api/session/${sessionID}/prompt`, { text })
    else {
      const route = `/session/${sessionID}/prompt_async?directory=${encodeURIComponent(directory)}`
      await this.#ask('POST', route, { parts: [{ type: 'text', text }] })
    }
  }

  /** The text of the last answer of the session that was changed last, as the server stores it. */
  async lastAnswer(directory: string): Promise<string> {
    const [id = ''] = await this.sessions(directory)
    const query = `directory=${encodeURIComponent(directory)}`
    const route =
      this.#wire === 2 ? `/api/session/${id}/message?order=asc&limit=200` : `/session/${id}/message?${query}`
    const messages: readonly Stored[] = await this.#list(route)
    const last = messages.findLast(({ parts, type }) => parts !== undefined || type === 'assistant')
    const texts = (last?.parts ?? last?.content ?? []).filter(({ type }) => type === 'text')
    return texts
      .map(({ text = '' }) => text)
      .join('')
      .trim()
  }

  async #list(route: string): Promise<readonly ({ readonly id: string } & Stored)[]> {
    return this.#unwrapped(await this.#ask('GET', route))
  }

  async #ask(method: string, route: string, body?: unknown): Promise<unknown> {
    const { url, authorization } = this.#server
    const response = await fetch(url + route, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization === '' ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(90_000),
    })
    assert.ok(response.ok, `${method} ${route}: HTTP ${String(response.status)}`)
    const text = await response.text()
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }

  /** 2.x puts its answers into an envelope. */
  #unwrapped<Value>(answer: unknown): Value {
    return (this.#wire === 2 ? (answer as { readonly data: unknown }).data : answer) as Value
  }
}
