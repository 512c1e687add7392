import { finish } from '../lib/stages.ts'
import { runSuite } from '../lib/suites.ts'

finish(await runSuite('container', process.argv.slice(2)))
