import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/client/connect.ts'
import type { Connection, ServerEvent } from '../../src/client/connection.ts'
import { HttpClient } from '../../src/client/http/httpClient.ts'
import { mapPaths } from '../../src/client/paths/mappedConnection.ts'
import { handlers } from '../../src/client/v2/handlers.ts'
import { LiveEvents } from '../../src/client/v2/live.ts'
import { V2Routes } from '../../src/client/v2/routes.ts'
import { newBlockID } from '../../src/opencode/newIds.ts'
import { Outbox } from '../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../src/sync/sessionHub.ts'
import { freePort, startLab } from '../support/opencodeLab.ts'
import type { Lab, LabServer } from '../support/opencodeLab.ts'
import { startCuttingProxy } from '../unit/sync/support/cuttingProxy.ts'
import type { CuttingProxy } from '../unit/sync/support/cuttingProxy.ts'
import { comparable, eventually } from '../unit/sync/support/settled.ts'
import { answerOf, connectTo, promptOf, waitUntil } from './support.ts'

const quiet = { debug() {}, info() {}, warn() {} }
const heartbeatMs = 100

/** Slow, silent and late readers of a 2.x server, and what must come through to the byte. */
describe('the lines to a 2.x server', function () {
  this.timeout(120_000)
  let lab: Lab
  let server: LabServer
  let proxy: CuttingProxy
  const closers: (() => unknown)[] = []

  before(async () => {
    lab = await startLab({ wire: 2 })
    Object.assign(lab.env, { SCRIPTED2_HEARTBEAT_MS: String(heartbeatMs) })
    server = await lab.startServer()
    proxy = await startCuttingProxy(server.port)
  })
  after(async () => {
    await proxy.close()
    await lab.dispose()
  })
  afterEach(async () => {
    proxy.holdAnswers(false)
    for (const close of closers.splice(0).reverse()) await close()
  })

  async function open(url = server.url): Promise<Connection> {
    const { username, password } = server
    const connection = await connect({ url, username, password }, { log: quiet })
    closers.push(() => connection.close())
    return connection
  }

  function hubOn(connection: Connection): { readonly hub: SessionHub; readonly links: readonly string[] } {
    const links: string[] = []
    const outbox = new Outbox({ get: () => undefined, set: () => Promise.resolve() })
    const hub = new SessionHub({ outbox, log: quiet, settleDelayMs: 500 })
    hub.onDidChangeLink(({ kind }) => links.push(kind))
    hub.setConnection(connection)
    closers.push(() => hub.dispose())
    return { hub, links }
  }

  it('are cut when more than 4096 events wait, and the state is then that of a fresh fetch', async () => {
    const [slow, other] = [await open(proxy.url), await open()]
    const { hub, links } = hubOn(slow)
    const { id } = await slow.createSession(lab.project, { title: 'Before' })
    const store = hub.open(id, lab.project)
    await waitUntil(() => store.state !== undefined && links.includes('online'))
    proxy.holdAnswers(true)
    // More than the system takes in between, each.
    const filler = 'x'.repeat(4_000)
    for (let round = 0; round < 60; round++)
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => other.renameSession(id, `${filler} ${round} ${index}`)),
      )
    await other.renameSession(id, 'After')
    await other.prompt(id, promptOf('[[text:Said meanwhile.]]'))
    await sleep(300)
    proxy.holdAnswers(false)
    await eventually(async () => {
      const [session, page] = await Promise.all([other.getSession(id), other.readMessages(id, 60)])
      assert.equal(store.state?.session.title, 'After')
      const fresh = { ...store.state, session, messages: page.messages, hasOlder: page.older !== undefined }
      assert.deepEqual(comparable(store.state), comparable(fresh))
      assert.equal(answerOf(store.state.messages), 'Said meanwhile.')
    }, 30_000)
    assert.ok(links.includes('reconnecting'), 'the stream was not cut')
    store.dispose()
  })

  it('stay open by heartbeats alone, and are opened anew when those stop', async () => {
    const { username, password } = server
    const client = await HttpClient.create({ url: proxy.url, username, password }, quiet)
    const ping = (signal: AbortSignal): Promise<void> =>
      client.request({ method: 'GET', route: '/api/info', signal, timeoutMs: 300 }).then(() => undefined)
    const timing = { silenceMs: 4 * heartbeatMs, graceMs: 2 * heartbeatMs, firstMs: 20, maxMs: 200 }
    const live = new LiveEvents({ handlers, client, routes: new V2Routes(client), log: quiet, ping, timing })
    const stop = new AbortController()
    const seen: ServerEvent['kind'][] = []
    const following = (async () => {
      for await (const { kind } of live.follow(stop.signal)) seen.push(kind)
    })()
    closers.push(async () => {
      stop.abort()
      await following
      await client.close()
    })
    await waitUntil(() => seen.includes('up'))
    await sleep(12 * heartbeatMs)
    assert.deepEqual(seen, ['up'], 'nothing but comments came, and that was enough')
    proxy.holdAnswers(true)
    await waitUntil(() => seen.includes('down'), 10_000)
    proxy.holdAnswers(false)
    await waitUntil(() => seen.at(-1) === 'up', 10_000)
  })

  it('tell of the texts of sessions that nobody has opened, so that they can be opened in the middle', async () => {
    const [own, other] = [await open(), await open()]
    const { hub, links } = hubOn(own)
    const { id } = await other.createSession(lab.project, { title: 'Of another client' })
    const probe = hub.open((await other.createSession(lab.project)).id, lab.project)
    await waitUntil(() => probe.state !== undefined && links.includes('online'))
    const before = lab.model.requests.length
    await other.prompt(
      id,
      promptOf('[[delay:60]][[chunk:4]][[reason:Once, ]][[text:It streams from here on to there.]]'),
    )
    await waitUntil(() => lab.model.requests.length > before)
    await sleep(500)
    const store = hub.open(id, lab.project)
    await waitUntil(() => answerOf(store.state?.messages ?? []) !== '')
    assert.match(answerOf(store.state?.messages ?? []), /^It st/)
    assert.equal(store.state?.status.kind, 'busy')
    await waitUntil(() => store.state?.status.kind === 'idle')
    assert.equal(answerOf(store.state.messages), 'It streams from here on to there.')
    for (const each of [store, probe]) each.dispose()
  })

  it('tell that a session was moved: the list of each folder and the open session know', async () => {
    const [own, other] = [await open(), await open()]
    const { hub, links } = hubOn(own)
    const there = path.join(lab.root, 'moved-to')
    await mkdir(there, { recursive: true })
    const { id } = await other.createSession(lab.project, { title: 'On the move' })
    const store = hub.open(id, lab.project)
    const watches = [lab.project, there].map((directory) => hub.watchDirectory(directory))
    const isListed = (directory: string): boolean =>
      hub.sessions(directory).some(({ session }) => session.id === id)
    await waitUntil(() => store.state !== undefined && links.includes('online') && isListed(lab.project))
    const answer = await fetch(`${server.url}/api/session/${id}/move`, {
      method: 'POST',
      headers: { authorization: server.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ directory: there }),
    })
    assert.equal(answer.status, 204)
    await waitUntil(() => isListed(there) && !isListed(lab.project))
    await waitUntil(() => store.state?.session.directory === there)
    await other.renameSession(id, 'Arrived')
    await waitUntil(() => store.state?.session.title === 'Arrived')
    assert.deepEqual([isListed(there), isListed(lab.project)], [true, false])
    for (const each of [store, ...watches]) each.dispose()
  })

  it('carry attachments and files of the server to the byte', async () => {
    const connection = await open()
    const { id } = await connection.createSession(lab.project)
    const bytes = Buffer.concat([Buffer.from([0, 255, 13, 10, 0xef, 0xbb, 0xbf]), randomBytes(70_000)])
    const file = path.join(lab.project, 'bytes %41 ü.png')
    await writeFile(file, bytes)
    const now = Date.now()
    const base64 = bytes.toString('base64')
    const prompt = promptOf(
      '[[text:Seen.]]',
      { type: 'inline', id: newBlockID(now), name: 'in.png', mime: 'image/png', base64 },
      { type: 'file', id: newBlockID(now), name: 'on.png', mime: 'image/png', path: file },
    )
    await connection.prompt(id, prompt)
    await eventually(async () => {
      const user = (await connection.readMessages(id, 10)).messages.at(0)
      const files = (user?.blocks ?? []).filter(({ type }) => type === 'file')
      assert.equal(files.length, 2)
      for (const { id: blockID } of files)
        assert.equal((await connection.pictures.read(id, prompt.id, blockID))?.base64, base64)
    })
    const { files } = connection
    assert.ok(files.read)
    for (const name of [file, path.basename(file), `./${path.basename(file)}`])
      assert.ok(Buffer.from(await files.read(lab.project, name)).equals(bytes), name)
    const page = path.join(lab.project, 'src', 'a page.html')
    await writeFile(page, '<!doctype html>ü\r\n')
    assert.equal(Buffer.from(await files.read(lab.project, page)).toString(), '<!doctype html>ü\r\n')
    for (const name of ['/etc/hostname', '../secret', '.', 'not there.txt', `${lab.project}x/a`])
      await assert.rejects(files.read(lab.project, name), { code: 'not-found' })
    const pathRules = [{ host: '/elsewhere', server: lab.project }]
    const mapped = mapPaths(connection, pathRules)
    const there = path.join('/elsewhere', path.basename(file))
    assert.ok(Buffer.from((await mapped.files.read?.('/elsewhere', there)) ?? []).equals(bytes))
  })

  it('give a session as a file, and take that in again beside it', async () => {
    const connection = await open()
    const { id } = await connection.createSession(lab.project, { title: 'To a file' })
    await connection.prompt(id, promptOf('[[text:Kept.]]'))
    await eventually(async () =>
      assert.equal(answerOf((await connection.readMessages(id, 10)).messages), 'Kept.'),
    )
    await eventually(async () => assert.equal((await connection.readStatus(lab.project)).size, 0))
    const { session, document } = await connection.history.exportSession(id)
    assert.deepEqual([session.id, document.info['title']], [id, 'To a file'])
    assert.ok(connection.history.importSession)
    await assert.rejects(connection.history.importSession(document, lab.project), { code: 'conflict' })
    const copy = await connection.history.importSession(connection.history.copyOf(document), lab.project)
    assert.notEqual(copy.id, id)
    const [first, second] = await Promise.all([
      connection.readMessages(id, 10),
      connection.readMessages(copy.id, 10),
    ])
    assert.deepEqual(
      second.messages.map(({ blocks }) => blocks),
      first.messages.map(({ blocks }) => blocks),
    )
  })

  it('lead nowhere behind a proxy that has a page for everything, or answers in the place of a route', async () => {
    await assert.rejects(connectTo({ ...server, url: proxy.url }, [], 'wrong'), { code: 'unauthorized' })
    const connection = await open()
    const page = { ...server, url: `${server.url}/behind` }
    await assert.rejects(connectTo(page), { code: 'unsupported', message: /is not an OpenCode server/ })
    assert.match(connection.version, /^2\./)
  })

  it('lead to a server that is still starting, once it is up', async () => {
    const port = await freePort()
    const password = 'of-the-late-one'
    const child = spawn(lab.program, ['serve', '--port', String(port)], {
      env: { ...lab.env, OPENCODE_PASSWORD: password, SCRIPTED2_BOOT_MS: '2500' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    closers.push(() => child.kill())
    await once(child.stdout, 'data')
    const url = `http://127.0.0.1:${port}`
    const headers = { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}` }
    assert.equal((await fetch(`${url}/api/info`, { headers })).status, 503)
    const connection = await connect({ url, username: 'opencode', password }, { log: quiet })
    closers.push(() => connection.close())
    assert.equal(connection.version, '2.0.21')
  })
})
