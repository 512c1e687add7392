import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildWithinBudget } from '../lib/bundle.ts'
import { checkCode } from '../lib/checkCode.ts'
import { finish, repeatFailed, type Counts, type Suite } from '../lib/stages.ts'
import { suites } from '../lib/suites.ts'

interface Stage {
  readonly title: string
  readonly suite: Suite
  /** All of the suite when left out. */
  readonly files?: readonly string[]
}

/** Tests wait more than they work, so two lanes run side by side, each with what is cheap first. */
const shownLane: readonly Stage[] = [
  { title: 'unit', suite: suites.unit, files: ['test/unit/**/*.test.ts'] },
  { title: 'e2e', suite: suites.e2e },
]
const otherLane: readonly Stage[] = [
  { title: 'page', suite: suites.unit, files: ['test/webview/**/*.test.ts'] },
  { title: 'contract', suite: suites.contract },
  { title: 'container', suite: suites.container },
  { title: 'host', suite: suites.host },
  { title: 'e2e, scripted 2.x', suite: suites.e2eOnWire2 },
]
const results = new Map<string, Counts>()

await show('check', async () => toCounts(await checkCode()))
// Only a failed build ends the run early: nothing after it would mean anything.
if ((await show('build and budgets', buildAll)).failed === 0) {
  await Promise.all([runShown(), runOthers()])
  // What failed is run once more, now that the machine is quiet.
  for (const { title, suite } of [...shownLane, ...otherLane]) {
    const first = results.get(title)
    if (first) results.set(title, await orFailure(() => repeatFailed(suite, first)))
  }
}
console.log('\n=== summary')
for (const [title, { passed, failed, skipped }] of results) {
  const result = skipped ?? `${String(passed)} passed, ${String(failed)} failed`
  console.log(`${title.padEnd(20)} ${skipped === undefined ? '' : 'not applicable: '}${result}`)
}
finish({ passed: sum('passed'), failed: sum('failed') })

async function runShown(): Promise<void> {
  for (const { title, suite, files = [] } of shownLane) await show(title, () => suite.pass(files, 'inherit'))
}

/** Each is printed when it is over. */
async function runOthers(): Promise<void> {
  for (const { title, suite, files = [] } of otherLane) {
    const printed: string[] = []
    const counts = await orFailure(() => suite.pass(files, (text) => printed.push(text)))
    console.log(`\n=== ${title}, meanwhile\n${printed.join('')}\n=== end of ${title}`)
    results.set(title, counts)
  }
}

async function show(title: string, run: () => Promise<Counts>): Promise<Counts> {
  console.log(`\n=== ${title}`)
  const counts = await orFailure(run)
  results.set(title, counts)
  return counts
}

async function orFailure(run: () => Promise<Counts>): Promise<Counts> {
  return run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return toCounts(false)
  })
}

function toCounts(isGood: boolean): Counts {
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1 }
}

async function buildAll(): Promise<Counts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'package-'))
  try {
    await buildWithinBudget(folder)
    return toCounts(true)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function sum(key: 'passed' | 'failed'): number {
  return [...results.values()].reduce((total, counts) => total + counts[key], 0)
}
