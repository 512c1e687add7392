import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder } from './repository.ts'
import { run } from './run.ts'

/** The VS Code server that serves tests and `npm start` where no desktop VS Code is at hand: VS Code 1.139.1. */
const codeServerVersion = '4.139.1'

/**
 * The `lib/vscode` folder of the npm package `code-server`; fetched once into `.cache` and kept by version.
 * @throws when npm cannot fetch it.
 */
export async function ensureCodeServer(): Promise<string> {
  const home = path.join(cacheFolder, `code-server-${codeServerVersion}`)
  const vscode = path.join(home, 'lib', 'vscode')
  if (existsSync(vscode)) return vscode
  console.log(`Fetching code-server ${codeServerVersion} (once) …`)
  await mkdir(cacheFolder, { recursive: true })
  const temporary = await mkdtemp(path.join(cacheFolder, 'code-server-new-'))
  try {
    await rename(await fetchInto(temporary), home)
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(vscode)) throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return vscode
}

async function fetchInto(folder: string): Promise<string> {
  await run('npm', ['pack', `code-server@${codeServerVersion}`, '--silent'], { cwd: folder, output: 'quiet' })
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (archive === undefined) throw new Error('npm pack left no archive of code-server.')
  await run('tar', ['xzf', archive], { cwd: folder, output: 'quiet' })
  const vscode = path.join(folder, 'package', 'lib', 'vscode')
  // Its lock file is out of step, so `npm ci` refuses; scripts would compile every native module.
  const quick = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', ['install', ...quick], { cwd: vscode, output: 'quiet' })
  await buildNativeModules(vscode)
  return path.join(folder, 'package')
}

const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog', 'node-pty']

/** Log files need spdlog, terminals need node-pty, orphans end by the watchdog. The rest works without, so failing here is no failure. */
async function buildNativeModules(vscode: string): Promise<void> {
  try {
    await run('npm', ['rebuild', ...nativeModules], {
      cwd: vscode,
      output: 'quiet',
      timeout: 240_000,
    })
  } catch {
    console.log('The workbench runs without terminals and log files: they need python3, make and g++.')
  }
}
