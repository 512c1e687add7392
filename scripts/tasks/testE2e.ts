import { finish } from '../lib/stages.ts'
import { runSuite } from '../lib/suites.ts'

finish(await runSuite('e2e', process.argv.slice(2)))
