import { bundle } from './bundle.ts'
import { tryContainers } from './containerLab.ts'
import { runHostTests } from './hostTests.ts'
import { tell, type Output } from './run.ts'
import { repeatFailed, runMocha, type Counts, type Suite } from './stages.ts'

/** The test suites. */
export const suites = {
  unit: {
    pass: (args, output) =>
      runFiles({ specs: ['test/{unit,webview}/**/*.test.{ts,tsx}'], timeout: 30_000 }, args, output),
  },
  contract: {
    pass: (args, output) =>
      runFiles({ specs: ['test/contract/**/*.test.ts'], timeout: 60_000 }, args, output),
  },
  container: { pass: runContainers },
  host: { pass: runHostTests, sharesWindow: true },
  e2e: {
    pass: (args, output) => runFiles({ specs: ['test/e2e/**/*.e2e.ts'], timeout: 120_000 }, args, output),
  },
  e2eOnWire2: { pass: runOnWire2 },
} as const satisfies Record<string, Suite>

/** Runs one suite on a fresh build, and what failed once more. */
export async function runSuite(name: keyof typeof suites, args: readonly string[]): Promise<Counts> {
  await bundle({ production: true })
  return repeatFailed(suites[name], await suites[name].pass(args, 'inherit'), args)
}

interface FileRun {
  /** Used where the arguments name no file. */
  readonly specs: readonly string[]
  readonly timeout: number
  readonly env?: Readonly<Record<string, string>>
}

function runFiles(run: FileRun, args: readonly string[], output: Output): Promise<Counts> {
  const files = args.filter((argument) => argument.endsWith('.ts'))
  const rest = args.filter((argument) => !argument.endsWith('.ts'))
  return runMocha({ ...run, specs: files.length > 0 ? files : run.specs, args: rest, output })
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

function runOnWire2(args: readonly string[], output: Output): Promise<Counts> {
  const specs = wire2Files.map((name) => `test/e2e/${name}.e2e.ts`)
  return runFiles({ specs, timeout: 120_000, env: { OPENCODE_TEST_WIRE: '2' } }, args, output)
}

/** Installs and builds first what is missing, so that no test's time limit pays for it. */
async function runContainers(args: readonly string[], output: Output): Promise<Counts> {
  const reason = await tryContainers((line) => {
    tell(output, line)
  })
  if (reason !== undefined) {
    tell(output, `Not applicable: ${reason}`)
    return { passed: 0, failed: 0, skipped: reason }
  }
  return runFiles({ specs: ['test/container/**/*.test.ts'], timeout: 180_000 }, args, output)
}
