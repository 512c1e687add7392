import assert from 'node:assert/strict'
import type { Connection } from '../../../src/client/connection.ts'
import type { Catalog } from '../../../src/opencode/catalog.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { LinkState } from '../../../src/opencode/server.ts'
import { Emitter } from '../../../src/util/event.ts'
import { Catalogs } from '../../../src/views/backend/catalogs.ts'

const directory = '/project'

describe('Catalogs', () => {
  it('tells what keeps the server from working in a folder, until another server can', async () => {
    const { hub, catalogs, changes } = setUp()
    hub.connect(() => Promise.reject(new OpencodeError('config-invalid', 'The file is broken.')))
    await catalogs.load(directory)
    assert.equal(catalogs.problem(directory)?.message, 'The file is broken.')
    assert.deepEqual(changes, [directory])

    hub.connect(() => Promise.resolve(catalogOf('new')))
    assert.equal(catalogs.problem(directory), undefined)
    await catalogs.load(directory)
    assert.deepEqual(catalogs.get(directory), catalogOf('new'))
  })

  it('reads again what it knows when the server is another one', async () => {
    const { hub, catalogs } = setUp()
    hub.connect(() => Promise.resolve(catalogOf('first')))
    await catalogs.load(directory)
    hub.connect(() => Promise.resolve(catalogOf('second')))
    await new Promise(setImmediate)
    assert.deepEqual(catalogs.get(directory), catalogOf('second'))
  })

  it('asks the new server when the old one goes in the middle of a question', async () => {
    const { hub, catalogs } = setUp()
    let fail: (error: Error) => void = () => undefined
    hub.connect(() => new Promise((_, reject) => (fail = reject)))
    const loading = catalogs.load(directory)
    hub.connect(() => Promise.resolve(catalogOf('second')))
    fail(new OpencodeError('aborted', 'Cancelled.'))
    assert.deepEqual(await loading, catalogOf('second'))
  })

  it('asks twice more where the server fails, and tells it when that does not help', async () => {
    const { hub, catalogs } = setUp()
    let asked = 0
    const failing = (): Promise<Catalog> =>
      ++asked === 2
        ? Promise.resolve(catalogOf('late'))
        : Promise.reject(new OpencodeError('server-error', 'No.'))
    hub.connect(failing)
    assert.deepEqual(await catalogs.load(directory), catalogOf('late'))
    assert.equal(await catalogs.load(directory), undefined)
    assert.deepEqual([asked, catalogs.problem(directory)?.message], [5, 'No.'])
  })

  it('takes a failure that passes by itself for no problem', async () => {
    const { hub, catalogs } = setUp()
    hub.connect(() => Promise.reject(new OpencodeError('timeout', 'Too slow.')))
    assert.equal(await catalogs.load(directory), undefined)
    assert.equal(catalogs.problem(directory), undefined)
  })
})

function catalogOf(name: string): Catalog {
  return { name } as unknown as Catalog
}

function setUp() {
  const link = new Emitter<LinkState>()
  const changed = new Emitter<string | undefined>()
  const hub = {
    connection: undefined as Connection | undefined,
    onDidChangeLink: link.event,
    onDidChangeCatalog: changed.event,
    connect(readCatalog: () => Promise<Catalog>) {
      hub.connection = { readCatalog } as unknown as Connection
      link.fire({ kind: 'online' })
    },
  }
  const catalogs = new Catalogs(hub, { warn: () => undefined })
  const changes: string[] = []
  catalogs.onDidChange((each) => changes.push(each))
  return { hub, catalogs, changes }
}
