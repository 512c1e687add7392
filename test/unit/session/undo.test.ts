import assert from 'node:assert/strict'
import { toBlockID, toMessageID } from '../../../src/opencode/ids.ts'
import type { FileChange, NoticeBlock } from '../../../src/session/model.ts'
import { undoneCount, visibleMessages } from '../../../src/session/selectors.ts'
import { lastUndoPoint, undoScope } from '../../../src/session/undo.ts'
import { assistant, session, state, text, tool, user } from './support/builders.ts'

const change = (path: string): FileChange => ({
  path,
  patch: `of ${path}`,
  additions: 1,
  deletions: 0,
  status: 'added',
})
const patched = (id: string, ...files: string[]): NoticeBlock => ({
  type: 'notice',
  id: toBlockID(id),
  notice: 'patch',
  text: files.join('\n'),
})
const wrote = (id: string, path: string, ended = 5) =>
  tool(id, { status: 'completed', files: [change(path)], ended })

const talk = state([
  user('msg_1', 1),
  assistant('msg_2', 2, { blocks: [wrote('prt_1', '/p/a'), patched('prt_2', '/p/a')], completed: 6 }),
  assistant('msg_3', 7, {
    blocks: [
      text('prt_3', 'and'),
      wrote('prt_4', '/p/b', 9),
      wrote('prt_5', '/p/ignored'),
      patched('prt_6', '/p/b'),
    ],
    completed: 8,
  }),
  user('msg_4', 10),
  assistant('msg_5', 11, { blocks: [text('prt_7', 'only words')], completed: 12 }),
])
const at = (messageID: string, blockID?: string) => ({
  messageID: toMessageID(messageID),
  ...(blockID ? { blockID: toBlockID(blockID) } : {}),
})

describe('The scope of an undo', () => {
  it('from a prompt on takes whole turns, newest first, and knows what no snapshot has', () => {
    const scope = undoScope(talk, at('msg_1'))
    assert.deepEqual(scope?.turns, ['msg_4', 'msg_1'])
    assert.deepEqual(
      [scope.prompts, scope.calls, scope.kept, scope.isWidened],
      [2, [], ['/p/ignored'], false],
    )
    assert.deepEqual(
      [...scope.restored],
      [
        ['/p/a', 6],
        ['/p/b', 9],
      ],
    )
  })

  it('from a later prompt on leaves earlier files alone', () => {
    const scope = undoScope(talk, at('msg_4'))
    assert.deepEqual([scope?.turns, scope?.restored.size, scope?.kept], [['msg_4'], 0, []])
  })

  it('from a call on takes the changes of that step, where earlier steps changed files too', () => {
    const scope = undoScope(talk, at('msg_3', 'prt_4'))
    assert.deepEqual(
      scope?.calls.map(({ path }) => path),
      ['/p/ignored', '/p/b'],
    )
    assert.deepEqual([scope.turns, scope.prompts, scope.isWidened], [['msg_4'], 1, false])
    assert.deepEqual([...scope.restored.keys()], ['/p/b'])
  })

  it('from the first call of a turn on is that of the whole turn', () => {
    const scope = undoScope(talk, at('msg_2', 'prt_1'))
    assert.deepEqual([scope?.turns, scope?.prompts, scope?.isWidened], [['msg_4', 'msg_1'], 2, false])
  })

  it('says when the words of the whole turn go but not its earlier files', () => {
    const bare = state([
      user('msg_1', 1),
      assistant('msg_2', 2, { blocks: [wrote('prt_1', '/p/a'), patched('prt_2', '/p/a')] }),
      assistant('msg_3', 7, { blocks: [wrote('prt_4', '/p/b'), patched('prt_6', '/p/b')] }),
    ])
    const scope = undoScope(bare, at('msg_3', 'prt_4'))
    assert.deepEqual(
      [scope?.isWidened, scope?.prompts, [...(scope?.restored.keys() ?? [])]],
      [true, 1, ['/p/b']],
    )
  })

  it('is unknown for what is undone already or was never there', () => {
    const undone = { ...talk, session: session('ses_1', { revertedFrom: toMessageID('msg_4') }) }
    assert.equal(undoScope(undone, at('msg_4')), undefined)
    assert.equal(undoScope(talk, at('msg_9')), undefined)
    assert.deepEqual(lastUndoPoint(undone), { messageID: 'msg_1' })
    assert.deepEqual(lastUndoPoint(talk), { messageID: 'msg_4' })
  })
})

describe('What is undone', () => {
  it('hides a message from a block on, and counts the prompts', () => {
    const inPart = session('ses_1', {
      revertedFrom: toMessageID('msg_3'),
      revertedBlock: toBlockID('prt_4'),
    })
    const undone = { ...talk, session: inPart }
    const seen = visibleMessages(undone)
    assert.deepEqual(
      seen.map(({ id, blocks }) => [id, blocks.length]),
      [
        ['msg_1', 0],
        ['msg_2', 2],
        ['msg_3', 1],
      ],
    )
    assert.equal(undoneCount(undone), 1)
    assert.equal(undoneCount(talk), 0)
    const whole = { ...talk, session: session('ses_1', { revertedFrom: toMessageID('msg_1') }) }
    assert.equal(undoneCount(whole), 2)
    assert.deepEqual(visibleMessages(whole), [])
  })
})
