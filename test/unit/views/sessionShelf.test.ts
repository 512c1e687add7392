import assert from 'node:assert/strict'
import type { LibraryQuery } from '../../../src/client/library.ts'
import type { Message, Session } from '../../../src/session/model.ts'
import { SessionNews } from '../../../src/sync/index/sessionNews.ts'
import { Emitter } from '../../../src/util/event.ts'
import type { Backend, Backends } from '../../../src/views/backend/backends.ts'
import { SessionMarks } from '../../../src/views/sessions/sessionMarks.ts'
import { SessionShelf } from '../../../src/views/sessions/sessionShelf.ts'
import { assistant, session, text } from '../session/support/builders.ts'

const here = '/project'

describe('The shelf of sessions', () => {
  it('lists what the hub keeps current, and pages the rest in when it is asked for', async () => {
    const { shelf, server } = setUp(250)
    assert.equal(shelf.rows().length, 100)
    assert.equal(shelf.hasMore, true)
    await shelf.loadMore()
    await shelf.loadMore()
    assert.equal(shelf.rows().length, 200)
    await shelf.loadMore()
    assert.deepEqual([shelf.rows().length, shelf.hasMore], [250, false])
    await shelf.loadMore()
    assert.equal(server.queries.length, 3, 'the last page was the last question')
    assert.ok(server.queries.every(({ directory }) => directory === here))
  })

  it('asks for nothing more where the hub has all', () => {
    assert.equal(setUp(40).shelf.hasMore, false)
  })

  it('shows sessions of other folders only everywhere, and remembers the choice', async () => {
    const { shelf, server, stored } = setUp(3)
    server.sessions.push(session('ses_far', { directory: '/far', updated: 999 }))
    await shelf.setScope('everywhere')
    assert.equal(shelf.rows()[0]?.session.id, 'ses_far')
    assert.deepEqual(stored.value, { scope: 'everywhere', showsArchived: false })
    await shelf.setScope('folder')
    assert.equal(shelf.rows().length, 3)
  })

  it('leaves archived sessions out until they are wanted', async () => {
    const { shelf, server } = setUp(2)
    server.sessions[0] = { ...session('ses_000', { updated: 0 }), archived: 5 }
    assert.equal(shelf.rows().length, 1)
    await shelf.showArchived(true)
    assert.equal(shelf.rows().length, 2)
  })

  it('follows renames, deletions and runs of paged sessions', async () => {
    const { shelf, server, news } = setUp(150)
    await shelf.loadMore()
    await shelf.loadMore()
    const old = server.sessions[0]
    assert.ok(old)
    const row = () => shelf.rows().find(({ session: { id } }) => id === old.id)
    news.receive(old.id, here, { type: 'session/put', session: { ...old, title: 'Renamed' } })
    news.receive(old.id, here, { type: 'status', status: { kind: 'busy' } })
    assert.deepEqual([row()?.session.title, row()?.mark], ['Renamed', 'busy'])
    news.removed(old.id)
    assert.equal(row(), undefined)
  })

  it('finds in titles first and then in text, shows only hits, and goes back to all', async () => {
    const { shelf, server } = setUp(5)
    server.sessions[1] = session('ses_001', { title: 'About a needle', updated: 1 })
    server.messages.set('ses_003', [assistant('msg_1', 1, { blocks: [text('prt_1', 'here is the needle')] })])
    const seen: number[] = []
    shelf.onDidChange(() => void seen.push(shelf.search?.hits.size ?? -1))
    const reports: [number, number][] = []
    const signal = new AbortController().signal
    await shelf.find('needle', { signal, report: (done, total) => void reports.push([done, total]) })
    assert.deepEqual(
      shelf.rows().map(({ session: { id }, snippet }) => [id, snippet]),
      [
        ['ses_003', 'here is the needle'],
        ['ses_001', undefined],
      ],
    )
    assert.ok(seen.includes(1), 'the title showed before the text was read')
    assert.deepEqual(reports.at(-1), [5, 5])
    assert.equal(shelf.search?.isRunning, false)
    shelf.clearSearch()
    assert.equal(shelf.rows().length, 5)
  })
})

function setUp(count: number) {
  const server = {
    sessions: Array.from<unknown, Session>({ length: count }, (_, index) =>
      session(`ses_${String(index).padStart(3, '0')}`, { directory: here, updated: index }),
    ),
    messages: new Map<string, readonly Message[]>(),
    queries: [] as LibraryQuery[],
  }
  const newest = () => server.sessions.toSorted((left, right) => right.updated - left.updated)
  const connection = {
    capabilities: {},
    library: {
      list: (query: LibraryQuery) => {
        server.queries.push(query)
        const start = Number(query.cursor ?? 0)
        const found = newest().filter(
          ({ directory, title }) =>
            (query.directory ?? directory) === directory && title.includes(query.search ?? ''),
        )
        const end = start + query.limit
        const sessions = found.slice(start, end)
        return Promise.resolve({ sessions, cursor: end < found.length ? String(end) : undefined })
      },
    },
    readMessages: (id: string) =>
      Promise.resolve({ messages: server.messages.get(id) ?? [], older: undefined }),
  }
  const news = new SessionNews()
  const sessions = (directory: string) =>
    newest()
      .filter((each) => each.directory === directory)
      .slice(0, 100)
      .map((each) => ({ session: each, status: { kind: 'idle' }, waiting: 0 }))
  const backend = { id: 'one', hub: { news, connection, sessions } } as unknown as Backend
  const event = () => new Emitter<never>().event
  const backends = {
    places: [{ directory: here, backend }],
    for: () => backend,
    onDidChange: event(),
    onDidChangeIndex: event(),
    onDidChangeStatus: event(),
  } as unknown as Backends
  const stored = storage()
  const marks = new SessionMarks(storage(), storage())
  const shelf = new SessionShelf(backends, marks, stored as never)
  assert.equal(shelf.backendOf(session('ses_x')), backend)
  return { shelf, server, news, stored }
}

function storage() {
  const kept = {
    value: undefined as unknown,
    get: () => kept.value,
    set: (next: unknown) => {
      kept.value = next
      return Promise.resolve()
    },
  }
  return kept
}
