import { parseArgs } from 'node:util'
import { compareServer, formatComparison } from '../../test/contract/runner/compare.ts'
import { finish } from '../lib/stages.ts'
import { runSuite } from '../lib/suites.ts'

const args = process.argv.slice(2)
if (args.includes('--url')) await compareGiven()
else finish(await runSuite('contract', args))

/** Any server: `--url URL --password WORD`, a folder of its own with `--directory`, a model turn with `--prompts`. */
async function compareGiven(): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: '' },
      username: { type: 'string', default: 'opencode' },
      password: { type: 'string', default: '' },
      directory: { type: 'string' },
      prompts: { type: 'boolean', default: false },
    },
  })
  const { url, username, password, directory, prompts } = values
  const comparison = await compareServer({ url, username, password, directory, asksModel: prompts })
  console.log(formatComparison(comparison))
  if (comparison.findings.some(({ kind }) => kind === 'differs')) process.exitCode = 1
}
