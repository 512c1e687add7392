import assert from 'node:assert/strict'
import { chmod, mkdir, symlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type LaunchFacts, leasePlace, startLockPath } from '../../../../src/server/lease/leasePlace.ts'
import { createTempFolder, type TempFolder } from '../support/tools.ts'

describe('The place where windows find each other', () => {
  let folder: TempFolder
  let facts: LaunchFacts

  beforeEach(async () => {
    folder = await createTempFolder()
    const env = { HOME: '/home/me', PATH: '/bin', XDG_RUNTIME_DIR: folder.path, OPENAI_API_KEY: 'a' }
    const binary = { path: '/bin/opencode', version: '1.18.33', source: 'path' } as const
    facts = { binary, env, supervisorPath: '/extension/dist/supervisor.js' }
  })
  afterEach(() => folder.remove())

  const keyWith = async (env: NodeJS.ProcessEnv): Promise<string> =>
    (await leasePlace({ ...facts, env: { ...facts.env, ...env } })).key

  it('is the same for windows that were opened in different ways', async () => {
    const { key } = await leasePlace(facts)
    assert.equal(
      await keyWith({
        PWD: '/x',
        SHLVL: '3',
        TERM: 'dumb',
        VSCODE_PID: '9',
        SSH_TTY: '/dev/pts/1',
        _: '/bin/x',
      }),
      key,
    )
  })

  it('differs where a server would run differently', async () => {
    const keys = await Promise.all([
      keyWith({}),
      keyWith({ HOME: '/home/you' }),
      keyWith({ PATH: '/usr/bin' }),
      keyWith({ XDG_DATA_HOME: '/data' }),
      keyWith({ OPENAI_API_KEY: 'b' }),
      keyWith({ OPENCODE_CONFIG: '/c.json' }),
      leasePlace({ ...facts, binary: { ...facts.binary, version: '1.18.34' } }).then(({ key }) => key),
      leasePlace({ ...facts, binary: { ...facts.binary, path: '/opt/opencode' } }).then(({ key }) => key),
      leasePlace({ ...facts, supervisorPath: '/newer/dist/supervisor.js' }).then(({ key }) => key),
    ])
    assert.equal(new Set(keys).size, keys.length)
  })

  it('has one lock for the start of all servers on the same data', async () => {
    const lock = await startLockPath(facts.env)
    const { lockPath } = await leasePlace({ ...facts, env: { ...facts.env, OPENAI_API_KEY: 'b' } })
    assert.equal(lockPath, lock)
    const spelled = { ...facts.env, XDG_DATA_HOME: '/home/me/.local/share' }
    assert.equal(await startLockPath(spelled), lock)
    assert.notEqual(await startLockPath({ ...facts.env, HOME: '/home/you' }), lock)
  })

  it('is a folder that no other user can look into', async () => {
    await leasePlace(facts)
    const path = join(folder.path, 'opencode-sessions')
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    await chmod(path, 0o755)
    await assert.rejects(leasePlace(facts), /open to other users/)
  })

  it('is not a link that leads elsewhere', async () => {
    await mkdir(join(folder.path, 'elsewhere'), { mode: 0o700 })
    await symlink(join(folder.path, 'elsewhere'), join(folder.path, 'opencode-sessions'))
    await assert.rejects(leasePlace(facts), /not a folder of yours/)
  })
})
