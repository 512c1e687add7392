import assert from 'node:assert/strict'
import { realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'
import type {
  ApiErrorCode,
  Execution,
  ExecutionCallbacks,
  ExecutionRequest,
  ExecutionStatus,
} from '../../api/index.d.ts'
import { toSessionID } from '../../src/opencode/ids.ts'
import type { ExampleReviewer } from '../exampleExtension/extension.ts'
import { activated, backendOf, projectUri, until } from './support.ts'

const caller = 'example.reviewer'

describe('The API for other extensions', function () {
  this.timeout(180_000)
  let example: ExampleReviewer

  before(async () => {
    const extension = vscode.extensions.getExtension<ExampleReviewer>(caller)
    assert.ok(extension, 'The example extension is not installed.')
    example = await extension.activate()
    const { consents } = await activated()
    await consents.set(caller, 'allowed')
  })
  after(async () => {
    const { services, consents } = await activated()
    await consents.set(caller, undefined)
    await backendOf(services).access.stop()
    await rm(projectUri('made.txt').fsPath, { force: true })
  })

  it('refuses a version it does not have, and a caller that is not installed', () => {
    const { opencode } = example
    assert.deepEqual(opencode.versions, [1])
    const getAPI = opencode.getAPI as (version: unknown, caller: unknown) => unknown
    const refusals: readonly [unknown, unknown, ApiErrorCode][] = [
      [2, { extension: caller }, 'unsupported-version'],
      [undefined, { extension: caller }, 'unsupported-version'],
      [1, undefined, 'invalid-caller'],
      [1, { extension: 'nobody.nothing' }, 'invalid-caller'],
    ]
    for (const [version, who, code] of refusals) {
      assert.throws(
        () => getAPI(version, who),
        (error) => error instanceof opencode.ApiError && error.code === code,
        code,
      )
    }
  })

  it('refuses a request that makes no sense at once', async () => {
    const outside = await realpath(path.dirname(projectUri().fsPath))
    const refusals: readonly [unknown, ApiErrorCode][] = [
      [undefined, 'invalid-request'],
      [{}, 'no-prompt'],
      [{ prompt: '  ' }, 'no-prompt'],
      [{ prompt: 7 }, 'no-prompt'],
      [{ prompt: 'x', parts: [{ type: 'file' }] }, 'invalid-part'],
      [{ prompt: 'x', timeout: 0 }, 'invalid-timeout'],
      [{ prompt: 'x', timeout: NaN }, 'invalid-timeout'],
      [{ prompt: 'x', timeout: '5' }, 'invalid-timeout'],
      [{ prompt: 'x', signal: {} }, 'invalid-signal'],
      [{ prompt: 'x', model: 'no-slash' }, 'unknown-model'],
      [{ prompt: 'x', agent: '' }, 'unknown-agent'],
      [{ prompt: 'x', sessionID: 'nonsense' }, 'unknown-session'],
      [{ prompt: 'x', folder: outside }, 'foreign-folder'],
      [{ prompt: 'x', title: '' }, 'invalid-request'],
    ]
    for (const [request, code] of refusals) {
      const say = JSON.stringify(request)
      assert.throws(() => example.api.execute(request as ExecutionRequest), { code, name: 'ApiError' }, say)
      await assert.rejects(example.api.executeAndWait(request as ExecutionRequest), { code }, say)
    }
    assert.throws(
      () => example.api.execute({ prompt: 'x' }, { onText: 1 } as unknown as ExecutionCallbacks),
      {
        code: 'invalid-request',
      },
    )
  })

  it('starts nothing to say how the server is', async () => {
    const { services } = await activated()
    await backendOf(services).access.stop()
    assert.deepEqual(await example.api.health(), { status: 'stopped', isOnline: false })
    assert.equal(backendOf(services).server.status.kind, 'stopped')
  })

  it('drives a whole run: text streams in, a tool asks, a file changes, tokens are counted', async () => {
    const { told, result } = await example.review({
      prompt:
        '[[usage:120,30,5]][[text:Looking. ]][[tool:bash {"command":"echo made > made.txt","description":"Make"}]][[delay:40]][[chunk:4]][[text:The file is made.]]',
      title: 'Made by an extension',
      timeout: 120_000,
    })
    const joined = told.join('\n')
    assert.match(joined, /^status preparing\nstatus sending\nstatus running/)
    assert.match(joined, /tool bash (pending|running)/)
    assert.match(joined, /status waiting/)
    assert.equal(told.filter((line) => line.startsWith('permission ')).length, 1)
    assert.match(joined, /tool bash completed/)
    assert.ok(told.filter((line) => line.startsWith('text ')).length > 3, joined)
    assert.deepEqual(
      told.filter((line) => /^(completion|error)/.test(line)),
      ['completion'],
    )
    assert.equal(told.at(-1), 'completion')
    assert.equal(result.text, 'The file is made.')
    assert.deepEqual(
      result.files.map((file) => [path.basename(file.path), file.status, file.additions]),
      [['made.txt', 'added', 1]],
    )
    assert.ok(result.files.every((file) => path.isAbsolute(file.path)))
    assert.deepEqual([result.tokens.input, result.tokens.output, result.tokens.reasoning], [240, 50, 10])
    assert.equal(result.cost, 0)
    assert.equal(result.finish, 'stop')
    const session = await example.api.sessions.get(result.sessionID)
    assert.equal(session.title, 'Made by an extension')
    assert.equal(session.status, 'idle')
  })

  it('goes on with a session, and lists, reads and deletes sessions', async () => {
    const { api } = example
    const { id } = await api.sessions.create({ title: 'Of an extension' })
    const result = await api.executeAndWait({ prompt: '[[text:Again.]]', sessionID: id })
    assert.equal(result.sessionID, id)
    assert.equal(result.text, 'Again.')
    const found = await api.sessions.list({ search: 'of an EXTENSION' })
    assert.deepEqual(
      found.map((each) => each.id),
      [id],
    )
    await api.sessions.delete(id)
    await assert.rejects(api.sessions.get(id), { code: 'unknown-session' })
    await assert.rejects(api.executeAndWait({ prompt: 'x', sessionID: id }), { code: 'unknown-session' })
    await assert.rejects(api.sessions.list({ limit: 0 }), { code: 'invalid-request' })
  })

  it('tells what can be used, and refuses what is not there before anything is sent', async () => {
    const { api } = example
    const { agents, models, defaults, serverVersion } = await api.capabilities()
    assert.ok(agents.some(({ name, mode }) => name === 'build' && mode === 'primary'))
    assert.ok(models.some(({ modelID }) => modelID === defaults.model?.modelID))
    assert.match(serverVersion, /^1\./)
    const sessionsBefore = await api.sessions.list()
    await assert.rejects(api.executeAndWait({ prompt: 'x', agent: 'nobody' }), { code: 'unknown-agent' })
    await assert.rejects(api.executeAndWait({ prompt: 'x', agent: 'general' }), { code: 'unknown-agent' })
    await assert.rejects(api.executeAndWait({ prompt: 'x', model: 'mock/none' }), { code: 'unknown-model' })
    await assert.rejects(
      api.executeAndWait({ prompt: 'x', parts: [{ type: 'file', path: '/does/not/exist' }] }),
      (error: { code?: string }) => error.code === 'invalid-part',
    )
    assert.equal((await api.sessions.list()).length, sessionsBefore.length)
  })

  it('tells of a failure of the provider in a typed error', async () => {
    await assert.rejects(example.api.executeAndWait({ prompt: '[[error:401]]' }), (error) => {
      assert.ok(error instanceof example.opencode.ApiError)
      assert.equal(error.code, 'run-failed')
      assert.equal(error.details?.status, 401)
      assert.ok(error.executionID && error.sessionID)
      return true
    })
  })

  describe('cancelled', () => {
    const long = '[[delay:50]][[lorem:2000]]'
    const asks = '[[tool:bash {"command":"sleep 60","description":"Wait"}]][[text:Never]]'

    it('before the start calls exactly one final callback, and starts nothing', async () => {
      const signal = AbortSignal.abort()
      const run = start({ prompt: long, signal })
      await run.ended
      assert.deepEqual(run.finals, ['error cancelled'])
      assert.equal(run.execution.sessionID, undefined)
    })

    it('at once, by the handle, leaves no session behind', async () => {
      const before = await example.api.sessions.list()
      const run = start({ prompt: long })
      assert.equal(await run.execution.cancel(), true)
      assert.deepEqual(run.finals, ['error cancelled'])
      assert.equal((await example.api.sessions.list()).length, before.length)
    })

    for (const pause of [5, 20, 40, 80, 200]) {
      it(`${pause} ms after its start leaves nothing that runs`, async () => {
        const run = start({ prompt: long })
        await sleep(pause)
        const since = Date.now()
        await example.api.cancel(run.execution.id)
        assert.deepEqual(run.finals, ['error cancelled'])
        assert.ok(Date.now() - since < 5_000, 'The cancel took too long.')
        await nothingRuns()
        await sleep(300)
        await nothingRuns()
        assert.deepEqual(run.finals, ['error cancelled'])
      })
    }

    it('while the prompt is on its way ends the run that it starts', async () => {
      const run = start({ prompt: long })
      await until('the sending', () => run.states.includes('sending'))
      await run.execution.cancel()
      assert.deepEqual(run.finals, ['error cancelled'])
      await sleep(1_000)
      await nothingRuns()
    })

    it('in the middle of a text', async () => {
      const run = start({ prompt: long })
      await until('some text', () => run.texts > 2)
      assert.equal(await run.execution.cancel(), true)
      assert.deepEqual(run.finals, ['error cancelled'])
      await nothingRuns()
      const { texts } = run
      await sleep(300)
      assert.equal(run.texts, texts)
    })

    it('while a permission waits, whatever its callback answers later', async () => {
      let answer: (value: 'once') => void = () => undefined
      const late = new Promise<'once'>((resolve) => (answer = resolve))
      const run = start({ prompt: asks }, { onPermission: () => late })
      await until('the question', () => run.states.includes('waiting'))
      await run.execution.cancel()
      answer('once')
      await sleep(500)
      assert.deepEqual(run.finals, ['error cancelled'])
      await nothingRuns()
    })

    it('after the end says that there was nothing to cancel', async () => {
      const run = start({ prompt: '[[text:Done]]' })
      await run.ended
      assert.equal(await run.execution.cancel(), false)
      assert.equal(await example.api.cancel(run.execution.id), false)
      assert.equal(await example.api.cancel('nonsense'), false)
      assert.deepEqual(run.finals, ['completion'])
    })

    it('by its timeout aborts the run on the server', async () => {
      const run = start({ prompt: long, timeout: 1_500 })
      await run.ended
      assert.deepEqual(run.finals, ['error timeout'])
      await nothingRuns()
    })
  })

  it('goes on when callbacks throw', async () => {
    const fail = (): never => {
      throw new Error('A mistake of the caller.')
    }
    const failing = { onStatus: fail, onText: fail, onTool: fail, onCompletion: fail }
    const result = await example.api.executeAndWait({ prompt: '[[text:Still here]]' }, failing)
    assert.equal(result.text, 'Still here')
  })

  it('leaves a permission to the user when the callback has no answer', async () => {
    const { services } = await activated()
    const prompt = '[[tool:bash {"command":"echo asked","description":"Ask"}]][[text:Allowed]]'
    const run = start({ prompt }, { onPermission: () => undefined })
    const { connection } = backendOf(services).server
    assert.ok(connection)
    const directory = await realpath(projectUri().fsPath)
    await until('the question', () => run.states.includes('waiting'))
    const [request] = await connection.readRequests(directory)
    assert.ok(request)
    await connection.replyPermission(request, 'once')
    assert.equal((await run.execution.result).text, 'Allowed')
  })

  it('ends with an error of its own when somebody else stops the run', async () => {
    const { services } = await activated()
    const run = start({ prompt: '[[delay:50]][[lorem:2000]]' })
    await until('some text', () => run.texts > 2)
    const [running] = (await example.api.sessions.list()).filter(({ status }) => status === 'busy')
    assert.equal(running?.id, run.execution.sessionID)
    await backendOf(services).server.connection?.abort(toSessionID(running?.id))
    await run.ended
    assert.deepEqual(run.finals, ['error stopped'])
  })

  it('takes one execution at a time in a session', async () => {
    const { id } = await example.api.sessions.create()
    const first = start({ prompt: '[[delay:50]][[lorem:2000]]', sessionID: id })
    await until('some text', () => first.texts > 0)
    await assert.rejects(example.api.executeAndWait({ prompt: 'x', sessionID: id }), { code: 'session-busy' })
    await first.execution.cancel()
    const { text } = await example.api.executeAndWait({ prompt: '[[text:Free]]', sessionID: id })
    assert.equal(text, 'Free')
  })

  it('ends the runs of an extension whose access is taken back, and lets it start none', async () => {
    const { consents } = await activated()
    const run = start({ prompt: '[[delay:50]][[lorem:2000]]' })
    await until('some text', () => run.texts > 0)
    await consents.set(caller, 'denied')
    await run.ended
    assert.deepEqual(run.finals, ['error consent-denied'])
    await assert.rejects(example.api.executeAndWait({ prompt: 'x' }), { code: 'consent-denied' })
    await assert.rejects(example.api.sessions.list(), { code: 'consent-denied' })
    await consents.set(caller, 'allowed')
  })

  it('ends with an error of its own when the window closes, and leaves nothing that runs', async () => {
    const { executions } = await activated()
    const run = start({ prompt: '[[delay:50]][[lorem:2000]]' })
    await until('some text', () => run.texts > 0)
    const since = Date.now()
    await executions.close()
    assert.deepEqual(run.finals, ['error window-closing'])
    assert.ok(Date.now() - since < 3_000, 'A closing window does not wait so long.')
    await nothingRuns()
  })

  it('ends with an error when the server is stopped', async () => {
    const { services } = await activated()
    const run = start({ prompt: '[[delay:50]][[lorem:2000]]' })
    await until('some text', () => run.texts > 0)
    await backendOf(services).access.stop()
    await run.ended
    assert.equal(run.finals.length, 1)
    assert.match(run.finals[0] ?? '', /^error (server-unavailable|stopped)$/)
  })

  interface Started {
    readonly execution: Execution
    readonly states: ExecutionStatus['state'][]
    readonly finals: string[]
    readonly ended: Promise<unknown>
    texts: number
  }

  function start(request: ExecutionRequest, more: ExecutionCallbacks = {}): Started {
    const states: ExecutionStatus['state'][] = []
    const finals: string[] = []
    const execution = example.api.execute(request, {
      onStatus: ({ state }) => void states.push(state),
      onText: () => {
        started.texts++
      },
      onCompletion: () => void finals.push('completion'),
      onError: ({ code }) => void finals.push(`error ${code}`),
      ...more,
    })
    const started: Started = {
      execution,
      states,
      finals,
      texts: 0,
      ended: execution.result.catch(() => undefined),
    }
    assert.deepEqual(states, [], 'A callback came before the handle.')
    return started
  }

  async function nothingRuns(): Promise<void> {
    const running = (await example.api.sessions.list()).filter(({ status }) => status !== 'idle')
    assert.deepEqual(running, [])
  }
})
