import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { labels } from '../../src/server/container/containerOwner.ts'
import { ask, startContainerTestLab, useModel, type ContainerTestLab } from './support/containerTestLab.ts'

describe('The network of a container', () => {
  let lab: ContainerTestLab

  before(async () => {
    lab = await startContainerTestLab()
  })
  after(() => lab.dispose())

  it('can be that of the machine', async () => {
    await useModel(lab.lab, lab.lab.modelUrl)
    const handle = await lab.launch({ network: { kind: 'host' } })
    const connection = await lab.connect(handle)
    const session = await connection.createSession(lab.lab.project)
    await ask(connection, session, '[[text:over loopback]]')
    const port = new URL(handle.endpoint.url).port
    const listening = await lab.podman('exec', handle.id, 'sh', '-c', 'cat /proc/net/tcp')
    const hex = Number(port).toString(16).toUpperCase().padStart(4, '0')
    assert.match(listening, new RegExp(`0100007F:${hex} 00000000:0000 0A`), 'it listens on loopback only')
    await handle.leave()
    const again = await lab.launch({ network: { kind: 'host' } })
    assert.equal(again.id, handle.id, 'and can be taken over')
    await connection.close()
    await again.stop()
  })

  it('can be closed to all but the model provider', async () => {
    await useModel(lab.lab, lab.modelUrlInside)
    const provider = new URL(lab.modelUrlInside).host
    const handle = await lab.launch({ network: { kind: 'provider', hosts: [provider] } })
    const connection = await lab.connect(handle)
    const session = await connection.createSession(lab.lab.project)
    await ask(connection, session, '[[text:through the gateway]]')

    const routes = await lab.podman('exec', handle.id, 'sh', '-c', 'cat /proc/net/route')
    assert.ok(!/^\w+\t00000000\t/m.test(routes), 'there is no way out by itself')
    const script = path.join(lab.lab.project, 'ask.js')
    await writeFile(
      script,
      `for (const url of ['http://${provider}/v1/models', 'http://host.containers.internal:1/', 'https://example.com/'])
         console.log(await fetch(url).then((answer) => answer.status, () => 'failed'))`,
    )
    // The same runtime as the server has, told about the gateway the same way.
    const answers = await lab.podman(
      ...['exec', handle.id, 'sh', '-c', `. /run/opencode/environment; BUN_BE_BUN=1 opencode ${script}`],
    )
    assert.match(answers, /^200\n403\n(403|failed)\n$/)

    await connection.close()
    await handle.stop()
    assert.deepEqual(await lab.engine.list([`${labels.workspace}=${lab.lab.project}`]), [])
    assert.ok(!(await lab.podman('network', 'ls')).includes(handle.name))
  })

  it('needs host names where it is closed', async () => {
    const bad = { network: { kind: 'provider', hosts: ['http://x/'] } } as const
    await assert.rejects(lab.launch(bad), { code: 'invalid-argument' })
    await assert.rejects(lab.launch({ network: { kind: 'provider', hosts: [] } }), {
      code: 'invalid-argument',
    })
  })
})
