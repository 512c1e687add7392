import assert from 'node:assert/strict'

export type Data = Readonly<Record<string, unknown>>

export interface Target {
  readonly url: string
  readonly username: string
  readonly password: string
  /** A folder of the server in which sessions are made; undefined: where it was started. */
  readonly directory: string | undefined
  /** Whether a model may be asked, which may cost something. */
  readonly asksModel: boolean
}

/** Thrown by a check where a server has nothing to try it with: that is no difference. */
export class NothingToTry extends Error {}

export interface RawAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** Parsed JSON, or an empty object. */
  readonly body: Data
}

/** Requests as they are, without anything of the extension in between. */
export class WireClient {
  readonly target: Target
  readonly #authorization: string

  constructor(target: Target) {
    this.target = target
    this.#authorization = `Basic ${Buffer.from(`${target.username}:${target.password}`).toString('base64')}`
  }

  async ask(method: string, path: string, body?: unknown, headers: Data = {}): Promise<RawAnswer> {
    const response = await fetch(this.target.url + path, {
      method,
      headers: {
        authorization: this.#authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(headers as Record<string, string>),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return {
      status: response.status,
      type,
      text,
      body: type.includes('json') ? parse(text) : {},
    }
  }

  /** The data of an answer that must be fine. */
  async data(method: string, path: string, body?: unknown): Promise<Data> {
    const answer = await this.ask(method, path, body)
    assert.ok(answer.status < 300, `${method} ${path.split('?')[0]}: HTTP ${answer.status}`)
    return toData(answer.body['data'])
  }

  async list(path: string): Promise<readonly Data[]> {
    const { status, body } = await this.ask('GET', path)
    assert.equal(status, 200, `GET ${path.split('?')[0]}`)
    assert.ok(Array.isArray(body['data']), `GET ${path.split('?')[0]}: data is no list`)
    return (body['data'] as unknown[]).map(toData)
  }

  /** The frames of the event stream from its first on, until `isEnough`. @throws when that takes too long */
  async frames(act: () => Promise<unknown>, isEnough: (frame: Data) => boolean): Promise<readonly Data[]> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(new Error('The events did not come in time.')), 60_000)
    const response = await fetch(`${this.target.url}/api/event`, {
      headers: { authorization: this.#authorization },
      signal: stop.signal,
    })
    assert.ok(response.body && response.headers.get('content-type')?.startsWith('text/event-stream'))
    const frames: Data[] = []
    try {
      for await (const line of lines(response.body)) {
        if (line === '' || line.startsWith(':')) continue
        assert.ok(line.startsWith('data:'), `a line of the stream is no data: ${line.slice(0, 40)}`)
        frames.push(toData(JSON.parse(line.slice(5))))
        if (frames.length === 1) void act().catch((error: unknown) => stop.abort(error))
        const last = frames.at(-1)
        if (last && isEnough(last)) return frames
      }
      return frames
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  /** Query of a located route. */
  at(directory = this.target.directory): string {
    return directory === undefined ? '' : `location%5Bdirectory%5D=${encodeURIComponent(directory)}`
  }
}

function parse(text: string): Data {
  try {
    return toData(JSON.parse(text))
  } catch {
    return {}
  }
}

export function toData(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {}
}

export function dataOf(frame: Data): Data {
  return toData(frame['data'])
}

async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}
