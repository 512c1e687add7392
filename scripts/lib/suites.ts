import { bundle } from './bundle.ts'
import { tryContainers } from './containerLab.ts'
import { runHostTests } from './hostTests.ts'
import { runMochaTwice, type Counts } from './stages.ts'

/** The test suites. Arguments are those of mocha; files among them replace the suite's own. */
export const suites = {
  unit: (args: readonly string[]) => runFiles('test/{unit,webview}/**/*.test.{ts,tsx}', 30_000, args),
  contract: (args: readonly string[]) => runFiles('test/contract/**/*.test.ts', 60_000, args),
  container: runContainers,
  host: hostTwice,
  e2e: (args: readonly string[]) => runFiles('test/e2e/**/*.e2e.ts', 120_000, args),
  e2eOnWire2: runOnWire2,
} as const

/** Runs one suite on a fresh build. */
export async function runSuite(name: keyof typeof suites, args: readonly string[]): Promise<Counts> {
  await bundle({ production: true })
  return suites[name](args)
}

function runFiles(pattern: string, timeout: number, args: readonly string[]): Promise<Counts> {
  const files = args.filter((argument) => argument.endsWith('.ts'))
  const rest = args.filter((argument) => !argument.endsWith('.ts'))
  return runMochaTwice({ specs: files.length > 0 ? files : [pattern], timeout, args: rest })
}

/**
 * The main job end to end once more, with the scripted 2.x server as the program that is started. Left out is what no
 * wire can change or what has its own tests on both: `smoke` (the same as `package`, which also shows that the part for
 * 2.x is in the package), `start` (brings its own server), `desk`, `review`, `atHand` and `editorAnswers` (editors, over
 * the neutral model), `doctor` (its steps have unit tests with both lines), and `handOff` (the terminal of 2.x is not known).
 */
const wire2Files = [
  'package',
  'chatConversation',
  'chatRequests',
  'chatReload',
  'chatHostile',
  'composer',
  'editorContext',
  'history',
  'keyboard',
  'lifecycle',
  'lifecycleFailures',
  'providers',
  'secrets',
  'servers',
  'sessions',
  'transcript',
  'windows',
]

function runOnWire2(args: readonly string[]): Promise<Counts> {
  const specs = wire2Files.map((name) => `test/e2e/${name}.e2e.ts`)
  return runMochaTwice({ specs, timeout: 120_000, args, env: { OPENCODE_TEST_WIRE: '2' } })
}

/** Installs and builds first what is missing, so that no test's time limit pays for it. */
async function runContainers(args: readonly string[]): Promise<Counts> {
  const reason = await tryContainers((line) => {
    console.log(line)
  })
  if (reason !== undefined) {
    console.log(`Not applicable: ${reason}`)
    return { passed: 0, failed: 0, skipped: reason }
  }
  return runFiles('test/container/**/*.test.ts', 180_000, args)
}

/** The host tests share one extension host, so all of them run again when one failed. */
async function hostTwice(args: readonly string[]): Promise<Counts> {
  const first = await runHostTests(args)
  if (first.failed === 0) return first
  console.log('\n=== once more: host tests')
  return runHostTests(args)
}
