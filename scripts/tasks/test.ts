import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildWithinBudget } from '../lib/bundle.ts'
import { checkCode } from '../lib/checkCode.ts'
import { finish, repeatFailed, type Counts } from '../lib/stages.ts'
import { suites } from '../lib/suites.ts'

type SuiteName = keyof typeof suites

const titles: Readonly<Record<SuiteName, string>> = {
  unit: 'unit',
  contract: 'contract',
  container: 'container',
  host: 'host',
  e2e: 'e2e',
  e2eOnWire2: 'e2e, scripted 2.x',
}
const results = new Map<string, Counts>()

// Cheap stages first. Only a failed build ends the run early: nothing after it would mean anything.
await stage('check', async () => toCounts(await checkCode()))
if ((await stage('build and budgets', buildAll)).failed === 0) await runSuites()
console.log('\n=== summary')
for (const [name, { passed, failed, skipped }] of results) {
  const result = skipped ?? `${String(passed)} passed, ${String(failed)} failed`
  console.log(`${name.padEnd(20)} ${skipped === undefined ? '' : 'not applicable: '}${result}`)
}
finish({ passed: sum('passed'), failed: sum('failed') })

/** Tests wait more than they work, so two lanes run side by side. What failed is run once more when both are done. */
async function runSuites(): Promise<void> {
  await stage(titles.unit, () => suites.unit.pass([], 'inherit'))
  await Promise.all([
    stage(titles.e2e, () => suites.e2e.pass([], 'inherit')),
    besideOthers(['contract', 'container', 'host', 'e2eOnWire2']),
  ])
  for (const name of Object.keys(suites) as SuiteName[]) {
    const first = results.get(titles[name])
    if (first) results.set(titles[name], await orFailure(() => repeatFailed(suites[name], first)))
  }
}

/** One after the other, each printed when it is over. */
async function besideOthers(names: readonly SuiteName[]): Promise<void> {
  for (const name of names) {
    const printed: string[] = []
    const counts = await orFailure(() => suites[name].pass([], (text) => printed.push(text)))
    console.log(`\n=== ${titles[name]}, meanwhile\n${printed.join('')}\n=== end of ${titles[name]}`)
    results.set(titles[name], counts)
  }
}

async function stage(name: string, run: () => Promise<Counts>): Promise<Counts> {
  console.log(`\n=== ${name}`)
  const counts = await orFailure(run)
  results.set(name, counts)
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
