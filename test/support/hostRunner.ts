import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { format } from 'node:util'

/** Stands before the lines of the test report, which go through the log of the workbench. */
export const reportMark = '[tests] '

/**
 * Called by VS Code in the extension host: runs the bundled tests beside this file and writes their counts to the
 * file that TEST_COUNTS names. @throws when a test failed, which ends the host with a bad exit code.
 */
export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha')
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]) => {
    console.log(reportMark + format(...parts))
  }
  const given = JSON.parse(process.env['TEST_MOCHA'] ?? '{}') as { readonly grep?: string }
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    color: true,
    forbidOnly: true,
    reporter: 'spec',
    ...given,
  })
  const folder = path.join(__dirname, 'tests')
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .sort())
    mocha.addFile(path.join(folder, file))
  await mocha.loadFilesAsync()
  const counts = await new Promise<{ passed: number; failed: number }>((resolve) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 }
      resolve({ passed: passes, failed: failures + pending })
    })
  })
  const file = process.env['TEST_COUNTS']
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
  if (counts.failed > 0) throw new Error(`${String(counts.failed)} tests failed.`)
}
