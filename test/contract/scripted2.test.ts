import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startLab, type Lab, type LabServer } from '../support/opencodeLab.ts'

interface Frame {
  readonly type: string
  readonly data: Record<string, unknown>
}

interface Entry {
  readonly id: string
  readonly type: string
  readonly outcome: string
  readonly content: readonly { readonly state: { readonly content: readonly { readonly text: string }[] } }[]
}

interface Body {
  readonly _tag: string
  readonly data: Entry & readonly Entry[]
}

/** The server by itself: what the end-to-end tests and the adapter stand on. */
describe('the scripted 2.x server', function () {
  this.timeout(60_000)
  let lab: Lab
  let server: LabServer

  before(async () => {
    lab = await startLab({ wire: 2 })
    server = await lab.startServer()
  })
  after(() => lab.dispose())

  async function ask(method: string, path: string, body?: unknown, from: LabServer = server) {
    const response = await fetch(from.url + path, {
      method,
      headers: { authorization: from.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return { status: response.status, text, body: (isJson ? JSON.parse(text) : undefined) as Body }
  }

  /** All frames until one is of this type. */
  async function framesUntil(type: string, act: () => Promise<unknown>): Promise<readonly Frame[]> {
    const stop = new AbortController()
    const response = await fetch(`${server.url}/api/event`, {
      headers: { authorization: server.authorization },
      signal: stop.signal,
    })
    assert.ok(response.body)
    const frames: Frame[] = []
    let rest = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body) {
      rest += decoder.decode(bytes, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '' || line.startsWith(':')) continue
        assert.ok(line.startsWith('data: '), line)
        frames.push(JSON.parse(line.slice(6)) as Frame)
      }
      if (frames.length === 1) void act()
      if (frames.at(-1)?.type === type || frames.some((frame) => frame.type === type)) break
    }
    stop.abort()
    return frames
  }

  async function newSession(): Promise<string> {
    const { body } = await ask('POST', '/api/session', { location: { directory: lab.project } })
    return body.data.id
  }

  it('answers what the extension asks a program before it starts it', async () => {
    const { stdout } = await promisify(execFile)('opencode', ['--version'], { env: { ...lab.env } })
    assert.equal(stdout.trim(), '2.0.21')
  })

  it('ends with its standard input when it was started so, and never prints a password that it was given', async () => {
    const env = { ...lab.env, OPENCODE_PASSWORD: 'given' }
    const child = spawn('opencode', ['serve', '--stdio', '--port', '0'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    const reader = createInterface(child.stdout).on('line', (line) => lines.push(line))
    await once(reader, 'line')
    const { url } = JSON.parse(lines[0] ?? '') as { url: string }
    const headers = { authorization: `Basic ${Buffer.from('opencode:given').toString('base64')}` }
    const info = (await (await fetch(`${url}/api/info`, { headers })).json()) as { pid: number }
    assert.equal(info.pid, child.pid)
    child.stdin.end()
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.equal(lines.length, 1)
  })

  it('has a web page for what it does not know, JSON errors below /api, and always a password', async () => {
    assert.match((await ask('GET', '/global/health')).text, /<!doctype html>/)
    assert.equal((await ask('GET', '/api/health')).body._tag, 'NotFoundError')
    const anonymous = await fetch(`${server.url}/api/info`)
    assert.equal(anonymous.status, 401)
    assert.equal(((await anonymous.json()) as Body)._tag, 'UnauthorizedError')
    const missing = await ask('GET', `/api/agent?location%5Bdirectory%5D=${encodeURIComponent('/not/there')}`)
    assert.deepEqual([missing.status, missing.body._tag], [404, 'LocationNotFoundError'])
  })

  it('runs a turn with a tool that asks, in the order of the reference', async () => {
    const id = await newSession()
    const text = '[[reason:Hm.]][[tool:bash {"command":"echo hi"}]][[text:Done.]]'
    const approve = async (): Promise<void> => {
      for (;;) {
        const { body } = await ask('GET', `/api/session/${id}/permission`)
        const [request] = body.data
        if (request) {
          const reply = `/api/session/${id}/permission/${request.id}/reply`
          assert.equal((await ask('POST', reply, { decision: 'once' })).status, 204)
          assert.equal((await ask('POST', reply, { decision: 'once' })).status, 404)
          return
        }
        await sleep(30)
      }
    }
    const frames = await framesUntil('session.execution.succeeded', async () => {
      await ask('POST', `/api/session/${id}/prompt`, { id: 'msg_first', text })
      await approve()
    })
    const types = frames
      .filter((frame) => frame.data['sessionID'] === id && !frame.type.endsWith('.delta'))
      .map(({ type }) => type.replace('session.', ''))
    const named = types.filter((type) => type !== 'renamed')
    assert.deepEqual(named, [
      'inbox.enqueued',
      'execution.started',
      'inbox.delivered',
      'step.started',
      'reasoning.started',
      'reasoning.ended',
      'tool.input.started',
      'tool.input.ended',
      'tool.called',
      'permission.asked',
      'permission.replied',
      'tool.progress',
      'tool.success',
      'step.streamed',
      'step.ended',
      'usage.updated',
      'step.started',
      'text.started',
      'text.ended',
      'step.streamed',
      'step.ended',
      'usage.updated',
      'execution.succeeded',
    ])
    const { body } = await ask('GET', `/api/session/${id}/message?order=asc`)
    assert.deepEqual(
      body.data.map((message) => message.type),
      ['user', 'assistant', 'assistant', 'idle'],
    )
    assert.equal(body.data[1]?.content[1]?.state.content[0]?.text, 'hi\n')
  })

  it('takes a prompt once, knows it again, and refuses another one under its id', async () => {
    const id = await newSession()
    const prompt = { id: 'msg_twice', text: '[[text:Once.]]' }
    assert.equal((await ask('POST', `/api/session/${id}/prompt`, prompt)).status, 200)
    assert.equal((await ask('POST', `/api/session/${id}/prompt`, prompt)).status, 200)
    const other = await ask('POST', `/api/session/${id}/prompt`, { ...prompt, text: 'Another' })
    assert.deepEqual([other.status, other.body._tag], [409, 'ConflictError'])
    assert.equal((await ask('POST', `/api/experimental/session/${id}/wait`)).status, 204)
    const { body } = await ask('GET', `/api/session/${id}/message`)
    assert.equal(body.data.filter((message) => message.type === 'user').length, 1)
  })

  it('ends an interrupted run as the notes say, and keeps its sessions over a restart', async () => {
    const id = await newSession()
    const frames = await framesUntil('session.execution.interrupted', async () => {
      await ask('POST', `/api/session/${id}/prompt`, { text: '[[text:Begun]][[hang]]' })
      await sleep(300)
      assert.deepEqual((await ask('POST', `/api/session/${id}/interrupt`)).body, { interrupted: true })
    })
    const failed = frames.find((frame) => frame.type === 'session.step.failed')
    assert.equal((failed?.data['error'] as Entry | undefined)?.type, 'aborted')
    assert.deepEqual((await ask('POST', `/api/session/${id}/interrupt`)).body, { interrupted: false })
    await server.kill('SIGTERM')
    server = await lab.startServer()
    assert.equal((await ask('GET', `/api/session/${id}`)).body.data.outcome, 'interrupted')
  })
})
