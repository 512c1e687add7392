import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { newBlockID } from '../../src/opencode/newIds.ts'
import type { Prompt, Request, ToolBlock } from '../../src/session/model.ts'
import { McpEndpoint } from '../../src/mcp/mcpEndpoint.ts'
import { Outbox } from '../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../src/sync/sessionHub.ts'
import { startLab } from '../support/opencodeLab.ts'
import { answerOf, Bench, connectTo, promptOf, toolsIn, waitUntil } from './support.ts'

/** What the adapter makes of the scripted 2.x server. */
describe('the 2.x wire', function () {
  this.timeout(60_000)
  let bench: Bench
  before(async () => {
    bench = await Bench.start(2)
  })
  after(() => bench.stop())

  const file = (name: string): string => path.join(bench.directory, name)
  const write = (name: string, content: string): string =>
    `[[tool:write ${JSON.stringify({ filePath: file(name), content })}]]`

  it('streams a turn, and the stream alone gives the same as a fetch', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(session, '[[reason:Let me think]][[chunk:3]][[text:Hello **world**]]')
    assert.equal(answerOf(messages), 'Hello **world**')
    const state = bench.stateOf(session)
    assert.deepEqual(state.messages, messages)
    assert.deepEqual(state.status, { kind: 'idle' })
    assert.ok(bench.actions(session.id).filter(({ type }) => type === 'block/append').length >= 4)
    assert.deepEqual(
      messages[1]?.blocks.map(({ type }) => type),
      ['reasoning', 'text'],
    )
  })

  it('sets model and agent on the session before the prompt', async () => {
    const session = await bench.newSession()
    const model = { providerID: 'mock', modelID: 'mock-small' }
    await bench.connection.prompt(session.id, { ...promptOf('[[text:Small.]]'), agent: 'plan', model })
    await waitUntil(() => bench.isDone(session.id, 0))
    const now = await bench.connection.getSession(session.id)
    assert.deepEqual([now.agent, now.model], ['plan', model])
    assert.equal(bench.lab.model.requests.findLast(({ kind }) => kind === 'chat')?.model, 'mock-small')
  })

  it('takes a prompt for sent whose id the server has, also when it says so by a conflict', async () => {
    const session = await bench.newSession()
    const sent = promptOf('[[text:Only once.]]')
    await bench.connection.prompt(session.id, sent)
    await waitUntil(() => bench.isDone(session.id, 0))
    const asked = bench.lab.model.requests.filter(({ kind }) => kind === 'chat').length
    await bench.connection.prompt(session.id, sent)
    // Another content under the same id is a 409; so may be the same content on another server.
    const { parts } = promptOf('[[text:Another.]]')
    await bench.connection.prompt(session.id, { ...sent, parts })
    const { messages } = await bench.connection.readMessages(session.id, 10)
    assert.equal(answerOf(messages), 'Only once.')
    assert.equal(messages.filter(({ role }) => role === 'user').length, 1)
    assert.equal((await bench.connection.readStatus(bench.directory)).size, 0)
    assert.equal(bench.lab.model.requests.filter(({ kind }) => kind === 'chat').length, asked)
  })

  it('keeps the blocks of a prompt, its hidden words among them, and gives the model all of it', async () => {
    const session = await bench.newSession()
    const now = Date.now()
    const more: Prompt['parts'] = [
      { type: 'text', id: newBlockID(now), text: 'Only for the model.', synthetic: true },
      {
        type: 'file',
        id: newBlockID(now),
        path: file('a.txt'),
        name: 'a.txt',
        mime: 'text/plain',
        lines: { start: 2, end: 2 },
      },
    ]
    const prompt = promptOf('[[text:Seen.]]', ...more)
    await bench.connection.prompt(session.id, prompt)
    await waitUntil(() => bench.isDone(session.id, 0))
    const [user] = await bench.settled(session.id)
    assert.deepEqual(
      user?.blocks.map(({ id, type }) => [id, type]),
      prompt.parts.map(({ id, type }) => [id, type]).sort(),
    )
    const hidden = user.blocks.find((block) => block.type === 'text' && block.synthetic === true)
    const attached = user.blocks.find(({ type }) => type === 'file')
    assert.ok(hidden?.type === 'text' && hidden.text === 'Only for the model.')
    assert.ok(attached?.type === 'file')
    assert.deepEqual([attached.path, attached.lines], [file('a.txt'), { start: 2, end: 2 }])
    const asked = JSON.stringify(
      bench.lab.model.requests.findLast(({ kind }) => kind === 'chat')?.body.messages,
    )
    assert.ok(asked.includes('Only for the model.') && asked.includes('two') && !asked.includes('three'))
  })

  it('shows the input of a tool while the model writes it, the proposed change, and the written file', async () => {
    const session = await bench.newSession()
    const content = 'A line of some length.\n'.repeat(40)
    const messages = await bench.turn(session, `${write('new.txt', content)}[[text:Written.]]`, (request) => {
      assert.ok(request.kind === 'permission')
      assert.deepEqual([request.action, request.path], ['edit', file('new.txt')])
      assert.match(request.diff ?? '', /^\+A line of some length/m)
      return bench.connection.replyPermission(request, 'once')
    })
    const early = bench
      .actions(session.id)
      .flatMap((action) =>
        action.type === 'block/put' && action.block.type === 'tool' ? [action.block] : [],
      )
      .find(({ status, input }) => status === 'pending' && input['filePath'] === file('new.txt'))
    assert.ok(early, 'the path showed before the input was whole')
    const [tool] = toolsIn(messages)
    assert.deepEqual([tool?.kind, tool?.status, tool?.files?.[0]?.additions], ['write', 'completed', 40])
    assert.ok(bench.events.some((event) => event.kind === 'file-edited' && event.path === file('new.txt')))
  })

  it('answers a question by the words of its options', async () => {
    const session = await bench.newSession()
    const options = [
      { label: 'Tea', description: 'Hot' },
      { label: 'Coffee', description: 'Hotter' },
    ]
    const question = { question: 'What?', header: 'Drink', options, multiple: false }
    const messages = await bench.turn(
      session,
      `[[tool:question ${JSON.stringify({ questions: [question] })}]][[text:Fine.]]`,
      async (request) => {
        assert.ok(request.kind === 'question')
        assert.deepEqual(
          request.questions[0]?.options.map(({ label }) => label),
          ['Tea', 'Coffee'],
        )
        assert.equal(await bench.connection.replyQuestion(request, [['Coffee']]), true)
        assert.equal(await bench.connection.replyQuestion(request, [['Tea']]), false)
      },
    )
    assert.deepEqual(toolsIn(messages)[0]?.answers, [['Coffee']])
  })

  it('undoes a turn with its files, tells what that changed, and brings it back', async () => {
    const session = await bench.newSession()
    const allow = (request: Parameters<Parameters<Bench['turn']>[2] & object>[0]) =>
      request.kind === 'permission' && bench.connection.replyPermission(request, 'once')
    const [user] = await bench.turn(session, `${write('a.txt', 'changed\n')}[[text:Changed.]]`, allow)
    assert.ok(user)
    const [change] = await bench.connection.turnDiff(session.id, user.id)
    assert.deepEqual([change?.path, change?.status], [file('a.txt'), 'modified'])
    const undone = await bench.connection.history.undo(session.id, { messageID: user.id })
    assert.equal(undone.revertedFrom, user.id)
    assert.equal(await readFile(file('a.txt'), 'utf8'), 'one\ntwo\nthree\n')
    assert.equal((await bench.connection.history.undoneChanges(session.id))[0]?.path, file('a.txt'))
    assert.equal((await bench.connection.history.redo(session.id)).revertedFrom, undefined)
    assert.equal(await readFile(file('a.txt'), 'utf8'), 'changed\n')
    await bench.connection.history.undo(session.id, { messageID: user.id })
    const after = await bench.turn(session, '[[text:Anew.]]')
    assert.deepEqual(
      after.map(({ role }) => role),
      ['user', 'assistant'],
      'the next prompt made it final',
    )
    assert.equal(await readFile(file('a.txt'), 'utf8'), 'one\ntwo\nthree\n')
  })

  it('runs a command line and a summary, each shown as a prompt with its answer', async () => {
    const session = await bench.newSession()
    await bench.turn(session, '[[text:First.]]')
    const prompt = promptOf('!echo own')
    await bench.connection.commands.run(session.id, { ...prompt, run: { kind: 'shell', line: 'echo own' } })
    const shown = (): ToolBlock | undefined => toolsIn(bench.stateOf(session).messages).at(-1)
    await waitUntil(() => shown()?.status === 'completed')
    assert.deepEqual([shown()?.output, shown()?.exitCode], ['own\n', 0])
    assert.equal(bench.stateOf(session).messages.at(-2)?.id, prompt.id)
    await bench.connection.history.compact(session.id, { providerID: 'mock', modelID: 'mock' })
    const messages = await bench.settled(session.id)
    assert.deepEqual(bench.stateOf(session).messages, messages)
    const summary = messages.at(-1)
    assert.ok(
      summary?.role === 'assistant' && summary.isSummary === true && answerOf([summary]).includes('Goal'),
    )
  })

  it('runs a command once, though the server gives its message an id of its own', async () => {
    await bench.lab.configure({ command: { greet: { template: '[[text:Greeted $ARGUMENTS.]]' } } })
    const connection = await connectTo(bench.server)
    const outbox = new Outbox({ get: () => undefined, set: () => Promise.resolve() })
    const hub = new SessionHub({ outbox, log: { debug() {}, info() {}, warn() {} } })
    try {
      hub.setConnection(connection)
      const { id } = await connection.createSession(bench.directory)
      const store = hub.open(id, bench.directory)
      await waitUntil(() => store.state !== undefined)
      const prompt = promptOf('/greet you')
      hub.send(id, { ...prompt, run: { kind: 'command', name: 'greet', arguments: 'you' } })
      await waitUntil(
        () => outbox.entries().length === 0 && answerOf(store.state?.messages ?? []) === 'Greeted you.',
      )
      const prompts = (store.state?.messages ?? []).filter(({ role }) => role === 'user')
      assert.equal(prompts.length, 1)
      assert.notEqual(prompts[0]?.id, prompt.id)
    } finally {
      hub.dispose()
      await connection.close()
    }
  })

  it('takes tools from a session when it is made', async () => {
    const session = await bench.connection.createSession(bench.directory, { tools: 'reading' })
    const messages = await bench.turn(session, '[[tool:bash {"command":"touch forbidden"}]][[text:No.]]')
    assert.equal(toolsIn(messages)[0]?.status, 'failed')
    await assert.rejects(readFile(file('forbidden')))
  })

  it('gives a provider a key, knows it again by its label, and names it for the farewell', async () => {
    const { connection, directory } = bench
    assert.deepEqual(await connection.providerCredential(directory, 'mock'), { kind: 'none' })
    await connection.setProviderKey('mock', 'sk-ours')
    const known = await connection.providerCredential(directory, 'mock')
    assert.ok(known.kind === 'stored' && /^[0-9a-f]{64}$/.test(known.fingerprint ?? ''))
    await bench.turn(await bench.newSession(), '[[text:With the key.]]')
    assert.equal(
      bench.lab.model.requests.findLast(({ kind }) => kind === 'chat')?.authorization,
      'Bearer sk-ours',
    )
    assert.match(connection.farewell(['mock'])[0]?.path ?? '', /^\/api\/credential\/./)
    await connection.removeProviderKey('mock')
    assert.deepEqual(await connection.providerCredential(directory, 'mock'), { kind: 'none' })
    assert.ok(!bench.log.some((line) => line.includes('sk-ours')))
  })

  it('goes on after a failed attempt without what it had begun, and says how it went', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(session, '[[text:Half]][[drop]][[text: and whole.]]')
    assert.equal(answerOf(messages), 'Half and whole.')
    assert.ok(
      bench.actions(session.id).some((action) => action.type === 'status' && action.status.kind === 'retry'),
    )
    assert.deepEqual(bench.stateOf(session).messages, messages)
  })

  it('registers tools over HTTP with the token that they ask for, and takes them back', async () => {
    const { connection, directory } = bench
    const { features } = connection
    const endpoint = new McpEndpoint()
    const { url, token } = await endpoint.add([])
    const status = async (): Promise<string | undefined> =>
      (await features.mcpServers(directory)).find(({ name }) => name === 'editor')?.status
    const add = (password: string): Promise<void> =>
      features.addMcp(directory, 'editor', {
        kind: 'remote',
        url,
        headers: { Authorization: `Bearer ${password}` },
      })
    try {
      await add('wrong')
      assert.equal(await status(), 'failed')
      await add(token)
      assert.equal(await status(), 'connected')
      await features.disconnectMcp(directory, 'editor')
      assert.equal(await status(), 'disabled')
      await endpoint.close()
      await features.connectMcp(directory, 'editor')
      assert.equal(await status(), 'failed')
    } finally {
      await endpoint.close()
    }
    assert.ok(!bench.log.some((line) => line.includes(token)))
  })

  it('says what this line of OpenCode cannot do', async () => {
    const session = await bench.newSession()
    await assert.rejects(bench.connection.history.share(session.id), /OpenCode 2 cannot share/)
    await assert.rejects(bench.connection.library.archive(session.id, 1), { code: 'unsupported' })
  })

  it('knows where a request is though no event says it, and does without the diff of a turn', async () => {
    const lab = await startLab({ wire: 2 })
    Object.assign(lab.env, { SCRIPTED2_BARE_EVENTS: '1', SCRIPTED2_WITHOUT: '/diff' })
    const connection = await connectTo(await lab.startServer())
    const stop = new AbortController()
    try {
      const { id } = await connection.createSession(lab.project)
      const requests: Request[] = []
      const following = (async () => {
        for await (const event of connection.events(stop.signal)) {
          if (event.kind === 'up')
            void connection.prompt(id, promptOf('[[tool:bash {"command":"echo 1"}]][[text:.]]'))
          if (event.kind === 'session' && event.action.type === 'request/put')
            requests.push(event.action.request)
        }
      })()
      await waitUntil(() => requests.length > 0)
      assert.equal(requests[0]?.directory, lab.project)
      const [user] = (await connection.readMessages(id, 5)).messages
      assert.ok(user)
      assert.deepEqual(await connection.turnDiff(id, user.id), [])
      stop.abort()
      await following
    } finally {
      await connection.close()
      await lab.dispose()
    }
  })
})
