import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkKey, hostOf, isSafeToAsk } from '../../../src/client/keyCheck.ts'
import type { KeyCheck } from '../../../src/client/keyCheck.ts'

describe('The check of a key', () => {
  const lines: string[] = []
  const note = (line: string): void => void lines.push(line)
  const log = { debug: note, info: note, warn: note }
  const seen: (string | undefined)[] = []
  let server: Server
  let check: KeyCheck

  before(async () => {
    server = createServer((request, response) => {
      const key = request.headers['x-api-key']
      seen.push(typeof key === 'string' ? key : undefined)
      assert.equal(request.headers.authorization, undefined)
      const isOpen = request.url === '/open'
      const status = isOpen || key === 'good' ? 200 : key === 'odd' ? 500 : 401
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: `no such key: ${String(key)}` }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/models`
    check = { url, header: 'x-api-key', headers: { 'anthropic-version': '1' } }
  })
  after(() => server.close())

  it('tells a good key from a wrong one, and asks without one first', async () => {
    assert.deepEqual(await checkKey(check, 'good', { log }), { kind: 'accepted' })
    assert.deepEqual(seen.splice(0), [undefined, 'good'])
    assert.deepEqual(await checkKey(check, 'wrong-key', { log }), { kind: 'refused' })
    assert.doesNotMatch(lines.join('\n'), /good|wrong-key/)
  })

  it('does not know where anybody is answered, or where the provider has trouble', async () => {
    const open = await checkKey({ ...check, url: new URL('/open', check.url).href }, 'wrong', { log })
    assert.equal(open.kind, 'unknown')
    const odd = await checkKey(check, 'odd', { log })
    assert.match(odd.kind === 'unknown' ? odd.reason : '', /HTTP 500/)
    const nobody = await checkKey({ ...check, url: 'http://127.0.0.1:9/models' }, 'x', { log })
    assert.equal(nobody.kind, 'unknown')
  })

  it('sends a key to no address that is not encrypted', async () => {
    const plain = { ...check, url: 'http://provider.example/models' }
    assert.equal(isSafeToAsk(plain), false)
    assert.equal(isSafeToAsk({ ...check, url: 'nonsense' }), false)
    assert.equal(isSafeToAsk({ ...check, url: 'https://provider.example/models' }), true)
    assert.equal((await checkKey(plain, 'x', { log })).kind, 'unknown')
    assert.equal(hostOf(plain), 'provider.example')
  })
})
