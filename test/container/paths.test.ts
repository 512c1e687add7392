import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Connection, ServerEvent } from '../../src/client/connection.ts'
import { newBlockID } from '../../src/opencode/newIds.ts'
import type { Block, Session } from '../../src/session/model.ts'
import type { ContainerHandle } from '../../src/server/container/containerHandle.ts'
import {
  ask,
  giveTo,
  startContainerTestLab,
  textOf,
  type ContainerTestLab,
} from './support/containerTestLab.ts'

describe('A workspace in a container', () => {
  let lab: ContainerTestLab
  let project: string

  before(async () => {
    lab = await startContainerTestLab()
    project = lab.lab.project
  })
  after(() => lab.dispose())

  describe('at another path and with another owner', () => {
    const owner = { uid: 1234, gid: 1234 }
    let handle: ContainerHandle
    let connection: Connection
    let session: Session
    const seen: ServerEvent[] = []
    const controller = new AbortController()

    before(async () => {
      await giveTo(project, owner)
      handle = await lab.launch({ workspaceTarget: '/workspace/elsewhere' })
      connection = await lab.connect(handle)
      void collect(connection.events(controller.signal), seen)
      session = await connection.createSession(project)
    })
    after(async () => {
      controller.abort()
      await connection.close()
      await handle.stop()
      await giveTo(project, { uid: 0, gid: 0 })
    })

    it('tells the path outside for a session that runs inside', async () => {
      assert.equal(session.directory, project)
      const listed = await connection.listSessions({ directory: project })
      assert.deepEqual(
        listed.map(({ directory }) => directory),
        [project],
      )
      const inside = await lab.podman('exec', handle.id, 'pwd')
      assert.equal(inside.trim(), '/workspace/elsewhere')
    })

    it('reads a file that the prompt names by its path outside', async () => {
      const file = path.join(project, 'a.txt')
      await ask(connection, session, '[[text:read it]]', [
        { type: 'file', id: newBlockID(Date.now()), path: file, name: 'a.txt', mime: 'text/plain' },
      ])
      const blocks = await blocksOf(connection, session)
      assert.ok(blocks.some((block) => block.type === 'file' && block.path === file))
      assert.ok(lab.lab.model.requests.some(({ body }) => JSON.stringify(body).includes('three')))
    })

    it('names the files of tools by their paths outside, and they belong to the owner', async () => {
      await ask(
        connection,
        session,
        '[[tool:edit {"filePath":"/workspace/elsewhere/a.txt","oldString":"two","newString":"2"}]][[text:done]]',
      )
      const file = path.join(project, 'a.txt')
      assert.equal(await textOf(file), 'one\n2\nthree\n')
      const { uid, gid } = await stat(file)
      assert.deepEqual({ uid, gid }, owner)
      const tool = (await blocksOf(connection, session)).find((block) => block.type === 'tool')
      assert.equal(tool?.input['filePath'], file)
      assert.ok(!JSON.stringify(tool.files ?? []).includes('/workspace/elsewhere'))
    })

    it('names files in events by their paths outside', () => {
      const edited = seen.find((event) => event.kind === 'file-edited')
      assert.equal(edited?.path, path.join(project, 'a.txt'))
      assert.ok(
        seen.every(
          (event) => !('directory' in event) || event.directory === undefined || event.directory === project,
        ),
      )
    })

    it('finds files by name', async () => {
      const found = await connection.findFiles(project, 'sum', 5)
      assert.ok(found.some((name) => name.endsWith('sum.py')))
    })
  })

  describe('that may only be read', () => {
    it('is not changed, whatever a tool tries', async () => {
      const handle = await lab.launch({ isReadOnly: true })
      const connection = await lab.connect(handle)
      const before = await readdir(project)
      const session = await connection.createSession(project)
      await ask(
        connection,
        session,
        '[[tool:bash {"command":"touch sneaked.txt","description":"try"}]][[text:tried]]',
      )
      const tool = (await blocksOf(connection, session)).find((block) => block.type === 'tool')
      assert.match(tool?.output ?? '', /read-only file system/i)
      assert.deepEqual(await readdir(project), before)
      await connection.close()
      await handle.stop()
    })
  })

  it('is refused when the user inside cannot write it', async () => {
    await assert.rejects(lab.launch({ user: { uid: 4321, gid: 4321 } }), { code: 'mount-failed' })
    assert.equal((await lab.engine.list([`opencode-sessions.workspace=${project}`])).length, 0)
  })

  it('shows further folders where they are wanted', async () => {
    const extra = path.join(lab.lab.root, 'home')
    const handle = await lab.launch({ mounts: [{ source: extra, target: '/mnt/extra', isReadOnly: true }] })
    const state = await lab.podman('exec', handle.id, 'sh', '-c', 'grep /mnt/extra /proc/mounts')
    assert.match(state, / ro,/)
    await handle.stop()
  })

  it('is refused when the folder is gone', async () => {
    await assert.rejects(lab.launch({ workspace: path.join(lab.lab.root, 'nowhere') }), {
      code: 'launch-failed',
    })
    const source = path.join(lab.lab.root, 'nowhere')
    await assert.rejects(lab.launch({ mounts: [{ source }] }), { code: 'mount-failed' })
  })
})

async function blocksOf(connection: Connection, session: Session): Promise<readonly Block[]> {
  const page = await connection.readMessages(session.id, 50)
  return page.messages.flatMap(({ blocks }) => blocks)
}

async function collect(events: AsyncIterable<ServerEvent>, seen: ServerEvent[]): Promise<void> {
  for await (const event of events) seen.push(event)
}
