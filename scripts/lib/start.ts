import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { bundle } from './bundle.ts'
import { hasUsableModel, readFolderModels, scriptedConfig } from './modelChoice.ts'
import { offlineEnvironment, opencodeBinary } from './opencode.ts'
import { cacheFolder, inRepository, repositoryRoot } from './repository.ts'
import { ensureSampleProject } from './sampleProject.ts'
import { startScriptedModel } from './scriptedModel.ts'
import { prepareContainerStart } from './startContainer.ts'
import { parseStartOptions, type StartOptions } from './startOptions.ts'
import { startVscodeServer } from './vscodeServer.ts'

/**
 * Opens a real VS Code with the extension of this working tree: desktop VS Code when there is one, otherwise (or with
 * `--no-open` or `--port`) a workbench in the browser. Resolves when it is ready; Ctrl+C stops all that was started.
 */
export async function start(args: readonly string[]): Promise<void> {
  const options = parseStartOptions(args, process.env['INIT_CWD'] ?? process.cwd())
  const stops: (() => Promise<void>)[] = []
  stopOnSignals(stops)
  const folder = await openFolder(options.folder)
  await bundle({ production: false })
  const session = await prepare({ options, folder, env: environment(options), stops, settings: {} })
  const desktop = options.open && options.port === undefined ? findDesktop() : undefined
  if (desktop !== undefined) await openDesktop(desktop, session)
  else await openWorkbench(session)
}

/** Chooses where OpenCode runs and which model answers. */
async function prepare(session: Session): Promise<Session> {
  const { options, folder, env, stops } = session
  if (!options.container) return { ...session, env: await withModel(session) }
  const { offline } = options
  return { ...session, settings: await prepareContainerStart({ folder, offline, env, stops }) }
}

interface Session {
  readonly options: StartOptions
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** What Ctrl+C must end, in the order of their start. */
  readonly stops: (() => Promise<void>)[]
  /** User settings of the window. */
  readonly settings: Readonly<Record<string, unknown>>
}

const stateFolder = path.join(cacheFolder, 'start')

async function openFolder(folder: string | undefined): Promise<string> {
  if (folder === undefined) return realpath(await ensureSampleProject(path.join(stateFolder, 'sample')))
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}.`)
  return realpath(folder)
}

/** The caller's environment, with a state of OpenCode that is separate from the user's own. */
function environment(options: StartOptions): Readonly<Record<string, string>> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const bin = [path.dirname(opencodeBinary()), inRepository('node_modules', '.bin')]
  return {
    ...Object.fromEntries(own.filter(([name]) => !name.startsWith('npm_') && name !== 'INIT_CWD')),
    PATH: [...bin, process.env['PATH'] ?? ''].join(path.delimiter),
    XDG_CONFIG_HOME: path.join(stateFolder, 'xdg', 'config'),
    XDG_DATA_HOME: path.join(stateFolder, 'xdg', 'data'),
    XDG_STATE_HOME: path.join(stateFolder, 'xdg', 'state'),
    XDG_CACHE_HOME: path.join(stateFolder, 'xdg', 'cache'),
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    ...(options.offline ? offlineEnvironment : {}),
  }
}

/** Adds the scripted model when it was asked for or nothing else can answer. */
async function withModel({
  options,
  folder,
  env,
  stops,
}: Session): Promise<Readonly<Record<string, string>>> {
  const found = await readFolderModels(folder, env)
  if (!options.offline && (await hasUsableModel(found))) return env
  const model = await startScriptedModel()
  stops.push(() => model.close())
  const why = options.offline ? '--offline' : 'no usable model provider was found'
  console.log(
    `Model: scripted model (offline), because ${why}. Its answers are canned; nothing leaves this machine.`,
  )
  return { ...env, ...offlineEnvironment, OPENCODE_CONFIG_CONTENT: scriptedConfig(model.url, found) }
}

function findDesktop(): string | undefined {
  const named = process.env['VSCODE_EXECUTABLE']
  if (named !== undefined) return named
  const names = process.platform === 'win32' ? ['code.cmd'] : ['code']
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  return folders
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file))
}

async function openDesktop(program: string, { folder, env, stops, settings }: Session): Promise<void> {
  const isPlain = Object.keys(settings).length === 0
  const profile = path.join(stateFolder, isPlain ? 'desktop' : 'desktop-container')
  if (!isPlain) await addSettings(path.join(profile, 'User', 'settings.json'), settings)
  const places = ['--user-data-dir', profile]
  const args = ['--new-window', '--wait', `--extensionDevelopmentPath=${repositoryRoot}`, ...places, folder]
  const child = spawn(program, args, { env, stdio: 'inherit', shell: process.platform === 'win32' })
  stops.push(() => Promise.resolve(void child.kill()))
  child.once('exit', () => void stopAll(stops))
  console.log(`Opened ${folder} in ${program}. Close its window or press Ctrl+C to stop.`)
}

/** Over what stands there, as far as it can be read without the comments that people may write. */
async function addSettings(file: string, settings: Session['settings']): Promise<void> {
  const before = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as object)
    .catch(() => ({}))
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, JSON.stringify({ ...before, ...settings }, null, 2))
}

async function openWorkbench({ options, folder, env, stops, settings }: Session): Promise<void> {
  const port = await choosePort(options.port)
  const dataDirectory = path.join(stateFolder, 'workbench')
  await mkdir(dataDirectory, { recursive: true })
  const server = await startVscodeServer({
    port,
    dataDirectory,
    env,
    settings: { 'opencodeSessions.server.path': opencodeBinary(), ...settings },
  })
  stops.push(() => server.stop())
  const url = server.windowUrl({ folder, extensionPath: repositoryRoot })
  console.log(`Folder: ${folder}`)
  if (options.container) console.log('OpenCode: in a container, removed when the window closes')
  console.log(`Workbench: ${url}`)
  console.log('Press Ctrl+C to stop.')
  if (options.open) openInBrowser(url)
}

/** The named port must be free; without a name a usual one is tried first, so that the address stays the same. */
async function choosePort(named: number | undefined): Promise<number> {
  const candidates = named === undefined ? Array.from({ length: 30 }, (_, index) => 8130 + index) : [named]
  for (const port of candidates) if (await isFree(port)) return port
  const taken = named === undefined ? 'The ports 8130 to 8159 are' : `Port ${String(named)} is`
  throw new Error(`${taken} in use. Choose another with --port.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => {
      resolve(false)
    })
    probe.listen(port, '127.0.0.1', () =>
      probe.close(() => {
        resolve(true)
      }),
    )
  })
}

function openInBrowser(url: string): void {
  const hasScreen =
    process.platform !== 'linux' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined
  if (!hasScreen) return
  const [program, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[
    process.platform as string
  ] ?? ['xdg-open']
  const child = spawn(program ?? 'xdg-open', [...args, url], { stdio: 'ignore', detached: true })
  // Without a way to open it, the printed address has to do.
  child.once('error', () => undefined)
  child.unref()
}

function stopOnSignals(stops: Session['stops']): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stopAll(stops))
  const parent = process.ppid
  // A parent that was killed sends no signal.
  setInterval(() => {
    if (process.ppid !== parent) void stopAll(stops)
  }, 2000).unref()
}

let stopping: Promise<void> | undefined

function stopAll(stops: Session['stops']): Promise<void> {
  stopping ??= (async () => {
    console.log('Stopping …')
    for (const stop of stops.toReversed())
      await stop().catch((error: unknown) => {
        console.error(error)
      })
    process.exit(0)
  })()
  return stopping
}
