import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { isLoopbackHost, parseServerUrl } from '../../../src/client/endpoint.ts'
import { HttpStatusError } from '../../../src/client/http/httpErrors.ts'
import { defaultDelays, ReconnectDelay } from '../../../src/client/http/reconnectDelay.ts'
import { redact } from '../../../src/client/redact.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { IdSource, newBlockID, newMessageID } from '../../../src/opencode/newIds.ts'

describe('parseServerUrl', () => {
  it('reads addresses with and without scheme, port, path and trailing slash', () => {
    assert.deepEqual(parseServerUrl(' http://127.0.0.1:4096/ '), {
      url: 'http://127.0.0.1:4096',
      isLoopback: true,
      isPlain: true,
    })
    assert.equal(parseServerUrl('localhost:4096').url, 'http://localhost:4096')
    assert.deepEqual(parseServerUrl('https://Code.Example.com/opencode/'), {
      url: 'https://code.example.com/opencode',
      isLoopback: false,
      isPlain: false,
    })
  })

  for (const text of [
    '',
    'http://',
    'ftp://x',
    'file:///etc',
    'http://user:pw@host',
    'http://h?x=1',
    'http://h#x',
    'not a url',
  ]) {
    it(`refuses ${JSON.stringify(text)} with a sentence`, () => {
      assert.throws(
        () => parseServerUrl(text),
        (error) =>
          error instanceof OpencodeError &&
          error.code === 'invalid-argument' &&
          !error.message.includes('pw'),
      )
    })
  }
})

describe('isLoopbackHost', () => {
  it('knows every name of this machine and no other', () => {
    for (const host of [
      '127.0.0.1',
      '127.9.9.9',
      '[::1]',
      '::1',
      'localhost',
      'app.localhost',
      '[::ffff:7f00:1]',
    ]) {
      assert.equal(isLoopbackHost(host), true, host)
    }
    for (const host of [
      '10.0.0.1',
      '0.0.0.0',
      '127.0.0.1.example.com',
      'localhost.example.com',
      '[fe80::1]',
      '128.0.0.1',
    ]) {
      assert.equal(isLoopbackHost(host), false, host)
    }
  })
})

describe('redact', () => {
  it('takes out what looks like a credential and what is named as one', () => {
    const text = [
      'Authorization: Basic abc123==',
      '"apiKey":"sk-ant-api03-abcdefgh"',
      'http://user:hunter2@host/path?auth_token=zzz&x=1',
      'the word is geheim!',
      'token sk-proj-12345678',
    ].join('\n')
    const clean = redact(text, ['geheim!'])
    assert.doesNotMatch(clean, /abc123|sk-ant|hunter2|zzz|geheim|12345678/)
    assert.match(clean, /x=1/)
  })

  it('cuts long text', () => {
    assert.ok(redact('x'.repeat(50_000)).length < 2_100)
  })
})

describe('ReconnectDelay', () => {
  const delay = (random = 1): ReconnectDelay => new ReconnectDelay(defaultDelays, () => random)
  const lost = new OpencodeError('connection-lost', '')

  it('doubles up to 15 s and starts anew after a healthy connection', () => {
    const waits = delay()
    const first = Array.from({ length: 9 }, () => waits.next(lost, 0))
    assert.deepEqual(first, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000])
    assert.equal(waits.next(lost, 20_000), 250)
  })

  it('spreads the attempts of many windows', () => {
    assert.equal(delay(0).next(lost, 0), 125)
  })

  it('comes back at once after the orderly end of a healthy stream only', () => {
    assert.equal(delay().next(undefined, 10_000), 0)
    assert.equal(delay().next(undefined, 20), 250)
  })

  it('is slow after a refusal and heeds what the server asks for', () => {
    assert.equal(delay().next(new OpencodeError('unauthorized', ''), 0), 60_000)
    const busy = new HttpStatusError({
      method: 'GET',
      route: '/',
      status: 429,
      header: (name) => (name === 'retry-after' ? '7' : undefined),
      body: '',
      secrets: [],
    })
    assert.equal(delay().next(busy, 0), 7_000)
  })
})

describe('ids of our own', () => {
  it('have the form of the server and rise, even when the clock stands still or steps back', () => {
    const source = new IdSource((length) => new Uint8Array(length).fill(61))
    const now = 1_795_218_455_193
    const ids = [
      source.messageID(now),
      source.messageID(now),
      source.blockID(now),
      source.messageID(now - 5),
      source.messageID(now + 1),
    ]
    assert.deepEqual(
      ids.map((id) => /^(msg|prt)_[0-9a-f]{12}z{14}$/.test(id)),
      [true, true, true, true, true],
    )
    const stamps = ids.map((id) => id.slice(4, 16))
    assert.deepEqual(stamps, [...stamps].sort())
    assert.equal(new Set(stamps).size, stamps.length)
  })

  it('carry the same time as an id that the server made at that moment', () => {
    // Recorded: msg_1fb5bba99001… was created at 1795218455193.
    const id = new IdSource((length) => new Uint8Array(length)).messageID(1_795_218_455_193)
    assert.equal(id.slice(0, 16), 'msg_1fb5bba99001')
  })

  it('differ between two windows at the same moment', () => {
    const now = Date.now()
    assert.notEqual(newMessageID(now), newMessageID(now))
    assert.notEqual(new IdSource().blockID(now), new IdSource().blockID(now))
    assert.match(newBlockID(now), /^prt_[0-9a-f]{12}[0-9A-Za-z]{14}$/)
  })
})
