import assert from 'node:assert/strict'
import type { MessagePage } from '../../../../src/client/connection.ts'
import type { Session } from '../../../../src/session/model.ts'
import { searchText, snippetOf, textSearchLimits } from '../../../../src/sync/index/textSearch.ts'
import { assistant, session, text, user } from '../../session/support/builders.ts'

const sessions = (count: number): readonly Session[] =>
  Array.from({ length: count }, (_, index) => session(`ses_${index}`))

describe('A search in the text of sessions', () => {
  it('reads page by page from the newest on and stops at the first hit', async () => {
    const cursors: (string | undefined)[] = []
    const pages: Record<string, MessagePage> = {
      new: { messages: [user('msg_9', 9, { blocks: [text('prt_1', 'nothing here')] })], older: 'mid' },
      mid: {
        messages: [assistant('msg_5', 5, { blocks: [text('prt_2', 'The NEEDLE is here')] })],
        older: 'old',
      },
    }
    const hits: string[] = []
    await searchText({
      connection: {
        readMessages: (_id, _limit, older) => {
          cursors.push(older)
          return Promise.resolve(pages[older ?? 'new'] ?? { messages: [], older: undefined })
        },
      },
      sessions: sessions(1),
      text: 'needle',
      signal: new AbortController().signal,
      onHit: (_session, snippet) => void hits.push(snippet),
      onRead: () => undefined,
    })
    assert.deepEqual([cursors, hits], [[undefined, 'mid'], ['The NEEDLE is here']])
  })

  it('reads no more than its limits, skips what cannot be read, and ends when it is cancelled', async () => {
    const controller = new AbortController()
    let calls = 0
    let read = 0
    const search = (count: number, stopAfter: number) =>
      searchText({
        connection: {
          readMessages: () =>
            ++calls % 2 ? Promise.reject(new Error('gone')) : Promise.resolve({ messages: [], older: 'x' }),
        },
        sessions: sessions(count),
        text: 'x',
        signal: controller.signal,
        onHit: () => assert.fail(),
        onRead: () => ++read >= stopAfter && controller.abort(),
      })
    await search(400, Infinity)
    assert.equal(read, textSearchLimits.sessions)
    assert.ok(calls <= (textSearchLimits.sessions * textSearchLimits.messages) / textSearchLimits.page)
    read = 0
    await search(400, 5)
    assert.ok(read < 5 + textSearchLimits.parallel)
  })

  it('shows the words around a hit, and no hidden ones', () => {
    const long = `${'before '.repeat(20)}needle${' after'.repeat(40)}`
    const snippet = snippetOf(user('msg_1', 1, { blocks: [text('prt_1', long)] }), 'NEEDLE') ?? ''
    assert.match(snippet, /^….*needle.*…$/)
    assert.ok(snippet.length < 120)
    const hidden = user('msg_2', 1, { blocks: [text('prt_1', 'needle', { synthetic: true })] })
    assert.equal(snippetOf(hidden, 'needle'), undefined)
  })
})
