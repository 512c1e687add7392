import { createWriteStream, existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import { build, type Plugin } from 'esbuild'
import type { Page } from 'playwright-core'
import { reportMark } from '../../test/support/hostRunner.ts'
import { freePort, startLab, type Lab } from '../../test/support/opencodeLab.ts'
import { launchBrowser } from './browser.ts'
import { bundleExample } from './exampleExtension.ts'
import { cacheFolder, inRepository, repositoryRoot } from './repository.ts'
import { tell, type Output } from './run.ts'
import { checked, readCounts, type Counts } from './stages.ts'
import { startVscodeServer } from './vscodeServer.ts'

/**
 * Runs `test/host` in a real extension host: in desktop VS Code where VSCODE_EXECUTABLE names one or
 * VSCODE_DOWNLOAD asks for one, otherwise in the extension host of code-server. The tests find a lab in the
 * environment: HOME, a project with the scripted model, `opencode` on PATH.
 */
export async function runHostTests(args: readonly string[], output: Output): Promise<Counts> {
  const files = args.filter((argument) => argument.endsWith('.ts'))
  const index = await bundleTests(
    files.length > 0 ? files : globSync('test/host/**/*.test.ts', { cwd: repositoryRoot }),
  )
  const folder = await mkdtemp(path.join(tmpdir(), 'host-tests-'))
  const counts = path.join(folder, 'counts.json')
  const lab = await startLab({ patching: true })
  try {
    const env = {
      ...lab.env,
      TEST_COUNTS: counts,
      TEST_MODEL_URL: lab.modelUrl,
      TEST_MOCHA: mochaOptions(args),
    }
    const run: HostRun = { lab, env, index, folder, example: await bundleExample(folder), output }
    const code = usesDesktop() ? await runInDesktop(run) : await runInBrowser(run)
    return checked(await readCounts(counts), code)
  } finally {
    await lab.dispose()
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

interface HostRun {
  readonly lab: Lab
  readonly env: Readonly<Record<string, string>>
  readonly index: string
  readonly folder: string
  /** Folder of a second extension, that uses ours. */
  readonly example: string
  readonly output: Output
}

/** `--grep` is the only option of mocha that reaches the extension host. */
function mochaOptions(args: readonly string[]): string {
  const grep = args[args.indexOf('--grep') + 1]
  return JSON.stringify(args.includes('--grep') && grep !== undefined ? { grep } : {})
}

async function bundleTests(files: readonly string[]): Promise<string> {
  if (files.length === 0) throw new Error('There are no host tests.')
  const outdir = path.join(cacheFolder, 'test-host')
  await rm(outdir, { recursive: true, force: true })
  await mkdir(outdir, { recursive: true })
  const tests = files.map((file) => ({
    in: path.resolve(repositoryRoot, file),
    out: `tests/${path.basename(file, '.ts')}`,
  }))
  await build({
    entryPoints: [{ in: inRepository('test', 'support', 'hostRunner.ts'), out: 'index' }, ...tests],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    // Tests talk to the installed extension; what they import is a copy of their own.
    external: ['vscode', 'mocha', 'esbuild', 'playwright-core', 'undici'],
    plugins: [sourceUrls],
    logLevel: 'warning',
  })
  return path.join(outdir, 'index.js')
}

/** Support files find the repository by their own place, which bundling would move. */
const sourceUrls: Plugin = {
  name: 'source-urls',
  setup: (building) => {
    building.onLoad({ filter: /[\\/](test|scripts)[\\/].*\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8')
      return {
        contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href)),
        loader: 'ts',
      }
    })
  },
}

function usesDesktop(): boolean {
  return process.env['VSCODE_EXECUTABLE'] !== undefined || process.env['VSCODE_DOWNLOAD'] !== undefined
}

async function runInDesktop({ lab, env, index, folder, example }: HostRun): Promise<number> {
  const { runTests } = await import('@vscode/test-electron')
  const executable = process.env['VSCODE_EXECUTABLE']
  const profile = [
    '--user-data-dir',
    path.join(folder, 'user'),
    '--extensions-dir',
    path.join(folder, 'extensions'),
  ]
  try {
    return await runTests({
      ...(executable !== undefined && existsSync(executable) ? { vscodeExecutablePath: executable } : {}),
      extensionDevelopmentPath: [repositoryRoot, example],
      extensionTestsPath: index,
      extensionTestsEnv: { ...env },
      launchArgs: [
        lab.project,
        '--disable-workspace-trust',
        '--disable-extensions',
        '--skip-welcome',
        ...profile,
      ],
    })
  } catch {
    return 1
  }
}

async function runInBrowser({ lab, env, index, folder, example, output }: HostRun): Promise<number> {
  const server = await startVscodeServer({
    port: await freePort(),
    dataDirectory: path.join(folder, 'data'),
    env,
    extensions: [example],
  })
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const url = server.windowUrl({ folder: lab.project, extensionPath: repositoryRoot, testsPath: index })
    const exit = new Promise<number>((resolve, reject) => {
      listenToTests(page, output, resolve)
        .then(() => page.goto(url))
        .catch(reject)
    })
    return await Promise.race([exit, sleep(hostTestLimitMs, 1, { ref: false })])
  } finally {
    await browser.close()
    await server.stop()
  }
}

const hostTestLimitMs = 15 * 60_000

/** The page of a workbench that runs tests hands us the log of its extension host and its exit code. */
async function listenToTests(page: Page, output: Output, exit: (code: number) => void): Promise<void> {
  const log = createWriteStream(path.join(cacheFolder, 'test-host', 'workbench.log'))
  await page.exposeFunction('codeAutomationLog', (_level: string, args: readonly unknown[]) => {
    const line = format(...args)
    if (line.startsWith(reportMark)) tell(output, line.slice(reportMark.length))
    else log.write(`${line}\n`)
  })
  await page.exposeFunction('codeAutomationExit', exit)
}
