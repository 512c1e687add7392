import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import type { Connection } from '../../src/client/connection.ts'
import type { ContainerHandle } from '../../src/server/container/containerHandle.ts'
import { ask, startContainerTestLab, textOf, type ContainerTestLab } from './support/containerTestLab.ts'

const key = 'sk-never-on-a-disk-123456'

describe('A server in a container', () => {
  let lab: ContainerTestLab

  before(async () => {
    lab = await startContainerTestLab()
  })
  after(() => lab.dispose())

  describe('with the usual settings', () => {
    let handle: ContainerHandle
    let connection: Connection

    before(async () => {
      handle = await lab.launch()
      connection = await lab.connect(handle)
    })
    after(async () => {
      await connection.close()
      await handle.stop()
    })

    it('answers on a loopback port with the pinned version', () => {
      assert.match(handle.endpoint.url, /^http:\/\/127\.0\.0\.1:\d+$/)
      assert.equal(lab.image.kind === 'build' && lab.image.version, connection.version)
    })

    it('runs a prompt, and the files that it makes belong to the user outside', async () => {
      const session = await connection.createSession(lab.lab.project)
      assert.equal(session.directory, lab.lab.project)
      await ask(connection, session, '[[tool:write {"filePath":"made.txt","content":"hello"}]][[text:done]]')
      const made = path.join(lab.lab.project, 'made.txt')
      assert.equal(await textOf(made), 'hello')
      const [file, folder] = await Promise.all([stat(made), stat(lab.lab.project)])
      assert.deepEqual([file.uid, file.gid], [folder.uid, folder.gid])
      assert.equal(file.mode & 0o777, 0o644)
    })

    it('keeps the password out of arguments, environment and settings of the container', async () => {
      const { password } = handle.endpoint
      const [inspected, processes] = await Promise.all([
        lab.podman('inspect', handle.id),
        lab.podman('exec', handle.id, 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'),
      ])
      assert.ok(!inspected.includes(password))
      assert.ok(!processes.includes(password))
      assert.ok(!lab.log.join('\n').includes(password))
    })

    it('keeps the keys of model providers in memory, not in the volume', async () => {
      await connection.setProviderKey('openai', key)
      const stored = await lab.podman(
        'exec',
        handle.id,
        'sh',
        '-c',
        'cat "$XDG_DATA_HOME/opencode/auth.json"',
      )
      assert.ok(stored.includes(key))
      const script = `grep -r -a -l -e ${key} /data --exclude=auth.json; df /run/opencode/auth.json | tail -1`
      const found = await lab.podman('exec', handle.id, 'sh', '-c', script)
      assert.match(found, /^tmpfs\b.*\/run\/opencode$/m)
      assert.ok(!(await lab.podman('inspect', handle.id)).includes(key))
      assert.ok(!found.includes('/data/'))
    })

    it('passes the health check of its image', async () => {
      await lab.podman('healthcheck', 'run', handle.id)
    })

    it('has no rights that it does not need', async () => {
      const status = await lab.podman('exec', handle.id, 'sh', '-c', 'cat /proc/1/status')
      assert.match(status, /^CapEff:\s*0+$/m)
      assert.match(status, /^NoNewPrivs:\s*1$/m)
    })

    it('ends in less than a second and leaves nothing but the volume', async () => {
      await connection.disposeAll()
      const started = performance.now()
      await handle.stop()
      const took = performance.now() - started
      // Other programs of the machine make it wait, not the container.
      assert.ok(took < 1000 * Math.max(1, loadavg()[0] ?? 1), `${took} ms`)
      assert.equal(await lab.engine.state(handle.id), undefined)
      const { code, reason } = await handle.exited
      assert.deepEqual([code, reason], [143, undefined])
    })

    it('finds its sessions again in the next container', async () => {
      const next = await lab.launch()
      const again = await lab.connect(next)
      const sessions = await again.listSessions({ directory: lab.lab.project })
      assert.equal(sessions.length, 1)
      // Nothing of the key has outlived the container.
      const script = `grep -r -a -l -e ${key} /data; cat /data/share/opencode/auth.json 2>&1; true`
      const left = await lab.podman('exec', next.id, 'sh', '-c', script)
      assert.doesNotMatch(left, /^\/data|sk-never/m)
      assert.ok(!(await lab.podman('inspect', next.id)).includes(key))
      await again.close()
      await next.stop()
    })
  })
})
