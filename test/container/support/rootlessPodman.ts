import { execFile, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Engine } from '../../../src/server/container/engine.ts'
import { detectEngine } from '../../../src/server/container/engineDetection.ts'

const run = promisify(execFile)

/** A rootless Podman of a user of its own, for tests that run as root. */
export interface RootlessPodman {
  readonly engine: Engine
  readonly uid: number
  readonly gid: number
  /** Whether the user may make networks of its own; if not, containers have to share that of the machine. */
  readonly hasNetwork: boolean
  /** Gives it an image of another engine. */
  load(from: Engine, image: string): Promise<void>
  dispose(): Promise<void>
}

/** Why there can be none here, in a sentence; undefined when there can. */
export async function whyNoRootless(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'the other tests use the engine of an ordinary user already'
  if (process.env['CI'] !== 'true' && process.env['OPENCODE_TEST_MACHINE'] !== '1')
    return 'it adds a user to the machine, which is for test machines only'
  const needed = ['/usr/sbin/useradd', '/usr/bin/newuidmap', '/usr/bin/setpriv', '/usr/bin/podman']
  for (const file of needed) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (!isThere) return `${file} is missing`
  }
  return undefined
}

/** @throws when the kernel does not let an ordinary user have containers */
export async function startRootlessPodman(): Promise<RootlessPodman> {
  const root = await mkdtemp(path.join(tmpdir(), 'opencode-rootless-'))
  await chmod(root, 0o755)
  const name = `opencode${String(process.pid)}`
  const home = path.join(root, 'home')
  await run('useradd', ['--create-home', '--home-dir', home, name])
  const wrapper = path.join(root, 'podman-of-user')
  const dispose = async (): Promise<void> => {
    // Ends the process that holds the user's namespaces.
    await run(wrapper, ['system', 'migrate'], { cwd: tmpdir() }).catch(() => undefined)
    await run('userdel', ['--force', name])
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => idOf(flag, name)))
    if (uid === undefined || gid === undefined) throw new Error('The new user has no numbers.')
    const runtime = path.join(root, 'run')
    const config = path.join(home, '.config/containers')
    await mkdir(runtime, { mode: 0o700 })
    await mkdir(config, { recursive: true })
    // The kernel's own overlay, because not everybody may use FUSE.
    await writeFile(path.join(config, 'storage.conf'), '[storage]\ndriver = "overlay"\n')
    await run('chown', ['-R', `${String(uid)}:${String(gid)}`, home])
    await chown(runtime, uid, gid)
    const drop = `setpriv --reuid ${String(uid)} --regid ${String(gid)} --init-groups`
    const variables = `HOME='${home}' XDG_RUNTIME_DIR='${runtime}' USER='${name}'`
    await writeFile(wrapper, `#!/bin/sh\nexec env ${variables} ${drop} /usr/bin/podman "$@"\n`, {
      mode: 0o755,
    })
    const choice = { engine: wrapper }
    const engine = await detectEngine({ choice, env: process.env, platform: 'linux', timeoutMs: 20_000 })
    const tun = await run('setpriv', [...drop.split(' ').slice(1), 'test', '-w', '/dev/net/tun']).catch(
      () => undefined,
    )
    return {
      engine,
      uid,
      gid,
      hasNetwork: tun !== undefined,
      load: (from, image) => copyImage(from.facts.path, wrapper, image),
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function idOf(flag: string, name: string): Promise<number> {
  return Number((await run('id', [flag, name])).stdout)
}

function copyImage(from: string, into: string, image: string): Promise<void> {
  const save = spawn(from, ['save', image], { stdio: ['ignore', 'pipe', 'ignore'] })
  const load = spawn(into, ['load'], { stdio: ['pipe', 'ignore', 'pipe'], cwd: tmpdir() })
  let words = ''
  load.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  save.stdout.pipe(load.stdin)
  return new Promise((resolve, reject) => {
    save.once('error', reject)
    load.once('error', reject)
    load.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`The image was not loaded: ${words}`)),
    )
  })
}
