import assert from 'node:assert/strict'
import { Track } from '../../../../src/client/v2/track.ts'
import { toMessageID, toSessionID } from '../../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../../src/session/actions.ts'
import type { Block } from '../../../../src/session/model.ts'
import { reduceSession } from '../../../../src/session/reducer.ts'
import { emptySession } from '../../../support/emptySession.ts'

const sessionID = toSessionID('ses_0000000000ffeTESTTRACK00000')
const messageID = toMessageID('msg_0000000000ffeTESTTRACK00000')

/** What an answer shows after these actions: blocks with "…" behind those that are open. */
class Shown {
  readonly track = new Track(sessionID, messageID)
  readonly #actions: SessionAction[] = [
    {
      type: 'message/put',
      message: {
        id: messageID,
        role: 'assistant',
        created: 1,
        cost: 0,
        tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
      },
    },
  ]

  do(...lists: readonly (readonly SessionAction[])[]): this {
    this.#actions.push(...lists.flat())
    return this
  }

  get blocks(): readonly Block[] {
    const session = { id: sessionID, title: '', untitled: true, directory: '/', created: 1, updated: 1 }
    return this.#actions.reduce(reduceSession, emptySession(session)).messages[0]?.blocks ?? []
  }

  get words(): readonly string[] {
    return this.blocks.map((block) => {
      if (block.type === 'tool') return `${block.name}: ${block.status}`
      return block.type === 'text' || block.type === 'reasoning'
        ? `${block.type}: ${block.text}${block.open ? '…' : ''}`
        : block.type
    })
  }
}

/** What the reference allows and the scripted server does not do. */
describe('An answer of 2.x while it is written', () => {
  it('has thoughts that end only after the text began: each keeps its place, its words and its time', () => {
    const shown = new Shown()
    const { track } = shown
    shown.do(
      track.textStarted('reasoning', { ordinal: 0 }, 100),
      track.delta('reasoning', { ordinal: 0, delta: 'Hm' }),
      track.textStarted('text', { ordinal: 0 }, 200),
      track.delta('text', { ordinal: 0, delta: 'Te' }),
    )
    assert.deepEqual(shown.words, ['reasoning: Hm', 'text: Te…'])
    shown.do(
      track.textEnded('reasoning', { ordinal: 0, text: 'Hm, tea.' }, 250),
      track.delta('text', { ordinal: 0, delta: 'a.' }),
    )
    assert.deepEqual(shown.words, ['reasoning: Hm, tea.', 'text: Tea.…'])
    const [thought] = shown.blocks
    assert.deepEqual(thought?.type === 'reasoning' && [thought.started, thought.ended], [100, 250])
    shown.do(track.textEnded('text', { ordinal: 0, text: 'Tea.' }, 300))
    assert.deepEqual(shown.words, ['reasoning: Hm, tea.', 'text: Tea.'])
  })

  it('may count texts and thoughts together, or each by itself', () => {
    for (const ordinals of [
      [0, 1, 2],
      [0, 0, 1],
    ]) {
      const shown = new Shown()
      const { track } = shown
      const [first, second, third] = ordinals
      shown.do(
        track.textStarted('reasoning', { ordinal: first }, 1),
        track.textEnded('reasoning', { ordinal: first, text: 'Hm.' }, 2),
        track.textStarted('text', { ordinal: second }, 3),
        track.textEnded('text', { ordinal: second, text: 'One.' }, 4),
        track.toolStarted({ id: 'call_1', name: 'shell' }, 5),
        track.textStarted('text', { ordinal: third }, 6),
        track.delta('text', { ordinal: third, delta: 'Two' }),
      )
      assert.deepEqual(
        shown.words,
        ['reasoning: Hm.', 'text: One.', 'shell: pending', 'text: Two…'],
        ordinals.join(),
      )
    }
  })

  it('heals by the whole text at the end what got lost, and takes the same twice', () => {
    const shown = new Shown()
    const { track } = shown
    const end = (): readonly SessionAction[] => track.textEnded('text', { ordinal: 0, text: 'All of it.' }, 9)
    shown.do(track.textStarted('text', { ordinal: 0 }, 1), track.delta('text', { ordinal: 0, delta: 'ofit' }))
    shown.do(end(), end(), track.textStarted('text', { ordinal: 1 }, 2), end())
    assert.deepEqual(shown.words, ['text: All of it.', 'text: …'])
  })

  it('ignores what it cannot place: pieces and changes of what nobody began', () => {
    const shown = new Shown()
    const { track } = shown
    shown.do(
      track.delta('text', { ordinal: 3, delta: 'lost' }),
      track.textEnded('reasoning', { ordinal: 0, text: 'lost' }, 1),
      track.toolDelta({ id: 'call_9', delta: '{' }),
      track.toolChanged({ id: 'call_9' }, { status: 'running' }),
      track.toolStarted({ name: 'shell' }, 1),
      track.toolStarted({ id: 'call_1', name: 'shell' }, 1),
      track.toolStarted({ id: 'call_1', name: 'shell' }, 1),
      track.toolChanged(
        { id: 'call_1' },
        { status: 'error', error: { type: 'aborted', message: 'Aborted.' } },
      ),
    )
    assert.deepEqual(shown.words, ['shell: interrupted'])
  })

  it('goes on with what is stored where we came in the middle', () => {
    const shown = new Shown()
    const { track } = shown
    const content = [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Be' },
    ]
    const blocks: Block[] = []
    shown.do(track.textStarted('reasoning', { ordinal: 0 }, 1), track.textStarted('text', { ordinal: 0 }, 2))
    blocks.push(...shown.blocks)
    const later = new Track(sessionID, messageID)
    const stored = { id: messageID, role: 'assistant' as const, created: 1, cost: 0, blocks }
    later.adopt(
      { ...stored, tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 } },
      content,
    )
    // Counted together there: the latest of its kind is meant.
    shown.do(later.delta('text', { ordinal: 1, delta: 'gun' }))
    assert.deepEqual(shown.words, ['reasoning: ', 'text: gun…'])
    shown.do(later.textEnded('text', { ordinal: 1, text: 'Begun.' }, 5))
    assert.deepEqual(shown.words, ['reasoning: ', 'text: Begun.'])
  })
})
