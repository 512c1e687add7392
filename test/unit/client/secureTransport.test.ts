import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { after, afterEach, before, describe, it } from 'mocha'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { clientPassphrase, makeCertificates } from './support/certificates.ts'
import type { Certificates } from './support/certificates.ts'
import { startTestProxy } from './support/testProxy.ts'
import { clientOf, sendJson, startTestServer } from './support/testServer.ts'
import type { Handler, TestServer } from './support/testServer.ts'
import { TLSSocket } from 'node:tls'

const hello: Handler = (_request, response) => sendJson(response, 200, { hello: true })
const whoAmI: Handler = (request, response) => {
  const { socket } = request
  sendJson(response, 200, { name: socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : '' })
}
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

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    describe(`A server that asks for a client certificate by ${maxVersion}`, () => {
      let strict: TestServer
      before(async () => {
        const { ca, key, cert } = certificates
        strict = await startTestServer(whoAmI, { ca, key, cert, requestCert: true, maxVersion })
      })
      after(() => strict.close())

      it('knows us by it', async () => {
        const certificate = { ...certificates.client, passphrase: clientPassphrase }
        const client = use(await clientOf(strict.url, { ca: certificates.ca, certificate }))
        assert.deepEqual((await client.request(get)).body, { name: 'client' })
      })

      it('is told from one that is not trusted when we have none', async () => {
        const client = use(await clientOf(strict.url, { ca: certificates.ca }))
        await assert.rejects(client.request(get), (error) => {
          assert.ok(error instanceof OpencodeError)
          // By TLS 1.3 the server only hangs up, which a restart looks like as well.
          assert.equal(error.code, maxVersion === 'TLSv1.2' ? 'tls' : 'connection-lost')
          assert.match(error.message, /asks for a client certificate/)
          return true
        })
      })

      it('is not blamed for a key of ours that cannot be opened, and the passphrase is not said', async () => {
        for (const passphrase of [undefined, 'a-wrong-passphrase']) {
          const certificate = { ...certificates.client, ...(passphrase ? { passphrase } : {}) }
          const client = use(await clientOf(strict.url, { ca: certificates.ca, certificate }))
          await assert.rejects(client.request(get), (error) => {
            assert.ok(error instanceof OpencodeError)
            assert.equal(error.code, 'tls')
            assert.match(error.message, /key of the client certificate cannot be read/)
            assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /a-wrong-passphrase/)
            return true
          })
        }
      })
    })
  }

  it('never shows our certificate to a proxy on the way', async () => {
    const { ca, key, cert } = certificates
    const strict = use(await startTestServer(whoAmI, { ca, key, cert, requestCert: true }))
    const proxy = use(await startTestProxy(strict.port))
    const certificate = { ...certificates.client, passphrase: clientPassphrase }
    const url = 'https://opencode.test:4096'
    const client = use(await clientOf(url, { ca, certificate, proxy: proxy.url }))
    assert.deepEqual((await client.request(get)).body, { name: 'client' })
    assert.deepEqual(proxy.seen, ['CONNECT opencode.test:4096'])
  })
})
