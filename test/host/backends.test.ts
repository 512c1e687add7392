import assert from 'node:assert/strict'
import path from 'node:path'
import { AttachLauncher } from '../../src/server/attachLauncher.ts'
import type { Backend } from '../../src/views/backend/backends.ts'
import { toMessageID, toSessionID } from '../../src/opencode/ids.ts'
import { startLab, type Lab } from '../support/opencodeLab.ts'
import { activated, backendOf, projectUri, until } from './support.ts'

describe('Several servers in one window', function () {
  this.timeout(180_000)
  const project = projectUri().fsPath
  const inner = path.join(project, 'src')
  let lab: Lab
  let added: Backend

  before(async () => {
    lab = await startLab()
    const { services } = await activated()
    const { url, password } = await lab.startServer()
    const launcher = new AttachLauncher({ url, username: 'opencode', password })
    added = services.backends.add(inner, {
      id: 'test:inner',
      profile: { kind: 'url', id: 'test:inner', name: 'Inner', source: 'user', url },
      launcher: () => launcher,
    })
  })
  after(async () => {
    const { services } = await activated()
    await services.backends.remove(inner)
    await backendOf(services).access.stop()
    await lab.dispose()
  })

  it('serve a directory each, and what lies inside of it', async () => {
    const { services } = await activated()
    const { backends } = services
    assert.equal(backends.for(inner), added)
    assert.equal(backends.for(path.join(inner, 'deep')), added)
    assert.notEqual(backends.for(project), added)
    assert.equal(backends.for(`${inner}-not`), backends.for(project))
    assert.deepEqual(added.directories, [inner])
    assert.ok(backends.all.includes(added))
  })

  it('take over a chat that goes into their directory', async () => {
    const { services, view } = await activated()
    const chat = await (await view.reveal()).whenReady()
    await chat.show({ sessionID: undefined, directory: inner })
    assert.equal(chat.backend, added)
    await chat.send('[[text:From the other server.]]', [])
    await until('the answer', () => chat.state.session?.messages.some(({ role }) => role === 'assistant'))
    assert.equal(chat.state.server.kind === 'running' && chat.state.server.origin, 'attached')
    assert.deepEqual(backendOf(services).outbox.entries(), [])
    await until('the end of the run', () => chat.state.session?.status.kind === 'idle')
    assert.match(JSON.stringify(chat.state.session?.messages.at(-1)), /From the other server/)
    await chat.show({ sessionID: undefined, directory: project })
    assert.equal(chat.backend, backendOf(services))
  })

  it('never deliver what was written for another one', async () => {
    const { services, context } = await activated()
    const other = backendOf(services)
    await added.access.stop()
    const sessionID = toSessionID('ses_0123456789abOtherServer000')
    const prompt = { id: toMessageID('msg_0123456789abNeverDelivered'), created: 1, parts: [] }
    added.outbox.add(sessionID, inner, prompt)
    await added.outbox.saved()
    assert.match(JSON.stringify(context.workspaceState.get('outbox:test:inner')), new RegExp(prompt.id))
    assert.doesNotMatch(JSON.stringify(context.workspaceState.get('outbox') ?? ''), new RegExp(prompt.id))
    await other.access.ensure()
    await until('the stream', () => other.server.status.kind === 'running' && other.hub.connection)
    assert.deepEqual(other.outbox.entries(), [])
    assert.equal(added.outbox.entries().length, 1)
    added.outbox.remove(prompt.id)
  })

  it('go with their directory: its chats fall back to the server of the folder', async () => {
    const { services, view } = await activated()
    const chat = await (await view.reveal()).whenReady()
    await chat.show({ sessionID: undefined, directory: inner })
    services.drafts.write(chat.draftKey, 'half a sentence')
    await services.backends.remove(inner)
    assert.equal(services.backends.for(inner), backendOf(services))
    assert.equal(chat.backend, backendOf(services))
    assert.equal(chat.state.draft.text, 'half a sentence')
    assert.equal(added.server.status.kind, 'stopped')
    assert.ok(!services.backends.all.includes(added))
    services.drafts.clear(chat.draftKey)
    await chat.show({ sessionID: undefined, directory: project })
  })
})
