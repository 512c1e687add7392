import { mkdir, writeFile } from 'node:fs/promises'
import { activation } from '../../test/bench/activation.ts'
import { latency } from '../../test/bench/latency.ts'
import { longSession } from '../../test/bench/longSession.ts'
import { opening } from '../../test/bench/opening.ts'
import { streaming } from '../../test/bench/streaming.ts'
import { cpuReference, toMarkdown } from '../../test/bench/support/result.ts'
import { bundle } from '../lib/bundle.ts'
import { inRepository } from '../lib/repository.ts'

/** Runs the benchmarks that are named, or all; all of them write docs/benchmarks.md. */
const benches = [activation, latency, streaming, opening, longSession]
const names = process.argv.slice(2)
const chosen = names.length === 0 ? benches : benches.filter((bench) => names.includes(bench.name))
if (chosen.length === 0)
  throw new Error(`Known benchmarks: ${benches.map((bench) => bench.name).join(', ')}.`)

await bundle({ production: true })
const sections: string[] = []
for (const bench of chosen) {
  console.log(`Running ${bench.name} …`)
  const before = cpuReference()
  const result = await bench.run()
  const reference = `Reference loop before and after: ${before.toFixed(0)} and ${cpuReference().toFixed(0)} ms.`
  sections.push(toMarkdown({ ...result, note: `${result.note} ${reference}` }))
  console.log(`\n${sections.at(-1) ?? ''}`)
}
if (names.length === 0) await save(sections)
process.exit(0)

async function save(tables: readonly string[]): Promise<void> {
  const head = [
    '# Benchmarks',
    '',
    'The last run of `npm run bench`: a real workbench in headless Chromium, a real server, the scripted model. Figures',
    'belong to one machine and moment; compare ratios within one run. The goals stand in no test: a busy machine is slow.',
    '',
  ]
  await mkdir(inRepository('docs'), { recursive: true })
  await writeFile(inRepository('docs', 'benchmarks.md'), [...head, ...tables].join('\n'))
  console.log('Saved docs/benchmarks.md')
}
