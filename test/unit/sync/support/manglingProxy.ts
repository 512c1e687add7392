import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Random } from '../../session/support/random.ts'

/** What a bad line does, each as a probability. */
export interface Mischief {
  /** Of an event to come twice. */
  readonly twice: number
  /** Of an event to be the last one of its stream, and lost. */
  readonly cut: number
  /** Of a request that changes something to reach the server while its answer is lost. */
  readonly lostAnswer: number
}

export interface ManglingProxy {
  readonly url: string
  /** From now on all goes well; false: as badly as it was made to. */
  calm(isCalm: boolean): void
  /** How often it did what. */
  readonly done: { readonly twice: number; readonly cut: number; readonly lostAnswer: number }
  close(): Promise<void>
}

/** A reverse proxy that spoils event streams and answers, by the random numbers that it is given. */
export async function startManglingProxy(
  origin: string,
  mischief: Mischief,
  random: Random,
): Promise<ManglingProxy> {
  const done = { twice: 0, cut: 0, lostAnswer: 0 }
  let isCalm = false
  const happens = (kind: keyof Mischief): boolean => {
    if (isCalm || !random.chance(mischief[kind])) return false
    done[kind]++
    return true
  }
  const server = createServer((request, response) => {
    void pass(origin, { request, response, happens }).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calm: (next) => (isCalm = next),
    done,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface Passing {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly happens: (kind: keyof Mischief) => boolean
}

async function pass(origin: string, passing: Passing): Promise<void> {
  const { request, response, happens } = passing
  const body = await buffer(request)
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const isLost = request.method !== 'GET' && happens('lostAnswer')
  const answer = await fetch(origin + (request.url ?? ''), {
    method: request.method ?? 'GET',
    headers: headers as Record<string, string>,
    ...(isLost ? {} : { signal: gone.signal }),
    ...(body.length === 0 ? {} : { body }),
  })
  const type = answer.headers.get('content-type')
  if (isLost) {
    await answer.arrayBuffer()
    response.destroy()
    return
  }
  response.writeHead(answer.status, type === null ? {} : { 'content-type': type })
  if (type?.startsWith('text/event-stream') === true) await passEvents(answer, passing)
  else response.end(Buffer.from(await answer.arrayBuffer()))
}

async function passEvents(answer: Response, { response, happens }: Passing): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of answer.body ?? []) {
    const frames = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      if (happens('cut')) {
        response.destroy()
        return
      }
      response.write(`${frame}\n\n`)
      if (happens('twice')) response.write(`${frame}\n\n`)
    }
  }
  response.end()
}
