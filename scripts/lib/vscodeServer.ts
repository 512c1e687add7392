import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureCodeServer } from './codeServer.ts'
import { descendants, listProcesses, type ProcessEntry } from './processes.ts'
import { run } from './run.ts'

/** A running VS Code server whose workbench opens in a browser. */
export interface VscodeServer {
  readonly port: number
  readonly pid: number
  /** `DIR/data/logs` holds the logs of the extension hosts. */
  readonly dataDirectory: string
  /** URL of a window on a folder; loads the extension from its folder when one is given. */
  windowUrl(options: WindowOptions): string
  /** Ends it with all that it started. Idempotent. */
  stop(): Promise<void>
}

export interface WindowOptions {
  readonly folder: string
  readonly extensionPath?: string
  /** Absolute path of a module whose `run()` is called in the extension host. */
  readonly testsPath?: string
}

export interface VscodeServerOptions {
  readonly port: number
  /** Private folder for its data: settings, installed extensions, logs. */
  readonly dataDirectory: string
  /** The whole environment of the server and so of the extension host. */
  readonly env: Readonly<Record<string, string>>
  /** User settings, written before the start. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Extension packages to install before the start. */
  readonly vsix?: readonly string[]
  /** Folders of extensions to copy to the installed ones before the start. */
  readonly extensions?: readonly string[]
  /** Keeps Restricted Mode in play. */
  readonly workspaceTrust?: boolean
}

/** Starts code-server's VS Code directly, so that automation of the workbench can be allowed. */
export async function startVscodeServer(options: VscodeServerOptions): Promise<VscodeServer> {
  const main = path.join(await ensureCodeServer(), 'out', 'server-main.js')
  await writeSettings(options)
  for (const vsix of options.vsix ?? []) await installVsix(main, vsix, options)
  for (const folder of options.extensions ?? []) await installFolder(folder, options)
  const child = spawn(process.execPath, [main, ...serverArguments(options)], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await listening(child)
  return {
    port: options.port,
    pid: child.pid ?? 0,
    dataDirectory: options.dataDirectory,
    windowUrl: (window) => windowUrl(options.port, window),
    stop: () => stopTree(child),
  }
}

/** Rewrites the user settings; open windows notice it. */
export async function writeSettings(
  options: Pick<VscodeServerOptions, 'dataDirectory' | 'settings'>,
): Promise<void> {
  const settings = { ...quietSettings, ...options.settings }
  // A window takes settings that belong to the machine from the machine's own file alone, and follows only that one
  // while it is open: those of the user it keeps in the browser.
  const ours = Object.entries(settings).filter(
    ([name]) => name.startsWith('opencodeSessions.') || name === 'workbench.colorTheme',
  )
  await writeSettingsFile(options.dataDirectory, 'User', settings)
  await writeSettingsFile(options.dataDirectory, 'Machine', Object.fromEntries(ours))
}

async function writeSettingsFile(
  dataDirectory: string,
  place: 'User' | 'Machine',
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const folder = path.join(dataDirectory, 'data', place)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify(settings, null, 2))
}

/** A workbench without greetings, side shows and network look-ups. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'window.commandCenter': false,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'telemetry.telemetryLevel': 'off',
  'security.workspace.trust.startupPrompt': 'never',
  'git.openRepositoryInParentFolders': 'never',
  'npm.fetchOnlinePackageInfo': false,
  'json.schemaDownload.enable': false,
}

function serverArguments(options: VscodeServerOptions): string[] {
  const trust = options.workspaceTrust === true ? [] : ['--disable-workspace-trust']
  const place = [
    '--host',
    '127.0.0.1',
    '--port',
    String(options.port),
    '--server-data-dir',
    options.dataDirectory,
  ]
  const ways = ['--without-connection-token', '--accept-server-license-terms', '--enable-smoke-test-driver']
  return [...place, ...ways, '--force-disable-user-env', '--telemetry-level', 'off', ...trust]
}

async function installVsix(main: string, vsix: string, options: VscodeServerOptions): Promise<void> {
  const place = ['--server-data-dir', options.dataDirectory, '--accept-server-license-terms']
  await run(process.execPath, [main, '--install-extension', vsix, ...place], {
    env: options.env,
    output: 'quiet',
  })
}

/** A server that starts for the first time takes what it finds among its extensions for installed. */
async function installFolder(folder: string, { dataDirectory }: VscodeServerOptions): Promise<void> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8')
  const { publisher, name, version } = JSON.parse(text) as Readonly<Record<string, string>>
  const id = `${String(publisher)}.${String(name)}-${String(version)}`
  await cp(folder, path.join(dataDirectory, 'extensions', id), { recursive: true })
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => {
      fail('The VS Code server was not ready within 60 s')
    }, 60_000)
    const fail = (reason: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${reason}.\n${output.slice(-2000)}`))
    }
    const read = (chunk: Buffer) => {
      if (output.length < 20_000) output += chunk.toString()
      if (!output.includes('Extension host agent started')) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => {
      fail(`The VS Code server did not start: ${error.message}`)
    })
    child.once('exit', (code) => {
      fail(`The VS Code server ended with ${String(code)}`)
    })
  })
}

function windowUrl(port: number, options: WindowOptions): string {
  const remote = (file: string) => `vscode-remote://127.0.0.1:${port}${file}`
  const payload = [['skipWelcome', 'true']]
  if (options.extensionPath !== undefined)
    payload.push(['extensionDevelopmentPath', remote(options.extensionPath)])
  if (options.testsPath !== undefined) payload.push(['extensionTestsPath', remote(options.testsPath)])
  const place = options.folder.endsWith('.code-workspace') ? 'workspace' : 'folder'
  const query = new URLSearchParams({ [place]: options.folder, payload: JSON.stringify(payload) })
  return `http://127.0.0.1:${port}/?${query.toString()}`
}

/**
 * Extension hosts get a moment to deactivate. The server itself keeps running for windows that may come back, so it
 * is ended after them, and then whoever is left, by id.
 */
async function stopTree(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const tree = await descendants(child.pid)
  const hosts = tree.filter(({ command }) => command.includes('--type=extensionHost'))
  for (const host of hosts) tryKill(host.pid, 'SIGTERM')
  for (let waited = 0; waited < 6000 && (await stillRunning(hosts)).length > 0; waited += 100)
    await sleep(100)
  await endKeepers(tree)
  child.kill('SIGKILL')
  for (const entry of await stillRunning(tree)) tryKill(entry.pid, 'SIGKILL')
}

/** Whoever keeps a container without a window ends it now, and not only after the time of grace. */
async function endKeepers(tree: readonly ProcessEntry[]): Promise<void> {
  const keepers = tree.filter(({ command }) => /keeper\.js$/.test(command))
  for (const keeper of await stillRunning(keepers)) tryKill(keeper.pid, 'SIGTERM')
  for (let waited = 0; waited < 10_000 && (await stillRunning(keepers)).length > 0; waited += 100)
    await sleep(100)
}

/** A number may have been given to another program since, so the command line must match too. */
async function stillRunning(entries: readonly ProcessEntry[]): Promise<readonly ProcessEntry[]> {
  const now = await listProcesses()
  return entries.filter((entry) =>
    now.some(({ pid, command }) => pid === entry.pid && command === entry.command),
  )
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
