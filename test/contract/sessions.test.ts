import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Wire } from '../support/opencodeLab.ts'
import type { Connection } from '../../src/client/connection.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { toSessionID } from '../../src/opencode/ids.ts'
import { newBlockID } from '../../src/opencode/newIds.ts'
import type { PromptPart } from '../../src/session/model.ts'
import { answerOf, Bench, connectTo, promptOf, toolsIn } from './support.ts'

describe('sessions on a real server', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('sessions on the scripted 2.x server', function () {
  this.timeout(120_000)
  ofWire(2)
})

function ofWire(wire: Wire): void {
  let bench: Bench
  let connection: Connection
  before(async () => {
    bench = await Bench.start(wire)
    connection = bench.connection
  })
  after(() => bench.stop())

  it('are created, renamed, found by title, and deleted', async () => {
    const session = await connection.createSession(bench.directory, { title: 'Needle in the hay' })
    assert.deepEqual([session.directory, session.untitled], [bench.directory, false])
    await connection.createSession(bench.directory, { title: 'Other' })
    const found = await connection.listSessions({ directory: bench.directory, search: 'NEEDLE' })
    assert.deepEqual(
      found.map((item) => item.id),
      [session.id],
    )
    assert.equal((await connection.renameSession(session.id, 'Pin & 100% "new"')).title, 'Pin & 100% "new"')
    assert.equal((await connection.getSession(session.id)).title, 'Pin & 100% "new"')
    await connection.deleteSession(session.id)
    await connection.deleteSession(session.id)
    await rejects(connection.getSession(session.id), 'not-found')
    await bench.until(() =>
      bench.events.some((event) => event.kind === 'session-removed' && event.sessionID === session.id),
    )
  })

  it('get a title from their first prompt', async () => {
    const session = await connection.createSession(bench.directory)
    assert.equal(session.untitled, true)
    await bench.turn(session, '[[text:fine]]')
    const titled = await connection.getSession(session.id)
    assert.equal(titled.untitled, false)
    assert.equal(bench.stateOf(session).session.title, titled.title)
  })

  it('that may only read, or only answer, have no other tools, and keep to that', async () => {
    const made = path.join(bench.directory, 'made.txt')
    const write = `[[tool:write ${JSON.stringify({ filePath: made, content: 'x' })}]]`
    const command = `[[tool:bash ${JSON.stringify({ command: `touch ${made}`, description: 'x' })}]]`
    for (const tools of ['reading', 'none'] as const) {
      const session = await connection.createSession(bench.directory, { title: tools, tools })
      const messages = await bench.turn(session, `${write}${command}[[text:tried]]`)
      assert.ok(toolsIn(messages).every(({ status }) => status === 'failed' || status === 'completed'))
      assert.equal(existsSync(made), false)
      const { body } = bench.lab.model.requests.findLast(({ kind }) => kind === 'chat') ?? {}
      const offered = JSON.stringify(body?.tools ?? [])
      assert.equal(offered.includes('"read"'), tools === 'reading', offered)
      assert.doesNotMatch(offered, /"(?:write|edit|bash|shell|task|subagent)"/)
    }
  })

  it('of a second client show up and stream live', async () => {
    const second = await connectTo(bench.server)
    try {
      const session = await second.createSession(bench.directory, { title: 'From the terminal' })
      await second.prompt(session.id, promptOf('[[text:made elsewhere]]'))
      await bench.until(() => bench.isDone(session.id, 0))
      assert.equal(answerOf(bench.stateOf(session).messages), 'made elsewhere')
      const listed = await connection.listSessions({ directory: bench.directory })
      assert.ok(listed.some((item) => item.id === session.id && item.title === 'From the terminal'))
    } finally {
      await second.close()
    }
  })

  it('are read newest first, page by page', async () => {
    const session = await bench.newSession()
    for (const word of ['one', 'two', 'three']) await bench.turn(session, `[[text:${word}]]`)
    // 2.x closes each turn with a mark, which counts as a message.
    const size = wire === 1 ? 2 : 3
    const newest = await connection.readMessages(session.id, size)
    assert.equal(answerOf(newest.messages), 'three')
    assert.ok(newest.older)
    const middle = await connection.readMessages(session.id, size, newest.older)
    assert.equal(answerOf(middle.messages), 'two')
    const all = await connection.readMessages(session.id, 100)
    assert.equal(all.older, undefined)
    assert.equal(answerOf(all.messages), 'one|two|three')
  })

  it('say not found, or nothing, for ids that do not exist', async () => {
    const nobody = toSessionID('ses_e04a44c7fffe0000000000NOBODY')
    await rejects(connection.getSession(nobody), 'not-found')
    await rejects(connection.readMessages(nobody, 10), 'not-found')
    await rejects(connection.prompt(nobody, promptOf('hi')), 'not-found')
    await connection.abort(nobody)
    assert.throws(() => toSessionID('ses_../../etc'))
    await rejects(connection.getSession('ses/../x' as never), 'invalid-id')
  })

  for (const name of ['with space', '100%', 'pct%20x', 'ünïcode 日本', 'plus+amp&q?h#x', 'quote\'"s']) {
    it(`live in a directory named ${JSON.stringify(name)}`, async () => {
      const directory = path.join(bench.lab.root, 'odd', name)
      await mkdir(directory, { recursive: true })
      const session = await connection.createSession(directory, { title: name })
      assert.equal(session.directory, directory)
      assert.deepEqual(
        (await connection.listSessions({ directory })).map((item) => item.id),
        [session.id],
      )
      assert.equal((await connection.readStatus(directory)).size, 0)
      const event = bench.events.find((item) => item.kind === 'session' && item.sessionID === session.id)
      assert.ok(event?.kind === 'session')
      assert.equal(event.directory, directory)
      await connection.reload(directory)
      await bench.until(() =>
        bench.events.some((item) => item.kind === 'reset' && item.directory === directory),
      )
    })
  }

  it('take files by path, whatever their names, with the lines that were meant', async () => {
    const names = [
      'plain.txt',
      'with space.txt',
      '100%25.txt',
      'a#b?c.txt',
      'ünï 日本.txt',
      "it's [x] & y;z.txt",
    ]
    const parts: PromptPart[] = []
    for (const name of names) {
      const file = path.join(bench.directory, name)
      await writeFile(file, `first\nsecond of ${name}\nthird\n`)
      parts.push({
        type: 'file',
        id: newBlockID(Date.now()),
        path: file,
        name,
        mime: 'text/plain',
        lines: { start: 2, end: 2 },
      })
    }
    const session = await bench.newSession()
    await connection.prompt(session.id, promptOf('[[text:read]]', ...parts))
    await bench.until(() => bench.isDone(session.id, 0))
    const [prompt] = await bench.settled(session.id)
    const files = prompt?.blocks.filter((block) => block.type === 'file') ?? []
    assert.deepEqual(
      files.map((file) => [file.name, file.path, file.lines]),
      names.map((name) => [name, path.join(bench.directory, name), { start: 2, end: 2 }]),
    )
    const sent = JSON.stringify(bench.lab.model.requests.at(-1)?.body)
    for (const name of names) assert.ok(sent.includes(`second of ${name}`), name)
    assert.ok(!sent.includes('third'))
  })

  it('take unsaved text and pictures with the prompt', async () => {
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const code = Buffer.from('const unsaved = "ü"\n').toString('base64')
    const session = await bench.newSession()
    const now = Date.now()
    const parts: readonly PromptPart[] = [
      {
        type: 'inline',
        id: newBlockID(now),
        name: 'a b.ts',
        mime: 'text/plain',
        base64: code,
        path: '/p/a b.ts',
        lines: { start: 4, end: 9 },
      },
      { type: 'inline', id: newBlockID(now), name: 'dot.png', mime: 'image/png', base64: png },
      { type: 'text', id: newBlockID(now), text: 'hidden note', synthetic: true },
      { type: 'agent', id: newBlockID(now), name: 'general' },
    ]
    await connection.prompt(session.id, promptOf('[[text:seen]]', ...parts))
    await bench.until(() => bench.isDone(session.id, 0))
    const [prompt] = await bench.settled(session.id)
    assert.ok(prompt)
    const files = prompt.blocks.filter((block) => block.type === 'file')
    assert.deepEqual(
      [files[0]?.name, files[0]?.path, files[0]?.lines],
      ['a b.ts', '/p/a b.ts', { start: 4, end: 9 }],
    )
    assert.equal(files[1]?.preview, `data:image/png;base64,${png}`)
    assert.ok(
      prompt.blocks.some(
        (block) => block.type === 'text' && block.synthetic === true && block.text === 'hidden note',
      ),
    )
    assert.ok(
      prompt.blocks.some(
        (block) => block.type === 'notice' && block.notice === 'agent' && block.text === '@general',
      ),
    )
    assert.match(JSON.stringify(bench.lab.model.requests.at(-1)?.body), /const unsaved = .{0,4}ü/)
  })

  it('go to the model, agent and variant of the prompt', async () => {
    const session = await bench.newSession()
    const model = { providerID: 'mock', modelID: 'mock-small', variant: 'high' }
    await connection.prompt(session.id, { ...promptOf('[[text:ok]]'), agent: 'plan', model })
    await bench.until(() => bench.isDone(session.id, 0))
    const [prompt, answer] = await bench.settled(session.id)
    // 2.x keeps them on the session.
    const holder = wire === 1 ? prompt : await connection.getSession(session.id)
    assert.deepEqual([holder?.agent, holder?.model], ['plan', model])
    assert.deepEqual([answer?.agent, answer?.model], ['plan', model])
    assert.equal(bench.lab.model.requests.at(-1)?.model, 'mock-small')
  })

  it('refuse attachments above 10 MiB before anything is sent', async () => {
    const session = await bench.newSession()
    const base64 = 'A'.repeat(15 * 1024 * 1024)
    const part: PromptPart = { type: 'inline', id: newBlockID(1), name: 'big', mime: 'text/plain', base64 }
    await rejects(connection.prompt(session.id, promptOf('hi', part)), 'too-large')
  })
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof OpencodeError)
    assert.equal(error.code, code)
    return true
  })
}
