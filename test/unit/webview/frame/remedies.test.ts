import assert from 'node:assert/strict'
import type { ErrorCode } from '../../../../src/opencode/errors.ts'
import { webviewCommands } from '../../../../src/protocol/methods.ts'
import { remedyFor } from '../../../../src/webview/frame/remedies.ts'

/** What a container can fail with, beside what any server can. */
const containerCodes: readonly ErrorCode[] = [
  'engine-not-found',
  'engine-not-running',
  'forbidden',
  'image-missing',
  'image-failed',
  'mount-failed',
  'out-of-memory',
  'disk-full',
  'port-taken',
  'server-killed',
]

describe('The screen of a server that did not come up', () => {
  it('says something of its own for each way in which a container fails', () => {
    const titles = ['launch-failed' as const, ...containerCodes].map((code) => remedyFor(code).title)
    assert.equal(new Set(titles).size, titles.length)
  })

  it('always offers a next step that the page may ask for', () => {
    for (const code of containerCodes) {
      const { buttons } = remedyFor(code)
      assert.ok(buttons.length > 0, code)
      for (const [command] of buttons) assert.ok(webviewCommands.includes(command), command)
    }
  })
})
