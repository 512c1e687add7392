import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from '../../../../src/client/connect.ts'
import type { Connection } from '../../../../src/client/connection.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import type { SessionID } from '../../../../src/opencode/ids.ts'
import { newBlockID, newMessageID } from '../../../../src/opencode/newIds.ts'
import type { PermissionRequest } from '../../../../src/session/model.ts'
import { startLab } from '../../../support/opencodeLab.ts'
import type { Lab } from '../../../support/opencodeLab.ts'
import { eventually } from '../../sync/support/settled.ts'

const quiet = { debug() {}, info() {}, warn() {} }

/** Groups that only some servers have. */
describe('What only the 2.x wire has', function () {
  this.timeout(30_000)
  let lab: Lab
  let connection: Connection
  let id: SessionID

  before(async () => {
    lab = await startLab({ wire: 2 })
    const { url, username, password } = await lab.startServer()
    connection = await connect({ url, username, password }, { log: quiet })
  })
  after(async () => {
    await connection.close()
    await lab.dispose()
  })
  beforeEach(async () => {
    id = (await connection.createSession(lab.project)).id
  })

  /** Of the group under test; its being there is part of each test. */
  function group<K extends keyof Connection>(name: K): NonNullable<Connection[K]> {
    const found = connection[name]
    assert.ok(found)
    return found
  }

  async function send(text: string): Promise<void> {
    const parts = [{ type: 'text', id: newBlockID(Date.now()), text } as const]
    await connection.prompt(id, { id: newMessageID(Date.now()), created: Date.now(), parts })
  }

  async function permission(): Promise<PermissionRequest> {
    let found: PermissionRequest | undefined
    await eventually(async () => {
      const [request] = await connection.readRequests(lab.project)
      assert.equal(request?.kind, 'permission')
      found = request
    }, 10_000)
    assert.ok(found)
    return found
  }

  const idle = () =>
    eventually(async () => assert.equal((await connection.readStatus(lab.project)).has(id), false), 10_000)

  it('tells what was allowed "always", and asks again when it is revoked', async () => {
    const rules = group('savedRules')
    const text = '[[tool:bash {"command":"echo saved","description":"Say"}]][[text:Said.]]'
    await send(text)
    await connection.replyPermission(await permission(), 'always')
    await idle()
    const [rule, ...others] = await rules.list(lab.project)
    assert.deepEqual([rule?.action, rule?.pattern, others.length], ['shell', 'echo *', 0])
    await send(text)
    await idle()
    assert.ok(rule)
    await rules.revoke(rule.id)
    await rules.revoke(rule.id)
    assert.deepEqual(await rules.list(lab.project), [])
    await send(text)
    await connection.replyPermission(await permission(), 'reject')
    await idle()
  })

  it('lists a running command, leaves it to itself and ends it', async () => {
    const shells = group('shells')
    await send('[[tool:bash {"command":"echo begun; sleep 60","description":"Wait"}]][[text:Not waiting.]]')
    await connection.replyPermission(await permission(), 'once')
    await eventually(async () => assert.equal((await shells.list(lab.project)).length, 1), 10_000)
    const [shell] = await shells.list(lab.project)
    assert.ok(shell)
    assert.deepEqual([shell.command, shell.sessionID], ['echo begun; sleep 60', id])
    await shells.toBackground(id)
    await idle()
    assert.match(JSON.stringify((await connection.readMessages(id, 20)).messages), /Not waiting\./)
    assert.equal(await shells.output(lab.project, shell.id), 'begun\n')
    await shells.stop(lab.project, shell.id)
    await eventually(async () => assert.deepEqual(await shells.list(lab.project), []), 10_000)
    await shells.stop(lab.project, 'shl_nothing')
  })

  it('gives the commands of a session an environment of their own', async () => {
    await group('environment').set(id, { GREETING: 'hello there' })
    await send('[[tool:bash {"command":"echo $GREETING","description":"Greet"}]][[text:Greeted.]]')
    await connection.replyPermission(await permission(), 'once')
    await idle()
    assert.match(JSON.stringify((await connection.readMessages(id, 20)).messages), /hello there/)
  })

  it('reads the course of a session to its end', async () => {
    await send('[[text:Written down.]]')
    await idle()
    const entries = await group('journal').read(id)
    const types = entries.map(({ type }) => type)
    assert.equal(types[0], 'session.created')
    assert.ok(types.includes('session.execution.succeeded'))
    assert.ok(!types.includes('session.text.delta'))
    assert.deepEqual(
      entries.map(({ number }) => number),
      entries.map(({ number }) => number).toSorted((left, right) => left - right),
    )
    assert.match(JSON.stringify(entries), /Written down\./)
  })

  it('makes, lists and removes working copies, and works in them', async () => {
    const worktrees = group('worktrees')
    const before = await worktrees.list(lab.project)
    assert.deepEqual(
      before.map(({ directory }) => directory),
      [lab.project],
    )
    const made = await worktrees.create(lab.project, 'try/this')
    assert.ok(existsSync(path.join(made, 'opencode.json')))
    assert.deepEqual(
      (await worktrees.list(made)).map(({ directory }) => directory),
      [lab.project, made],
    )
    const session = await connection.createSession(made)
    assert.equal(session.directory, made)
    await writeFile(path.join(made, 'new.txt'), 'mine\n')
    await assert.rejects(
      () => worktrees.remove(lab.project, made, false),
      (error: unknown) => error instanceof OpencodeError && error.code === 'conflict',
    )
    await worktrees.remove(lab.project, made, true)
    assert.ok(!existsSync(made))
    assert.equal((await worktrees.list(lab.project)).length, 1)
  })

  it('says what was not committed', async () => {
    const control = group('versionControl')
    const file = path.join(lab.project, 'README.md')
    await writeFile(file, 'Changed.\n')
    try {
      const { branch, files } = await control.changes(lab.project)
      assert.equal(branch, 'main')
      assert.deepEqual(
        files.map((each) => [each.path, each.status, each.additions]),
        [[file, 'modified', 1]],
      )
      const [diff] = await control.diff(lab.project)
      assert.match(diff?.patch ?? '', /\+Changed\./)
    } finally {
      execFileSync('git', ['checkout', '--', '.'], { cwd: lab.project })
    }
  })

  it('lists, renames and forgets the accounts of a provider', async () => {
    const accounts = group('accounts')
    await connection.setProviderKey('mock', 'sk-secret-key-of-the-test')
    // Without a reload, which all clients of a shared service would notice.
    assert.equal(connection.providers.isEffectiveAtOnce, true)
    const mock = (await connection.providers.list(lab.project)).find(({ id: each }) => each === 'mock')
    assert.equal(mock?.source?.kind, 'key')
    const [own] = await accounts.list(lab.project)
    assert.deepEqual([own?.providerID, own?.label, own?.kind, own?.isOwn], ['mock', 'VS Code', 'key', true])
    assert.ok(own)
    assert.doesNotMatch(JSON.stringify(await accounts.list(lab.project)), /secret/)
    await accounts.rename(own.id, 'At work')
    assert.deepEqual(
      (await accounts.list(lab.project)).map(({ label, isOwn }) => [label, isOwn]),
      [['At work', false]],
    )
    await accounts.remove(own.id)
    assert.deepEqual(await accounts.list(lab.project), [])
  })

  it('drops for good what is undone, without a prompt', async () => {
    await send('Keep [[text:Kept.]]')
    await idle()
    await send('Drop [[text:Dropped.]]')
    await idle()
    const { messages } = await connection.readMessages(id, 20)
    const prompt = messages.filter(({ role }) => role === 'user').at(-1)
    assert.ok(prompt)
    const undone = await connection.history.undo(id, { messageID: prompt.id })
    assert.equal(undone.revertedFrom, prompt.id)
    await connection.history.commitUndo(id)
    assert.equal((await connection.getSession(id)).revertedFrom, undefined)
    assert.doesNotMatch(JSON.stringify((await connection.readMessages(id, 20)).messages), /Dropped/)
  })
})
