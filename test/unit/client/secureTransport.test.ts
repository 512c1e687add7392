import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { after, afterEach, before, describe, it } from 'mocha'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { makeCertificates } from './support/certificates.ts'
import type { Certificates } from './support/certificates.ts'
import { startTestProxy } from './support/testProxy.ts'
import { clientOf, sendJson, startTestServer } from './support/testServer.ts'
import type { Handler, TestServer } from './support/testServer.ts'

const hello: Handler = (_request, response) => sendJson(response, 200, { hello: true })
const get = { method: 'GET', route: '/hello' } as const

describe('TLS and proxies', () => {
  let certificates: Certificates
  let secure: TestServer
  const opened: { close(): Promise<void> }[] = []

  before(async () => {
    certificates = await makeCertificates('opencode.test')
    secure = await startTestServer(hello, certificates)
  })
  after(() => secure.close())
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close()
  })

  function use<T extends { close(): Promise<void> }>(item: T): T {
    opened.push(item)
    return item
  }

  it('refuses a certificate that nobody vouches for', async () => {
    const client = use(await clientOf(secure.url))
    await assert.rejects(
      client.request(get),
      (error) => error instanceof OpencodeError && error.code === 'tls',
    )
  })

  it('accepts it with the CA of the endpoint', async () => {
    const client = use(await clientOf(secure.url, { ca: certificates.ca }))
    assert.deepEqual((await client.request(get)).body, { hello: true })
  })

  it('refuses a certificate of another host name even with the CA', async () => {
    const proxy = use(await startTestProxy(secure.port))
    const client = use(await clientOf('https://other.test', { ca: certificates.ca, proxy: proxy.url }))
    await assert.rejects(
      client.request(get),
      (error) => error instanceof OpencodeError && error.code === 'tls',
    )
  })

  it('tunnels https through the proxy, with the password of the proxy for the proxy only', async () => {
    const proxy = use(await startTestProxy(secure.port))
    const url = proxy.url.replace('//', '//user:proxy-pass@')
    const client = use(await clientOf('https://opencode.test:4096', { ca: certificates.ca, proxy: url }))
    assert.deepEqual((await client.request(get)).body, { hello: true })
    assert.deepEqual(proxy.seen, ['CONNECT opencode.test:4096'])
    assert.deepEqual(proxy.authorizations, [`Basic ${Buffer.from('user:proxy-pass').toString('base64')}`])
    assert.equal(secure.requests.at(-1)?.headers['proxy-authorization'], undefined)
  })

  it('sends plain http through the proxy, unpacking what the server packed', async () => {
    const server = use(
      await startTestServer((request, response) => {
        assert.equal(request.headers['accept-encoding'], 'gzip')
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end(gzipSync(JSON.stringify({ packed: 'x'.repeat(5000) })))
      }),
    )
    const proxy = use(await startTestProxy(server.port))
    const client = use(await clientOf('http://opencode.test', { proxy: proxy.url }))
    assert.deepEqual((await client.request(get)).body, { packed: 'x'.repeat(5000) })
    assert.deepEqual(proxy.seen, ['GET http://opencode.test/hello'])
    await assert.rejects(
      client.request({ ...get, maxBytes: 1000 }),
      (error) => error instanceof OpencodeError && error.code === 'too-large',
    )
  })

  it('never takes the proxy for loopback', async () => {
    const server = use(await startTestServer(hello))
    const proxy = use(await startTestProxy(server.port))
    for (const host of ['127.0.0.1', 'localhost']) {
      const client = use(await clientOf(`http://${host}:${server.port}`, { proxy: proxy.url }))
      await client.request(get)
    }
    assert.deepEqual(proxy.seen, [])
  })

  it('says that the proxy is to blame when it refuses, without its password', async () => {
    const refusing = use(await startTestServer((_request, response) => response.writeHead(502).end()))
    const proxy = refusing.url.replace('//', '//user:proxy-pass@')
    const client = use(await clientOf('https://opencode.test', { proxy }))
    await assert.rejects(client.request(get), (error) => {
      assert.ok(error instanceof OpencodeError)
      assert.equal(error.code, 'connection-refused')
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /proxy-pass/)
      return true
    })
  })
})
