import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { RunPrompt } from '../../src/client/commands.ts'
import { isRunPrompt } from '../../src/client/commands.ts'
import type { PromptPart, PromptRun } from '../../src/session/model.ts'
import { OpencodeError } from '../../src/opencode/errors.ts'
import { newBlockID } from '../../src/opencode/newIds.ts'
import { answerOf, Bench, promptOf, toolsIn } from './support.ts'

describe('commands and shell lines on a real server', function () {
  this.timeout(120_000)
  let bench: Bench
  before(async () => {
    bench = await Bench.start()
    const commands = path.join(bench.directory, '.opencode', 'command')
    await mkdir(commands, { recursive: true })
    await writeFile(
      path.join(commands, 'greet.md'),
      '---\ndescription: Says hello\n---\nSay hello to $ARGUMENTS [[text:Hello there]]\n',
    )
  })
  after(() => bench.stop())

  const prompt = (run: PromptRun, ...parts: readonly PromptPart[]): RunPrompt => {
    const made = { ...promptOf('', ...parts), run }
    assert.ok(isRunPrompt(made))
    return made
  }

  it('lists the commands with where they come from', async () => {
    const { commands } = await bench.connection.readCatalog(bench.directory)
    assert.deepEqual(
      commands.find(({ name }) => name === 'greet'),
      { name: 'greet', description: 'Says hello', source: 'command' },
    )
    assert.ok(commands.some(({ source }) => source === 'skill'))
  })

  it('runs a command under our id, with its arguments and a file', async () => {
    const session = await bench.newSession()
    const file: PromptPart = {
      type: 'file',
      id: newBlockID(Date.now()),
      path: path.join(bench.directory, 'a.txt'),
      name: 'a.txt',
      mime: 'text/plain',
    }
    const own = prompt({ kind: 'command', name: 'greet', arguments: 'Bob and Ann' }, file)
    await bench.connection.commands.run(session.id, own)
    const messages = await bench.settled(session.id)
    assert.equal(messages[0]?.id, own.id)
    assert.equal(answerOf(messages), 'Hello there')
    const said = bench.lab.model.requests.findLast(({ kind }) => kind === 'chat')?.prompt ?? ''
    assert.match(said, /Say hello to Bob and Ann/)
    assert.match(said, /one\\?n?[\s\S]*two/)
  })

  it('refuses a command that it does not know', async () => {
    const session = await bench.newSession()
    const run = bench.connection.commands.run(
      session.id,
      prompt({ kind: 'command', name: 'nothing', arguments: '' }),
    )
    await assert.rejects(run, (error) => error instanceof OpencodeError && error.code === 'server-error')
  })

  it('runs a shell line under our id, without asking', async () => {
    const session = await bench.newSession()
    const own = prompt({ kind: 'shell', line: 'echo hi; pwd' })
    await bench.connection.commands.run(session.id, own)
    const messages = await bench.settled(session.id)
    assert.equal(messages[0]?.id, own.id)
    assert.deepEqual(
      messages[0].blocks.map((block) => block.type === 'notice' && block.notice),
      ['shell'],
    )
    const [bash] = toolsIn(messages)
    assert.deepEqual(
      [bash?.kind, bash?.status, bash?.output],
      ['shell', 'completed', `hi\n${bench.directory}\n`],
    )
  })

  it('refuses a shell line while the session is busy', async () => {
    const session = await bench.newSession()
    const from = bench.events.length
    await bench.connection.prompt(session.id, promptOf('[[wait:2000]][[text:done]]'))
    await bench.until(() => bench.actions(session.id, from).some(({ type }) => type === 'status'))
    await assert.rejects(
      bench.connection.commands.run(session.id, prompt({ kind: 'shell', line: 'echo x' })),
      (error) => error instanceof OpencodeError && error.code === 'busy',
    )
    await bench.until(() => bench.isDone(session.id, from))
  })

  it('lets a prompt that is sent to a running session join at the next step', async () => {
    const session = await bench.newSession()
    const from = bench.events.length
    const allow = new Set<string>()
    await bench.connection.prompt(
      session.id,
      promptOf('First [[tool:bash {"command":"sleep 1; echo slept","description":"x"}]][[text:never said]]'),
    )
    await bench.until(() => bench.actions(session.id, from).some(({ type }) => type === 'request/put'))
    await bench.connection.prompt(session.id, promptOf('Second [[text:heard you]]'))
    for (const action of bench.actions(session.id, from)) {
      if (action.type !== 'request/put' || allow.has(action.request.id)) continue
      allow.add(action.request.id)
      await bench.connection.replyPermission(action.request, 'once')
    }
    await bench.until(() => bench.isDone(session.id, from))
    assert.equal(answerOf(await bench.settled(session.id)), 'heard you')
  })
})
