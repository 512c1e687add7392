import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { probeHealth } from '../../../../src/server/container/healthProbe.ts'

describe('A health probe', () => {
  const servers: Server[] = []

  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function listen(server: Server): Promise<string> {
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  }

  async function probe(answer: RequestListener): Promise<string> {
    const url = await listen(createServer(answer))
    return probeHealth({ url, username: 'opencode', password: 'secret' })
  }

  it('is healthy for JSON only, and logs in', async () => {
    const login = `Basic ${Buffer.from('opencode:secret').toString('base64')}`
    const result = await probe((request, response) => {
      const isKnown = request.headers.authorization === login && request.url === '/global/health'
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' }).end('{"healthy":true}')
    })
    assert.equal(result, 'healthy')
    assert.equal(
      await probe((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('')),
      'silent',
    )
    assert.equal(await probe((_, response) => response.writeHead(401).end()), 'refused-login')
    assert.equal(await probe((_, response) => response.writeHead(500).end()), 'silent')
  })

  it('gives up within its time on a port that accepts and never answers', async () => {
    const url = await listen(createTcpServer((socket) => socket.unref()))
    const started = performance.now()
    assert.equal(await probeHealth({ url, username: 'u', password: 'p' }, 200), 'silent')
    assert.ok(performance.now() - started < 1000)
  })

  it('is silent when nothing listens', async () => {
    assert.equal(await probeHealth({ url: 'http://127.0.0.1:9', username: 'u', password: 'p' }), 'silent')
  })
})
