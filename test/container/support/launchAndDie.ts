import type { KeeperProgram } from '../../../src/server/container/containerKeeper.ts'
import { ContainerLauncher } from '../../../src/server/container/containerLauncher.ts'
import type { ContainerSettings } from '../../../src/server/container/containerSettings.ts'
import { detectEngine } from '../../../src/server/container/engineDetection.ts'

/*
 * A window that dies: starts a server in a container by the settings (and the keeper) that it is given as JSON,
 * prints the id of the container and ends without a word.
 */
const settings = JSON.parse(process.argv[2] ?? '') as ContainerSettings
const keeper = process.argv[3] === undefined ? undefined : (JSON.parse(process.argv[3]) as KeeperProgram)
const launcher = new ContainerLauncher({
  settings: () => settings,
  engine: () =>
    detectEngine({
      choice: { engine: 'podman' },
      env: process.env,
      platform: process.platform,
      timeoutMs: 10_000,
    }),
  log: { debug() {}, info() {}, warn() {} },
  ...(keeper ? { keeper } : {}),
})
const handle = await launcher.launch(new AbortController().signal)
process.stdout.write(`${handle.id}\n`, () => process.kill(process.pid, 'SIGKILL'))
