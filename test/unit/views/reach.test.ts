import assert from 'node:assert/strict'
import type { ServerProfile } from '../../../src/opencode/profile.ts'
import { barrierTo } from '../../../src/views/editorTools/reach.ts'

const base = { id: 'user:x', name: 'x', source: 'user' } as const
const here = 'http://127.0.0.1:4096'
const url = (value: string): ServerProfile => ({ ...base, kind: 'url', url: value })

describe('Whether a server can ask VS Code', () => {
  it('is so for servers of this machine', () => {
    assert.equal(barrierTo({ ...base, kind: 'managed' }, here, false), undefined)
    assert.equal(barrierTo(url(here), here, false), undefined)
    assert.equal(barrierTo(url('http://localhost:1'), 'http://localhost:1', false), undefined)
    assert.equal(barrierTo({ ...base, kind: 'container', network: 'host' }, here, false), undefined)
  })

  it('is not so for containers with a network of their own, also when we reach them by loopback', () => {
    assert.equal(barrierTo({ ...base, kind: 'container' }, here, false), 'container')
    assert.equal(barrierTo({ ...base, kind: 'container', network: 'provider' }, here, false), 'container')
    assert.equal(
      barrierTo({ ...base, kind: 'container', network: 'host', context: 'far' }, here, false),
      'container',
    )
    assert.equal(barrierTo(url(here), here, true), 'paths')
  })

  it('is not so for other machines', () => {
    assert.equal(barrierTo(url('https://far.test'), 'https://far.test', false), 'machine')
    assert.equal(barrierTo({ ...base, kind: 'kubernetes', target: 'pod/x' }, here, false), 'machine')
  })
})
