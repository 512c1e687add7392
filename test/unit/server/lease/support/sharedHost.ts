/*
 * Plays an extension host of one window that shares its server: prints where the server is as a JSON line, leaves a
 * provider key in it when it is told one, prints `running`, and then waits to be killed. Argument: `HostRequest`.
 */
import { connect } from '../../../../../src/client/connect.ts'
import { ServerManager } from '../../../../../src/server/serverManager.ts'
import { createTestLog } from '../../support/tools.ts'
import { type HostRequest, sharedLauncher } from './windows.ts'

const request = JSON.parse(process.argv[2] ?? '') as HostRequest
const log = createTestLog()
const launcher = sharedLauncher({ ...request, env: process.env, log, secrets: new Map() })
const manager = new ServerManager({
  launcher: () => launcher,
  connect: (endpoint, signal) => {
    process.stdout.write(`${JSON.stringify(endpoint)}\n`)
    return connect(endpoint, { log, signal })
  },
  log,
})
const connection = await manager.start()
if (request.providerKey !== undefined) {
  await connection.setProviderKey(request.providerKey, 'key-of-a-test')
  manager.setFarewell([request.providerKey])
}
process.stdout.write('running\n')
