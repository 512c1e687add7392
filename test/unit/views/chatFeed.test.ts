import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { toBlockID, toMessageID, toSessionID } from '../../../src/opencode/ids.ts'
import { emptyDraft, reduceChat, unknownChoice } from '../../../src/protocol/chat.ts'
import type { ChatAction, ChatState } from '../../../src/protocol/chat.ts'
import type { SessionAction } from '../../../src/session/actions.ts'
import { emptySession } from '../../support/emptySession.ts'
import { ChatFeed, coalesceChat } from '../../../src/views/chat/chatFeed.ts'

const session = emptySession({
  id: toSessionID('ses_1'),
  title: 'One',
  untitled: false,
  directory: '/p',
  created: 1,
  updated: 1,
})

describe('ChatFeed', () => {
  it('sends numbered lists that lead the page from its snapshot to the same state', async () => {
    const { feed, page } = setUp()
    page.open(feed)
    feed.applySession(session, [])
    for (const text of ['a', 'b', 'c']) feed.apply({ type: 'draft', draft: { ...emptyDraft, text } })
    await sleep(50)
    assert.deepEqual(page.state, feed.state)
    assert.equal(page.lists, 1)
    feed.dispose()
  })

  it('sends nothing to a hidden page and leaves a gap that makes it ask again', async () => {
    const { feed, page } = setUp()
    page.open(feed)
    feed.setVisible(false)
    feed.apply({ type: 'draft', draft: { ...emptyDraft, text: 'unseen' } })
    feed.setVisible(true)
    feed.apply({ type: 'draft', draft: { ...emptyDraft, text: 'seen' } })
    await sleep(50)
    assert.equal(page.gaps, 1)
    page.open(feed)
    assert.deepEqual(page.state, feed.state)
    feed.dispose()
  })

  it('waits for a session no more when it is there, though it is empty and the page comes later', () => {
    const { feed, page } = setUp()
    feed.apply({ type: 'open', session: undefined, isLoading: true, awaited: session.session.id })
    feed.applySession(session, [])
    page.open(feed)
    assert.equal(page.state?.awaited, undefined)
    assert.equal(page.state?.session, session)
    feed.dispose()
  })

  it('sends nothing before the page has opened the chat', async () => {
    const { feed, page } = setUp()
    feed.apply({ type: 'open', session, isLoading: false })
    await sleep(30)
    assert.equal(page.lists + page.gaps, 0)
    feed.dispose()
  })
})

describe('A list for the page', () => {
  it('has the same effect after joining, and holds each kind of replacement once', () => {
    const actions: ChatAction[] = [
      { type: 'session', action: { type: 'status', status: { kind: 'busy' } } },
      { type: 'draft', draft: { ...emptyDraft, text: 'one' } },
      { type: 'open', session, isLoading: false },
      ...[putMessage(), putBlock(), append('Hel'), append('lo')].map(
        (action) => ({ type: 'session', action }) as const,
      ),
      { type: 'draft', draft: { ...emptyDraft, text: 'two' } },
    ]
    const joined = coalesceChat(actions)
    assert.deepEqual(joined.reduce(reduceChat, initial()), actions.reduce(reduceChat, initial()))
    assert.equal(joined.filter(({ type }) => type === 'draft').length, 1)
    assert.ok(joined.length < actions.length)
  })
})

function setUp() {
  const page = {
    state: undefined as ChatState | undefined,
    revision: -1,
    lists: 0,
    gaps: 0,
    open(feed: ChatFeed) {
      const { revision, state } = feed.snapshot()
      Object.assign(page, { revision, state })
    },
  }
  const feed = new ChatFeed(initial(), (revision, actions) => {
    if (revision !== page.revision + 1 || !page.state) {
      page.gaps++
      return
    }
    page.lists++
    page.revision = revision
    page.state = actions.reduce(reduceChat, page.state)
  })
  return { feed, page }
}

function initial(): ChatState {
  return {
    server: { kind: 'stopped' },
    capabilities: undefined,
    obstacle: 'none',
    folder: undefined,
    folderCount: 1,
    session: undefined,
    isLoading: false,
    choice: unknownChoice,
    draft: emptyDraft,
    recent: [],
    waitingElsewhere: 0,
    problem: undefined,
  }
}

const messageID = toMessageID('msg_1')
const blockID = toBlockID('prt_1')

function putMessage(): SessionAction {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }
  return { type: 'message/put', message: { role: 'assistant', id: messageID, created: 2, cost: 0, tokens } }
}

function putBlock(): SessionAction {
  return { type: 'block/put', messageID, block: { type: 'text', id: blockID, text: '', open: true } }
}

function append(text: string): SessionAction {
  return { type: 'block/append', messageID, blockID, text }
}
