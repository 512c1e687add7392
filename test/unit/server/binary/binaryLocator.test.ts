import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OpencodeError } from '../../../../src/opencode/errors.ts'
import { locateBinary } from '../../../../src/server/binary/binaryLocator.ts'
import type { LocateOptions } from '../../../../src/server/binary/binary.ts'
import { parseLoginPath, readLoginPath } from '../../../../src/server/binary/loginShell.ts'
import { opencodeBinary, repositoryRoot } from '../../../support/opencodeLab.ts'
import { createTempFolder, type TempFolder } from '../support/tools.ts'

describe('The search for OpenCode', () => {
  let folder: TempFolder
  let options: LocateOptions

  beforeEach(async () => {
    folder = await createTempFolder()
    options = {
      setting: undefined,
      env: { PATH: '/usr/bin:/bin' },
      home: folder.path,
      platform: process.platform,
      developmentRoot: undefined,
      systemPlaces: [],
    }
  })
  afterEach(() => folder.remove())

  const put = async (path: string, script: string): Promise<string> => {
    const full = join(folder.path, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return full
  }
  const failure = async (changes: Partial<LocateOptions>): Promise<OpencodeError & { detail: string }> => {
    try {
      await locateBinary({ ...options, ...changes })
    } catch (error) {
      return error as OpencodeError & { detail: string }
    }
    throw new Error('It was found.')
  }

  it('takes the real program that the setting names and asks it for its version', async () => {
    const binary = await locateBinary({ ...options, setting: opencodeBinary() })
    const { version } = JSON.parse(
      await readFile(join(repositoryRoot, 'node_modules/opencode-ai/package.json'), 'utf8'),
    ) as { version: string }
    assert.deepEqual(binary, { path: opencodeBinary(), version, source: 'setting' })
  })

  it('understands a setting below the home folder and a bare name', async () => {
    const path = await put('tools/opencode', 'echo 1.18.0')
    const env = { PATH: dirname(path) }
    assert.equal((await locateBinary({ ...options, setting: '~/tools/opencode' })).path, path)
    assert.equal((await locateBinary({ ...options, setting: 'opencode', env })).path, path)
  })

  it('does not look further when the setting is wrong', async () => {
    const path = await put('tools/opencode', 'echo 1.18.0')
    const error = await failure({ setting: '/nowhere/opencode', env: { PATH: dirname(path) } })
    assert.equal(error.code, 'binary-not-found')
    assert.match(error.message, /\/nowhere\/opencode.*opencodeSessions\.server\.path/)
  })

  it('prefers PATH to the usual install places', async () => {
    const onPath = await put('tools/opencode', 'echo 1.18.0')
    await put('.opencode/bin/opencode', 'echo 1.18.1')
    const binary = await locateBinary({ ...options, env: { PATH: dirname(onPath) } })
    assert.deepEqual(binary, { path: onPath, version: '1.18.0', source: 'path' })
  })

  it('asks the login shell, whatever else its start files print', async () => {
    const path = await put('managed/opencode', 'echo 1.18.0')
    const shell = await put(
      'bin/bash',
      `echo noise; PATH="${dirname(path)}:$PATH"; export PATH; eval "$4"; echo PATH=/wrong`,
    )
    const binary = await locateBinary({ ...options, env: { ...options.env, SHELL: shell } })
    assert.equal(binary.path, path)
    assert.equal(binary.source, 'login-shell')
    assert.match(binary.searchPath ?? '', new RegExp(`^${dirname(path)}:`))
  })

  it('gives up on a login shell that hangs, and on the children that it started', async () => {
    const shell = await put('bin/zsh', 'sleep 300 & sleep 300')
    const start = performance.now()
    assert.equal(await readLoginPath({ PATH: '/usr/bin:/bin', SHELL: shell }, 300), undefined)
    assert.ok(performance.now() - start < 1500)
  })

  it('reads PATH of the real login shell', async () => {
    const path = await readLoginPath({ PATH: '/usr/bin:/bin', HOME: folder.path, SHELL: '/bin/bash' }, 5000)
    assert.match(path ?? '', /\/bin/)
  })

  it('runs no shell that it does not know', async () => {
    const shell = await put(
      'bin/unusual',
      'echo __OPENCODE_SESSIONS_PATH__; env; echo __OPENCODE_SESSIONS_PATH__',
    )
    assert.equal(await readLoginPath({ PATH: '/usr/bin:/bin', SHELL: shell }), undefined)
    assert.equal(parseLoginPath('PATH=/before-the-marker'), undefined)
  })

  for (const place of [
    '.opencode/bin',
    '.local/bin',
    '.bun/bin',
    '.volta/bin',
    '.nvm/versions/node/v24.1.0/bin',
    '.local/share/pnpm',
    '.asdf/shims',
    '.local/share/mise/shims',
    '.npm-global/bin',
  ]) {
    it(`knows the install place ~/${place}`, async () => {
      const path = await put(`${place}/opencode`, 'echo 1.18.0')
      const binary = await locateBinary(options)
      assert.equal(binary.path, path)
      assert.equal(binary.source, 'install-place')
      assert.equal(binary.searchPath, `${dirname(path)}:/usr/bin:/bin`)
    })
  }

  it('takes the newest Node version of nvm first', async () => {
    await put('.nvm/versions/node/v9.0.0/bin/opencode', 'echo 1.18.0')
    const path = await put('.nvm/versions/node/v22.0.0/bin/opencode', 'echo 1.18.0')
    assert.equal((await locateBinary(options)).path, path)
  })

  it('takes the development package last', async () => {
    const development = { ...options, developmentRoot: folder.path }
    await mkdir(join(folder.path, 'node_modules/opencode-ai/bin'), { recursive: true })
    await symlink(opencodeBinary(), join(folder.path, 'node_modules/opencode-ai/bin/opencode.exe'))
    assert.equal((await locateBinary(development)).source, 'development')
    const installed = await put('.opencode/bin/opencode', 'echo 1.18.0')
    assert.equal((await locateBinary(development)).path, installed)
  })

  it('says where it looked and what to do when there is nothing', async () => {
    const error = await failure({})
    assert.equal(error.code, 'binary-not-found')
    assert.match(error.message, /Install it .* or name its program in the setting/)
    assert.match(error.detail, /^\/usr\/bin\/opencode$/m)
    assert.match(error.detail, /^~\/\.opencode\/bin\/opencode$/m)
  })

  it('refuses a version that is too old and names the one to get', async () => {
    const error = await failure({ setting: await put('opencode', 'echo 1.2.26') })
    assert.equal(error.code, 'version-too-old')
    assert.match(error.message, /1\.2\.26 .*1\.2\.27/)
  })

  it('goes on to a newer one when the first on PATH is too old', async () => {
    const old = await put('old/opencode', 'echo 1.0.0')
    const path = await put('.opencode/bin/opencode', 'echo 1.18.0')
    assert.equal((await locateBinary({ ...options, env: { PATH: dirname(old) } })).path, path)
  })

  it('tells what a broken program printed', async () => {
    const error = await failure({ setting: await put('opencode', 'echo "no such library" >&2; exit 1') })
    assert.equal(error.code, 'launch-failed')
    assert.match(error.message, /exit code 1/)
    assert.equal(error.detail, 'no such library')
  })

  it('does not wait long for a program that does not answer', async () => {
    const error = await failure({ setting: await put('opencode', 'exec sleep 300'), versionTimeoutMs: 200 })
    assert.equal(error.code, 'launch-failed')
    assert.match(error.message, /did not answer/)
  })

  it('refuses a program that is something else', async () => {
    const error = await failure({ setting: await put('opencode', 'echo usage: something') })
    assert.equal(error.code, 'launch-failed')
  })
})
