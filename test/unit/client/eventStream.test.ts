import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, it } from 'mocha'
import type { ServerEvent } from '../../../src/client/connection.ts'
import { followEvents } from '../../../src/client/http/eventStream.ts'
import type { EventStreamOptions } from '../../../src/client/http/eventStream.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { clientOf, memoryLog, startTestServer } from './support/testServer.ts'
import type { Handler, TestServer } from './support/testServer.ts'

const fast = { firstMs: 5, maxMs: 40, refusedMs: 50, healthyMs: 200, openMs: 300, silenceMs: 80, graceMs: 40 }

/** What a handler gives back is not waited for. */
type AsyncHandler = (...args: Parameters<Handler>) => unknown

/** Every event becomes a `file-edited` with its text as path: enough to see what came through. */
function decode(event: unknown): readonly ServerEvent[] {
  return [{ kind: 'file-edited', directory: undefined, path: String((event as { text?: unknown }).text) }]
}

function frame(text: string): string {
  return `data: ${JSON.stringify({ text })}\n\n`
}

describe('followEvents', () => {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  interface Running {
    readonly server: TestServer
    readonly events: readonly ServerEvent[]
    readonly texts: () => readonly string[]
    readonly kinds: () => string
    readonly lines: readonly string[]
    readonly stop: () => Promise<void>
  }

  async function follow(
    handler: AsyncHandler,
    changes: Partial<EventStreamOptions<ServerEvent>> = {},
  ): Promise<Running> {
    const log = memoryLog()
    const server = await startTestServer((request, response) => void handler(request, response))
    const client = await clientOf(server.url, {}, log)
    const events: ServerEvent[] = []
    const abort = new AbortController()
    const options = {
      client,
      route: '/events',
      log,
      decode,
      timing: fast,
      ping: async () => undefined,
      random: () => 1,
    }
    const done = (async () => {
      for await (const event of followEvents({ ...options, ...changes }, abort.signal)) events.push(event)
    })()
    const stop = async (): Promise<void> => {
      abort.abort()
      await done
    }
    closers.push(
      () => server.close(),
      () => client.close(),
      stop,
    )
    const texts = (): readonly string[] =>
      events.flatMap((event) => (event.kind === 'file-edited' ? [event.path] : []))
    return {
      server,
      events,
      texts,
      kinds: () => events.map((event) => event.kind).join(' '),
      lines: log.lines,
      stop,
    }
  }

  it('gives the same events wherever the bytes are cut, with any line end and multi-byte characters', async () => {
    const stream = Buffer.from(
      `\uFEFF: hello\r\n${frame('日本')}data: {"text":\ndata: "ü€"}\r\n\r\n${frame('😀').replaceAll('\n', '\r')}${frame('end')}`,
    )
    let cut = 1
    const running = await follow(
      async (_request, response) => {
        open(response)
        response.write(stream.subarray(0, cut))
        await delay(1)
        response.end(stream.subarray(cut))
        cut++
      },
      { timing: { ...fast, healthyMs: 0 } },
    )
    await until(() => cut > stream.length)
    await running.stop()
    const rounds = running
      .texts()
      .join(' ')
      .split(' end')
      .filter((round) => round !== '')
    assert.ok(rounds.length >= stream.length - 2)
    assert.deepEqual(new Set(rounds.map((round) => round.trim())), new Set(['日本 ü€ 😀']))
  }).timeout(30_000)

  it('gives the same events when they come byte by byte', async () => {
    const running = await follow(async (_request, response) => {
      open(response)
      for (const byte of Buffer.from(frame('one') + frame('zwei €') + frame('last')))
        response.write(Buffer.of(byte))
    })
    await until(() => running.texts().includes('last'))
    assert.deepEqual(running.texts(), ['one', 'zwei €', 'last'])
  })

  it('reads a huge event in reasonable time and refuses one above 64 MiB', async () => {
    const huge = frame('x'.repeat(20 * 1024 * 1024))
    const running = await follow((_request, response) => {
      open(response)
      response.write(huge)
      response.write(frame('after'))
    })
    await until(() => running.texts().includes('after'), 15_000)
    assert.equal(running.texts()[0]?.length, 20 * 1024 * 1024)
    let round = 0
    const endless = await follow((_request, response) => {
      open(response)
      response.write(frame('start'))
      if (round++ === 0)
        for (let index = 0; index < 66; index++) response.write(`data: ${'y'.repeat(1024 * 1024)}\n`)
    })
    await until(
      () =>
        endless.kinds().includes('down file-edited up') || endless.kinds().endsWith('down up file-edited'),
      15_000,
    )
    assert.equal(codeOf(endless.events), 'too-large')
  }).timeout(40_000)

  it('says up first, and down and up around a broken connection', async () => {
    const running = await follow((_request, response) => {
      open(response)
      response.write(frame('hi'))
    })
    await until(() => running.texts().length === 1)
    running.server.cut()
    await until(() => running.texts().length === 2)
    assert.equal(running.kinds(), 'up file-edited down up file-edited')
    assert.equal(codeOf(running.events), 'connection-lost')
    const down = running.events.find((event) => event.kind === 'down')
    assert.ok(down?.kind === 'down' && Math.abs(down.retryAt - Date.now()) < 1_000)
  })

  it('says up only when the server has settled, and then all that came meanwhile', async () => {
    let started = 0
    const running = await follow(
      async (_, response) => {
        started = performance.now()
        open(response).write(frame('one'))
        await delay(20)
        response.write(frame('two'))
      },
      { settleMs: 60 },
    )
    await until(() => running.kinds() !== '')
    assert.ok(performance.now() - started >= 55)
    assert.equal(running.kinds(), 'up file-edited file-edited')
    assert.deepEqual(running.texts(), ['one', 'two'])
  })

  it('never says up for a connection that breaks before it has settled', async () => {
    const running = await follow(
      (_, response) => {
        open(response).write(frame('one'))
        setTimeout(() => response.destroy(), 20)
      },
      { settleMs: 60 },
    )
    await until(() => running.events.length >= 2)
    assert.doesNotMatch(running.kinds(), /up|file-edited/)
  })

  it('comes back at once after the end of a healthy stream, but not in a hot loop', async () => {
    let isFirst = true
    const healthy = await follow(
      async (_request, response) => {
        open(response)
        response.write(frame('hi'))
        if (!isFirst) return
        isFirst = false
        await delay(60)
        response.end()
      },
      { timing: { ...fast, healthyMs: 30, firstMs: 60_000 } },
    )
    await until(() => healthy.texts().length === 2)
    const looping = await follow(
      (_request, response) => {
        open(response)
        response.end(frame('bye'))
      },
      { timing: { ...fast, firstMs: 40, maxMs: 40 } },
    )
    await delay(300)
    await looping.stop()
    assert.ok(looping.server.requests.length <= 9, `${looping.server.requests.length} requests in 300 ms`)
  })

  it('waits longer from failure to failure', async () => {
    const running = await follow((request) => request.socket.destroy(), {
      timing: { ...fast, firstMs: 10, maxMs: 80 },
    })
    await until(() => running.events.length >= 5)
    const waits = running.lines
      .flatMap((line) => /next attempt in (\d+) ms/.exec(line)?.[1] ?? [])
      .map(Number)
    assert.deepEqual(waits.slice(0, 5), [10, 20, 40, 80, 80])
  })

  it('reports a refused password as down and tries again only slowly', async () => {
    const running = await follow((_request, response) => response.writeHead(401).end(), {
      timing: { ...fast, refusedMs: 10_000 },
    })
    await until(() => running.events.length === 1)
    await delay(80)
    assert.equal(codeOf(running.events), 'unauthorized')
    assert.equal(running.server.requests.length, 1)
    await running.stop()
  })

  it('calls a page that is no event stream unsupported', async () => {
    const running = await follow((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    )
    await until(() => running.events.length > 0)
    assert.equal(codeOf(running.events), 'unsupported')
  })

  it('gives up on a server that takes the request and never answers it', async () => {
    const running = await follow(() => undefined, { timing: { ...fast, openMs: 40 } })
    await until(() => running.events.length > 0)
    assert.equal(codeOf(running.events), 'timeout')
  })

  it('stays with a silent stream as long as anything comes, even a comment', async () => {
    const running = await follow(async (_request, response) => {
      open(response)
      response.write(frame('hi'))
      for (let beat = 0; beat < 8; beat++) {
        await delay(30)
        response.write(': heartbeat\n\n')
      }
    })
    await delay(260)
    assert.equal(running.kinds(), 'up file-edited')
  })

  it('drops a stream that is silent although the server answers a ping', async () => {
    let pings = 0
    const running = await follow(firstSilent(), {
      ping: async () => {
        pings++
      },
    })
    await until(() => running.kinds().endsWith('down up file-edited'))
    assert.equal(codeOf(running.events), 'timeout')
    assert.ok(pings >= 1)
  })

  it('drops a silent stream with the error of the ping', async () => {
    const gone = new OpencodeError('connection-refused', 'Nothing answers.')
    const running = await follow(firstSilent(), { ping: () => Promise.reject(gone) })
    await until(() => running.kinds().endsWith('down up file-edited'))
    assert.equal(codeOf(running.events), 'connection-refused')
  })

  it('keeps a stream whose heartbeat comes after a busy spell', async () => {
    const running = await follow(async (_request, response) => {
      open(response)
      response.write(frame('hi'))
      await delay(100)
      response.write(frame('back'))
    })
    await until(() => running.texts().length === 2)
    assert.equal(running.kinds(), 'up file-edited file-edited')
  })

  it('ends at once when aborted, while connected and while waiting', async () => {
    const connected = await follow((_request, response) => open(response).write(frame('hi')))
    await until(() => connected.texts().length === 1)
    const waiting = await follow((request) => request.socket.destroy(), {
      timing: { ...fast, firstMs: 60_000, maxMs: 60_000 },
    })
    await until(() => waiting.events.length === 1)
    const started = performance.now()
    await Promise.all([connected.stop(), waiting.stop()])
    assert.ok(performance.now() - started < 500)
  })

  it('leaves out what the skip rule names and goes on after an event that is not JSON', async () => {
    const running = await follow(
      (_request, response) =>
        void open(response).write(`${frame('skip me')}data: {broken\n\n${frame('keep me')}`),
      { skip: (data) => data.includes('skip') },
    )
    await until(() => running.texts().length === 1)
    assert.deepEqual(running.texts(), ['keep me'])
    assert.ok(running.lines.some((line) => line.includes('not valid JSON') && !line.includes('broken')))
  })

  it('keeps reading while the consumer is busy, and hands 20,000 events over cheaply', async () => {
    const server = await startTestServer((_request, response) => {
      open(response)
      for (let index = 0; index < 20_000; index++) response.write(frame(String(index)))
    })
    const client = await clientOf(server.url)
    closers.push(
      () => server.close(),
      () => client.close(),
    )
    const abort = new AbortController()
    const stream = followEvents(
      { client, route: '/events', log: memoryLog(), decode, ping: async () => undefined },
      abort.signal,
    )
    await stream.next()
    await until(() => client.metrics.events === 20_000)
    const started = performance.now()
    for (let count = 0; count < 20_000; count++) await stream.next()
    assert.ok(performance.now() - started < 1_000)
    abort.abort()
    assert.equal((await stream.next()).done, true)
  })
})

function open(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

/** The first connection says one thing and then nothing; the later ones stay lively. */
function firstSilent(): Handler {
  let round = 0
  return (_request, response) => {
    open(response).write(frame('hi'))
    if (round++ === 0) return
    const timer = setInterval(() => response.write(': beat\n\n'), 20)
    response.once('close', () => clearInterval(timer))
  }
}

function codeOf(events: readonly ServerEvent[]): string | undefined {
  const down = events.find((event) => event.kind === 'down')
  return down?.kind === 'down' && down.error instanceof OpencodeError ? down.error.code : undefined
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function until(isDone: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!isDone()) {
    assert.ok(performance.now() < end, 'waited too long')
    await delay(5)
  }
}
