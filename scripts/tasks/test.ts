import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildWithinBudget } from '../lib/bundle.ts'
import { checkCode } from '../lib/checkCode.ts'
import { finish, type Counts } from '../lib/stages.ts'
import { suites } from '../lib/suites.ts'

/** Cheap stages first. Only a failed build ends the run early: nothing after it would mean anything. */
const results: [string, Counts][] = []
await stage('check', async () => toCounts(await checkCode()))
if ((await stage('build and budgets', buildAll)).failed === 0) {
  await stage('unit', () => suites.unit([]))
  await stage('contract', () => suites.contract([]))
  await stage('container', () => suites.container([]))
  await stage('host', () => suites.host([]))
  await stage('e2e', () => suites.e2e([]))
  await stage('e2e, scripted 2.x', () => suites.e2eOnWire2([]))
}
console.log('\n=== summary')
for (const [name, { passed, failed, skipped }] of results) {
  const result = skipped ?? `${String(passed)} passed, ${String(failed)} failed`
  console.log(`${name.padEnd(20)} ${skipped === undefined ? '' : 'not applicable: '}${result}`)
}
finish({ passed: sum('passed'), failed: sum('failed') })

async function stage(name: string, run: () => Promise<Counts>): Promise<Counts> {
  console.log(`\n=== ${name}`)
  const counts = await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return toCounts(false)
  })
  results.push([name, counts])
  return counts
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
  return results.reduce((total, [, counts]) => total + counts[key], 0)
}
