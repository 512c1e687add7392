import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inRepository } from './repository.ts'
import { runForCode, type Output } from './run.ts'

/** What a stage of the tests came to. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  /** Why nothing was run, where a stage does not apply to this machine. */
  readonly skipped?: string
  /** The same by test file, where the reporter knows it. */
  readonly files?: Readonly<Record<string, { readonly passed: number; readonly failed: number }>>
}

export interface MochaOptions {
  /** Glob patterns, relative to the repository. */
  readonly specs: readonly string[]
  readonly timeout: number
  /** Extra arguments, e.g. `--grep`. */
  readonly args: readonly string[]
  /** More environment variables of the tests. */
  readonly env?: Readonly<Record<string, string>>
  readonly output: Output
}

/** The tests of one kind. */
export interface Suite {
  /** Runs them once. Arguments are those of mocha; files among them replace the suite's own. */
  readonly pass: (args: readonly string[], output: Output) => Promise<Counts>
  /** They share one window, so all of them run again when one failed. */
  readonly sharesWindow?: boolean
}

/**
 * Runs the files in which a test failed once more: real servers and browsers on a busy machine are sometimes late.
 * The report shows both runs; what fails twice has failed.
 */
export async function repeatFailed(
  suite: Suite,
  first: Counts,
  args: readonly string[] = [],
): Promise<Counts> {
  if (first.failed === 0) return first
  if (suite.sharesWindow === true) {
    console.log('\n=== once more: all of them')
    return suite.pass(args, 'inherit')
  }
  const failed = Object.entries(first.files ?? {}).filter(([, counts]) => counts.failed > 0)
  const files = failed.map(([file]) => file)
  if (files.length === 0 || files.includes('')) return first
  console.log(`\n=== once more: ${files.map((file) => path.basename(file)).join(', ')}`)
  const options = args.filter((argument) => !argument.endsWith('.ts'))
  const second = await suite.pass([...options, ...files], 'inherit')
  const passedBefore = failed.reduce((sum, [, counts]) => sum + counts.passed, 0)
  const failedBefore = failed.reduce((sum, [, counts]) => sum + counts.failed, 0)
  return {
    passed: first.passed - passedBefore + second.passed,
    failed: first.failed - failedBefore + second.failed,
  }
}

/** Runs mocha in a process of its own. A run that ends without a result counts as one failure. */
export async function runMocha(options: MochaOptions): Promise<Counts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'test-counts-'))
  const file = path.join(folder, 'counts.json')
  try {
    const { code } = await runForCode(process.execPath, mochaArguments(options), {
      env: { ...options.env, TEST_COUNTS: file },
      output: options.output,
    })
    return checked(await readCounts(file), code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function mochaArguments({ specs, timeout, args }: MochaOptions): string[] {
  const mocha = inRepository('node_modules', 'mocha', 'bin', 'mocha.js')
  const reporter = ['--reporter', inRepository('scripts', 'lib', 'countingReporter.cjs')]
  return [
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    mocha,
    ...reporter,
    '--timeout',
    String(timeout),
    ...args,
    ...specs,
  ]
}

/** Reads what a test run has written; `undefined` when it wrote nothing. */
export async function readCounts(file: string): Promise<Counts | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Counts
  } catch {
    return undefined
  }
}

/** A bad exit code without a failed test, or no test at all, is a failure too. */
export function checked(counts: Counts | undefined, code: number | null): Counts {
  if (counts === undefined) return { passed: 0, failed: 1 }
  const isBad = (code !== 0 && counts.failed === 0) || counts.passed + counts.failed === 0
  return isBad ? { passed: counts.passed, failed: Math.max(1, counts.failed) } : counts
}

/** Prints the last line of a test command and sets its exit code. */
export function finish(counts: Counts): void {
  console.log(`${String(counts.passed)} passed, ${String(counts.failed)} failed`)
  process.exitCode = counts.failed > 0 ? 1 : 0
}
