import assert from 'node:assert/strict'
import { toBlockID } from '../../../../src/opencode/ids.ts'
import { settledOpenings } from '../../../../src/protocol/desk.ts'
import type { ToolBlock } from '../../../../src/session/model.ts'
import { toolLine } from '../../../../src/webview/tools/toolText.ts'

describe('The line of a tool call', () => {
  it('tells an edit that the user settled from one that failed', () => {
    const edit: ToolBlock = {
      type: 'tool',
      id: toBlockID('prt_1'),
      callID: 'call_1',
      name: 'edit',
      kind: 'edit',
      status: 'failed',
      target: '/p/a.ts',
      input: {},
    }
    const result = (error: string): string => toolLine({ ...edit, error }, '/p').result
    const rejected = 'The user rejected permission with the following feedback:'
    assert.equal(
      result(`${rejected} ${settledOpenings.joined} and saved the result in /p/a.ts.`),
      'merged by you',
    )
    assert.equal(result(`${rejected} ${settledOpenings.saved} in /p/a.ts`), 'to be made again')
    assert.equal(result(`${rejected} Use tabs.`), 'failed')
    assert.equal(toolLine({ ...edit, status: 'interrupted' }, '/p').result, 'interrupted')
  })
})
