/*
 * Plays an extension host that runs one server: prints where it is as a JSON line, leaves a provider key in
 * it, prints `running`, and then waits to be killed. Arguments: supervisor path, state folder, program, folder.
 */
import { connect } from '../../../../src/client/connect.ts'
import { ProcessLauncher } from '../../../../src/server/process/processLauncher.ts'
import { ServerManager } from '../../../../src/server/serverManager.ts'
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
  launcher: () => launcher,
  connect: (endpoint, signal) => {
    process.stdout.write(`${JSON.stringify(endpoint)}\n`)
    return connect(endpoint, { log, signal })
  },
  log,
})
const connection = await manager.start()
await connection.setProviderKey('openai', 'key-of-a-test')
manager.setFarewell(['openai'])
process.stdout.write('running\n')
