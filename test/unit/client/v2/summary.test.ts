import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { connect } from '../../../../src/client/connect.ts'
import { toSessionID } from '../../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../../src/session/actions.ts'
import { reduceSession } from '../../../../src/session/reducer.ts'
import { emptySession } from '../../../support/emptySession.ts'
import { endpointOf, memoryLog, sendJson, startTestServer } from '../support/testServer.ts'

const sessionID = toSessionID('ses_0000000000ffeTESTSUMMARY000')
const messageID = 'msg_0000000000ffeTESTSUMMARY000'

describe('A summary of 2.x', () => {
  it('shows as it is written, and is whole in the end', async () => {
    let stored: object = { id: messageID, type: 'compaction', status: 'running', time: { created: 1 } }
    let stream: ServerResponse | undefined
    const server = await startTestServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      if (request.headers.authorization === undefined) response.writeHead(401).end()
      else if (path === '/api/info') sendJson(response, 200, { version: '2.0.21', pid: 1 })
      else if (path === '/api/event')
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' })
      else if (path.endsWith('/message')) sendJson(response, 200, { data: [stored], cursor: {} })
      else if (path.endsWith('/inbox')) sendJson(response, 200, { data: [] })
      else if (path.startsWith('/api/'))
        response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    })
    const connection = await connect(endpointOf(server.url), { log: memoryLog() })
    const stop = new AbortController()
    const actions: SessionAction[] = []
    const text = (): string | undefined => {
      const state = actions.reduce(
        reduceSession,
        emptySession({ id: sessionID, title: '', untitled: true, directory: '/', created: 1, updated: 1 }),
      )
      const block = state.messages.at(-1)?.blocks[0]
      return block?.type === 'text' ? `${block.text}${block.open ? '…' : ''}` : undefined
    }
    const tell = (type: string, data: object = {}): void =>
      void stream?.write(`data: ${JSON.stringify({ type, data: { sessionID, ...data } })}\n\n`)
    const until = async (wanted: string): Promise<void> => {
      for (const end = Date.now() + 5_000; text() !== wanted && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 10))
      assert.equal(text(), wanted)
    }
    const following = (async () => {
      for await (const event of connection.events(stop.signal))
        if (event.kind === 'session') actions.push(event.action)
    })()
    await connection.readMessages(sessionID, 10)
    while (stream === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    tell('server.connected')
    tell('session.compaction.delta', { text: 'Of whom nobody knows. ' })
    tell('session.compaction.started', { reason: 'auto' })
    tell('session.compaction.delta', { text: 'The goal ' })
    tell('session.compaction.delta', { text: 'is tea.' })
    await until('The goal is tea.…')
    stored = { ...stored, status: 'completed', summary: 'The goal is tea, with milk.' }
    tell('session.compaction.ended', { reason: 'auto', text: 'The goal is tea, with milk.' })
    await until('The goal is tea, with milk.')
    stop.abort()
    await following
    await connection.close()
    await server.close()
  })
})
