import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, it } from 'mocha'
import type { Connection } from '../../src/client/connection.ts'
import type { SessionHistory } from '../../src/client/history.ts'
import type { SessionLibrary } from '../../src/client/library.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { toSessionID } from '../../src/opencode/ids.ts'
import type { Message, Session, UserMessage } from '../../src/session/model.ts'
import { opencodeBinary } from '../support/opencodeLab.ts'
import { answerOf, Bench, connectTo, promptOf, toolsIn } from './support.ts'

const run = promisify(execFile)

describe('the course of a session on a real server', function () {
  this.timeout(180_000)
  let bench: Bench
  let connection: Connection
  let history: SessionHistory
  let library: SessionLibrary
  before(async () => {
    bench = await Bench.start()
    await bench.lab.configure({ permission: { bash: 'allow', edit: 'allow' } })
    connection = bench.connection
    history = connection.history
    library = connection.library
    await connection.reload(bench.directory)
  })
  after(() => bench.stop())

  const fileAt = (name: string): string => path.join(bench.directory, name)
  const write = (name: string, content: string): string =>
    `[[tool:write ${JSON.stringify({ filePath: fileAt(name), content })}]]`
  const read = (name: string): Promise<string | undefined> =>
    readFile(fileAt(name), 'utf8').catch(() => undefined)
  const allow = (request: { readonly id: unknown }): unknown =>
    connection.replyPermission(request as never, 'once')
  const turn = (session: Session, text: string): Promise<readonly Message[]> =>
    bench.turn(session, text, allow)

  it('is forked before a message, or whole', async () => {
    const session = await bench.newSession('Forked')
    await turn(session, 'first [[text:one]]')
    const messages = await turn(session, 'second [[text:two]]')
    const second = promptsOf(messages)[1]
    assert.ok(second)
    const part = await history.fork(session.id, second.id)
    assert.equal(part.parentID, undefined)
    assert.equal(answerOf((await connection.readMessages(part.id, 10)).messages), 'one')
    const whole = await history.fork(session.id)
    assert.equal(answerOf((await connection.readMessages(whole.id, 10)).messages), 'one|two')
  })

  it('is undone with its files, says what that changed, and is redone', async () => {
    const session = await bench.newSession('Undone')
    const [prompt] = promptsOf(await turn(session, `${write('made.txt', 'made\n')}[[text:done]]`))
    assert.ok(prompt)
    assert.deepEqual(await history.undoReach(bench.directory), { kind: 'files' })
    const undone = await history.undo(session.id, { messageID: prompt.id })
    assert.deepEqual([undone.revertedFrom, undone.revertedBlock], [prompt.id, undefined])
    assert.equal(await read('made.txt'), undefined)
    const changes = await history.undoneChanges(session.id)
    assert.deepEqual(
      changes.map(({ path: file, status, deletions }) => [file, status, deletions]),
      [[fileAt('made.txt'), 'deleted', 1]],
    )
    const redone = await history.redo(session.id)
    assert.equal(redone.revertedFrom, undefined)
    assert.equal(await read('made.txt'), 'made\n')
    await history.undo(session.id, { messageID: prompt.id })
    const rest = await turn(session, '[[text:instead]]')
    assert.equal(answerOf(rest), 'instead', 'the next prompt drops what was undone')
  })

  it('names files absolutely, also for a folder inside of a repository, and leaves those outside of it', async () => {
    const inside = path.join(bench.directory, 'src')
    const session = await connection.createSession(inside, { title: 'Inside' })
    const script = `${write('src/in.txt', 'in\n')}${write('out.txt', 'out\n')}[[text:done]]`
    const [prompt] = promptsOf(await bench.turn(session, script, allow))
    assert.ok(prompt)
    const turns = await connection.turnDiff(session.id, prompt.id)
    assert.deepEqual(
      turns.map((change) => change.path),
      [fileAt('src/in.txt')],
    )
    await history.undo(session.id, { messageID: prompt.id })
    const undone = await history.undoneChanges(session.id)
    assert.deepEqual(
      undone.map((change) => change.path),
      [fileAt('src/in.txt')],
    )
    assert.deepEqual([await read('src/in.txt'), await read('out.txt')], [undefined, 'out\n'])
  })

  it('is undone from one tool call on: all files of its step, and the words behind it', async () => {
    const session = await bench.newSession('Part')
    const script = `[[text:Both.]]${write('p1.txt', '1\n')}[[and]]${write('p2.txt', '2\n')}[[text:done]]`
    const messages = await turn(session, script)
    const second = toolsIn(messages)[1]
    const answer = messages.find(({ blocks }) => second && blocks.includes(second))
    assert.ok(second && answer)
    const undone = await history.undo(session.id, { messageID: answer.id, blockID: second.id })
    assert.deepEqual([undone.revertedFrom, undone.revertedBlock], [answer.id, second.id])
    assert.deepEqual([await read('p1.txt'), await read('p2.txt')], [undefined, undefined])
    await history.redo(session.id)
  })

  it('is hidden as a whole when a call is undone that its message begins with; earlier steps keep their files', async () => {
    const session = await bench.newSession('Widened')
    const messages = await turn(session, `${write('w1.txt', '1\n')}${write('w2.txt', '2\n')}[[text:done]]`)
    const [prompt] = promptsOf(messages)
    const second = toolsIn(messages)[1]
    const answer = messages.find(({ blocks }) => second && blocks.includes(second))
    assert.ok(prompt && second && answer)
    const undone = await history.undo(session.id, { messageID: answer.id, blockID: second.id })
    assert.deepEqual([undone.revertedFrom, undone.revertedBlock], [prompt.id, undefined])
    assert.deepEqual([await read('w1.txt'), await read('w2.txt')], ['1\n', undefined])
  })

  it('cannot be undone while it runs', async () => {
    const session = await bench.newSession('Busy')
    const [prompt] = promptsOf(await turn(session, '[[text:one]]'))
    const from = bench.events.length
    await connection.prompt(session.id, promptOf('[[wait:4000]][[text:slow]]'))
    await bench.until(() =>
      bench
        .actions(session.id, from)
        .some((action) => action.type === 'status' && action.status.kind === 'busy'),
    )
    assert.ok(prompt)
    await rejects(history.undo(session.id, { messageID: prompt.id }), 'busy')
    await connection.abort(session.id)
    await bench.until(() => bench.isDone(session.id, from))
  })

  it('keeps its files outside a git repository, and says so beforehand', async () => {
    const plain = path.join(bench.lab.root, 'plain')
    await mkdir(plain)
    await writeFile(path.join(plain, 'opencode.json'), await readFile(fileAt('opencode.json')))
    assert.deepEqual(await history.undoReach(plain), { kind: 'messages', reason: 'no-git' })
    const session = await connection.createSession(plain, { title: 'Plain' })
    const file = path.join(plain, 'kept.txt')
    const script = `[[tool:write ${JSON.stringify({ filePath: file, content: 'kept\n' })}]][[text:done]]`
    const [prompt] = promptsOf(await bench.turn(session, script, allow))
    assert.ok(prompt)
    const undone = await history.undo(session.id, { messageID: prompt.id })
    assert.equal(undone.revertedFrom, prompt.id)
    assert.equal(await readFile(file, 'utf8'), 'kept\n')
    assert.deepEqual(await history.undoneChanges(session.id), [])
  })

  it('is summarized by a model', async () => {
    const session = await bench.newSession('Long')
    await turn(session, '[[text:one]]')
    await history.compact(session.id, { providerID: 'mock', modelID: 'mock' })
    const { messages } = await connection.readMessages(session.id, 20)
    assert.ok(messages.some((message) => message.role === 'assistant' && message.isSummary))
  })

  it('is not shared without a network, nor where the configuration forbids it', async () => {
    const session = await bench.newSession('Shared')
    assert.equal(await history.shareMode(bench.directory), 'manual')
    await rejects(history.share(session.id), 'server-error')
    assert.equal((await history.unshare(session.id)).shareUrl, undefined)
  })

  it('is exported in the format of the program itself, which takes it back', async () => {
    const session = await bench.newSession('Exported')
    await turn(session, `${write('x.txt', 'x\n')}[[text:for the file]]`)
    const { document } = await history.exportSession(session.id)
    const env = { ...bench.lab.env }
    const cwd = bench.directory
    const own = await run(opencodeBinary(), ['export', session.id], { env, cwd, maxBuffer: 10_000_000 })
    assert.deepEqual(document, JSON.parse(own.stdout))
    const file = path.join(bench.lab.root, 'exported.json')
    await writeFile(file, JSON.stringify(document))
    await connection.deleteSession(session.id)
    await run(opencodeBinary(), ['import', file], { env, cwd })
    assert.equal((await connection.getSession(session.id)).title, 'Exported')
    assert.equal(answerOf((await connection.readMessages(session.id, 10)).messages), 'for the file')
  })

  it('is imported beside itself as a copy', async () => {
    const session = await bench.newSession('Twice')
    await turn(session, 'once [[text:said once]]')
    const { document } = await history.exportSession(session.id)
    const copy = history.copyOf(document)
    const id = toSessionID(copy.info['id'])
    const file = path.join(bench.lab.root, 'copy.json')
    await writeFile(file, JSON.stringify(copy))
    await run(opencodeBinary(), ['import', file], { env: { ...bench.lab.env }, cwd: bench.directory })
    assert.notEqual(id, session.id)
    for (const each of [id, session.id])
      assert.equal(answerOf((await connection.readMessages(each, 10)).messages), 'said once')
  })

  it('is listed with those of all folders, page by page, archived ones among them', async () => {
    const other = path.join(bench.lab.root, 'other')
    await mkdir(other)
    await connection.createSession(other, { title: 'Listed elsewhere' })
    const archived = await connection.createSession(bench.directory, { title: 'Listed and archived' })
    assert.ok((await library.archive(archived.id, Date.now())).archived)
    const found = await library.list({ search: 'LISTED', limit: 1 })
    assert.equal(found.sessions.length, 1)
    assert.ok(found.cursor)
    const rest = await library.list({ search: 'listed', limit: 5, cursor: found.cursor })
    const all = [...found.sessions, ...rest.sessions]
    assert.deepEqual(all.map(({ title }) => title).sort(), ['Listed and archived', 'Listed elsewhere'])
    assert.equal((await library.archive(archived.id, undefined)).archived, undefined)
    const back = await library.list({ search: 'Listed', limit: 5 })
    assert.ok(back.sessions.some(({ id, archived: time }) => id === archived.id && time === undefined))
    const here = await library.list({ directory: other, limit: 5 })
    assert.deepEqual(
      here.sessions.map(({ title }) => title),
      ['Listed elsewhere'],
    )
  })

  it('has children', async () => {
    const session = await bench.newSession('Parent')
    const task = { description: 'Look around', prompt: '[[text:seen]]', subagent_type: 'general' }
    await turn(session, `[[tool:task ${JSON.stringify(task)}]][[text:done]]`)
    const children = await library.children(session.id)
    assert.equal(children.length, 1)
    assert.equal(children[0]?.parentID, session.id)
  })

  it('may not be shared at all, by configuration', async () => {
    await bench.lab.configure({ share: 'disabled' })
    const server = await bench.lab.startServer()
    const second = await connectTo(server)
    try {
      assert.equal(await second.history.shareMode(bench.directory), 'disabled')
      const session = await second.createSession(bench.directory)
      await rejects(second.history.share(session.id), 'server-error')
    } finally {
      await second.close()
    }
  })
})

function promptsOf(messages: readonly Message[]): readonly UserMessage[] {
  return messages.filter((message) => message.role === 'user')
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof OpencodeError && error.code === code)
}
