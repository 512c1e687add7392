import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { offlineEnvironment, opencodeBinary, scriptedProvider } from '../../scripts/lib/opencode.ts'
import { processesWithHome } from '../../scripts/lib/processes.ts'
import { inRepository } from '../../scripts/lib/repository.ts'
import { startScriptedModel, type ScriptedModel } from '../../scripts/lib/scriptedModel.ts'
import { installScripted2 } from './scripted2/install.ts'

export { opencodeBinary, offlineEnvironment } from '../../scripts/lib/opencode.ts'
export { repositoryRoot } from '../../scripts/lib/repository.ts'

/** A private world for real OpenCode servers: own home, own project, a scripted model, no network. */
export interface Lab {
  /** Temporary folder that holds all of it; removed by `dispose`. */
  readonly root: string
  readonly home: string
  /** Real path of a git repository with a few committed files. */
  readonly project: string
  readonly modelUrl: string
  readonly model: ScriptedModel
  readonly wire: Wire
  /** The `opencode` that its servers run. */
  readonly program: string
  /** Where its servers keep provider keys and logins. */
  readonly keysFile: string
  /** Everything a child process needs; it replaces `process.env`, it is not merged with it. */
  readonly env: Readonly<Record<string, string>>
  /** Starts `opencode serve` on a free port and resolves when it answers its first health request. */
  startServer(options?: ServerOptions): Promise<LabServer>
  /** Writes `opencode.json` of the project anew, with these keys over the usual ones. */
  configure(changes: Readonly<Record<string, unknown>>): Promise<void>
  /** Stops the servers and the model, and removes the folder. */
  dispose(): Promise<void>
}

export interface ServerOptions {
  readonly port?: number
  /** `''` starts a server without authentication (2.x has none such: it makes a password up); random when left out. */
  readonly password?: string
  /** Working directory of the server; the project when left out. */
  readonly directory?: string
}

export interface LabServer {
  readonly url: string
  readonly port: number
  readonly username: 'opencode'
  readonly password: string
  readonly pid: number
  /** Value of an Authorization header; empty for a server without a password. */
  readonly authorization: string
  /** Ends it without a farewell; resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Disposes its instances (which ends running tools) and then ends it. Idempotent. */
  stop(): Promise<void>
}

export interface LabOptions {
  /** Folder to use instead of a new temporary one; it is kept by `dispose`. */
  readonly root?: string
  /** Files of the project, by relative path, instead of the usual ones. */
  readonly files?: Readonly<Record<string, string>>
  /** Keys over those of the usual `opencode.json`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Whether there is a third model, `gpt-scripted`, that changes files by `apply_patch`; no unless told. */
  readonly patching?: boolean
  /** Which line of OpenCode: the real 1.x program, or the scripted 2.x server in its place. */
  readonly wire?: Wire
}

export type Wire = 1 | 2

/** `OPENCODE_TEST_WIRE=2` runs tests that do not choose on the scripted 2.x server. */
export const usualWire: Wire = process.env['OPENCODE_TEST_WIRE'] === '2' ? 2 : 1

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const root = await realpath(options.root ?? (await mkdtemp(path.join(tmpdir(), 'opencode-lab-'))))
  const home = path.join(root, 'home')
  const project = path.join(root, 'project')
  await mkdir(home, { recursive: true })
  const model = await startScriptedModel()
  const configure = (changes: Readonly<Record<string, unknown>>) =>
    writeConfig(project, { ...modelConfig(model.url, options.patching), ...changes })
  const wire = options.wire ?? usualWire
  const program = wire === 2 ? await installScripted2(path.join(root, 'bin')) : opencodeBinary()
  const env = labEnvironment(home, program)
  await writeFiles(project, options.files ?? sampleFiles)
  await configure(options.config ?? {})
  await commitAll(project, env)
  const servers = new Set<LabServer>()
  return {
    root,
    home,
    project,
    model,
    modelUrl: model.url,
    wire,
    program,
    keysFile: path.join(home, '.local', 'share', 'opencode', wire === 2 ? 'credentials.json' : 'auth.json'),
    env,
    configure,
    startServer: async (serverOptions = {}) => {
      const server = await startServer({ env, program, wire, directory: project, ...serverOptions })
      servers.add(server)
      return server
    },
    dispose: async () => {
      await Promise.all([endShared(home), ...[...servers].map((server) => server.stop())])
      await model.close()
      if (options.root === undefined)
        await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** Servers that windows share wait a while for them to come back; when the lab goes, they need not. */
async function endShared(home: string): Promise<void> {
  const supervisors = async () =>
    (await processesWithHome(home)).filter(({ command }) => command.includes('supervisor.js'))
  for (const { pid } of await supervisors()) {
    try {
      process.kill(pid, 'SIGTERM')
    } catch {
      // It has just ended by itself.
    }
  }
  const end = Date.now() + 10_000
  while (Date.now() < end && (await supervisors()).length > 0) await sleep(50)
}

/** `opencode.json` that knows the scripted model and nothing else; edits and commands are asked for. */
export function modelConfig(modelUrl: string, patching = false): Readonly<Record<string, unknown>> {
  const ids = { large: 'mock', small: 'mock-small', patching: patching ? 'gpt-scripted' : undefined }
  return {
    $schema: 'https://opencode.ai/config.json',
    model: 'mock/mock',
    small_model: 'mock/mock-small',
    enabled_providers: ['mock'],
    autoupdate: false,
    share: 'manual',
    provider: { mock: scriptedProvider(modelUrl, ids) },
    permission: { bash: 'ask', edit: 'ask' },
  }
}

/** A whole environment for a child: private home, that `opencode` first on PATH, no network. */
function labEnvironment(home: string, program = opencodeBinary()): Readonly<Record<string, string>> {
  const inherited = ['PATH', 'LANG', 'LC_ALL', 'TERM', 'TMPDIR', 'SystemRoot', 'ComSpec', 'PATHEXT']
  const kept = inherited.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  )
  return {
    ...Object.fromEntries(kept),
    PATH: [path.dirname(program), inRepository('node_modules', '.bin'), process.env['PATH'] ?? ''].join(
      path.delimiter,
    ),
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    XDG_STATE_HOME: path.join(home, '.local', 'state'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    GIT_CONFIG_NOSYSTEM: '1',
    ...offlineEnvironment,
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port was found.')
  return address.port
}

const sampleFiles: Readonly<Record<string, string>> = {
  'README.md': '# Sample\n\nA small project for tests.\n',
  'src/greeting.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name\n}\n",
  'src/sum.py': 'def add(a, b):\n    return a + b\n',
  'a.txt': 'one\ntwo\nthree\n',
}

async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(root, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true })
    await writeFile(path.join(root, name), content)
  }
}

async function writeConfig(project: string, config: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(path.join(project, 'opencode.json'), `${JSON.stringify(config, null, 2)}\n`)
}

const run = promisify(execFile)

async function commitAll(project: string, env: Readonly<Record<string, string>>): Promise<void> {
  const who = ['-c', 'user.name=Lab', '-c', 'user.email=lab@localhost', '-c', 'init.defaultBranch=main']
  for (const command of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-q', '--allow-empty', '-m', 'Start'],
  ]) {
    await run('git', [...who, ...command], { cwd: project, env: { ...env } })
  }
}

interface StartOptions extends ServerOptions {
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  readonly program: string
  readonly wire: Wire
}

async function startServer(options: StartOptions): Promise<LabServer> {
  const port = options.port ?? (await freePort())
  const isOpen = options.password === '' && options.wire === 1
  const password = isOpen ? '' : options.password || randomBytes(12).toString('base64url')
  const child = spawn(options.program, ['serve', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: options.directory,
    env: { ...options.env, ...(password === '' ? {} : { OPENCODE_SERVER_PASSWORD: password }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  killWithThisProcess(child)
  const url = await readyLine(child)
  const server = labServer(child, { url, port, password })
  await waitForHealth(server, options.wire === 2 ? '/api/info' : '/global/health')
  return server
}

/** A test run that ends early must not leave servers behind. */
function killWithThisProcess(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
}

/** The first request of a starting server may never be answered, so nothing is asked before this line. */
function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => {
      fail('opencode serve was not ready within 90 s')
    }, 90_000)
    const fail = (reason: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${reason}.\n${output.slice(-2000)}`))
    }
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const url = /listening on (http:\/\/\S+)/.exec(output)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => {
      fail(`opencode did not start: ${error.message}`)
    })
    child.once('exit', (code) => {
      fail(`opencode serve ended with ${String(code)}`)
    })
  })
}

function labServer(child: ChildProcess, facts: { url: string; port: number; password: string }): LabServer {
  const { url, port, password } = facts
  const authorization =
    password === '' ? '' : `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve()
    }),
  )
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (isRunning()) child.kill(signal)
    await exited
  }
  return {
    url,
    port,
    password,
    authorization,
    username: 'opencode',
    pid: child.pid ?? 0,
    kill,
    stop: async () => {
      if (!isRunning()) return
      const headers = authorization === '' ? undefined : { authorization }
      await fetch(`${url}/global/dispose`, {
        method: 'POST',
        ...(headers ? { headers } : {}),
        signal: AbortSignal.timeout(5000),
      }).catch(() => undefined)
      await kill('SIGTERM')
    },
  }
}

async function waitForHealth(server: LabServer, route: string): Promise<void> {
  const headers: Record<string, string> =
    server.authorization === '' ? {} : { authorization: server.authorization }
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const response = await fetch(server.url + route, {
      headers,
      signal: AbortSignal.timeout(1000),
    }).catch(() => undefined)
    if (response?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await server.kill()
  throw new Error('opencode serve never answered a health request.')
}
