/*
 * Plays an extension host that runs one server: prints what it started as a JSON line and then waits to be
 * killed. Arguments: supervisor path, state folder, program, folder.
 */
import { ProcessLauncher } from '../../../../src/server/processLauncher.ts'
import { ServerManager } from '../../../../src/server/serverManager.ts'
import { connectPlainly } from './plainConnection.ts'
import { createTestLog } from './tools.ts'

const [, , supervisorPath = '', stateDirectory = '', program = '', cwd = ''] = process.argv
const log = createTestLog()
const launcher = new ProcessLauncher({
  binary: () => Promise.resolve({ path: program, version: '1.18.33', source: 'setting' }),
  supervisorPath,
  execPath: process.execPath,
  stateDirectory,
  cwd,
  env: process.env,
  log,
})
const manager = new ServerManager({
  launcher: () => ({
    origin: 'managed',
    async launch(signal) {
      const handle = await launcher.launch(signal)
      process.stdout.write(`${JSON.stringify(handle.endpoint)}\n`)
      return handle
    },
  }),
  connect: connectPlainly,
  log,
})
await manager.start()
process.stdout.write('running\n')
