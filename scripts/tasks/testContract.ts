import { compareGiven, namesServer } from '../../test/contract/runner/given.ts'
import { finish } from '../lib/stages.ts'
import { runSuite } from '../lib/suites.ts'

const args = process.argv.slice(2)
if (namesServer(args)) {
  const { text, exitCode } = await compareGiven(args)
  console.log(text)
  process.exitCode = exitCode
} else finish(await runSuite('contract', args))
