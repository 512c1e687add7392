import assert from 'node:assert/strict'
import type { Connection } from '../../../src/client/connection.ts'
import { mapPaths } from '../../../src/client/paths/mappedConnection.ts'
import type { PathRule } from '../../../src/client/paths/pathMap.ts'
import type { ServerOrigin } from '../../../src/opencode/server.ts'
import type { Backend } from '../../../src/views/backend/backends.ts'
import type { PromptTarget } from '../../../src/prompt/attachment.ts'
import { promptTarget } from '../../../src/views/composer/promptTarget.ts'

function target(origin: ServerOrigin, url: string, rules: readonly PathRule[] = []): PromptTarget {
  const connection = mapPaths({ url, history: {}, files: {}, providers: {} } as unknown as Connection, rules)
  const link = { kind: 'online' } as const
  const status = { kind: 'running', origin, version: '1.18.0', url, link } as const
  const server = { status, connection } as unknown as Backend['server']
  return promptTarget({ server }, '/app')
}

function sees(path: string, origin: ServerOrigin, url: string, rules: readonly PathRule[] = []): boolean {
  return target(origin, url, rules).sees(path)
}

describe('What a server can read of this machine', () => {
  const here = 'http://127.0.0.1:4096'

  it('is everything for one of ours and one on loopback, nothing for one elsewhere', () => {
    assert.ok(sees('/tmp/a.ts', 'managed', here))
    assert.ok(sees('/tmp/a.ts', 'attached', here))
    assert.ok(!sees('/app/a.ts', 'attached', 'https://opencode.example'))
  })

  it('is what the path rules name where there are some, as in a container', () => {
    for (const server of ['/app', '/workspace']) {
      assert.ok(sees('/app/a.ts', 'managed', here, [{ host: '/app', server }]))
      assert.ok(!sees('/tmp/a.ts', 'managed', here, [{ host: '/app', server }]))
    }
    assert.ok(!sees('/app/a.ts', 'attached', 'https://opencode.example', [{ host: '/app', server: '/x' }]))
  })

  it('is named as the server names it', () => {
    const { toServer } = target('managed', here, [{ host: '/app', server: '/workspace' }])
    assert.equal(toServer?.('/app/b/c.ts'), '/workspace/b/c.ts')
  })
})
