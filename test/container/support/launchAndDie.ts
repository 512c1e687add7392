import { ContainerLauncher } from '../../../src/server/container/containerLauncher.ts'
import type { ContainerSettings } from '../../../src/server/container/containerSettings.ts'
import { detectEngine } from '../../../src/server/container/engineDetection.ts'

/*
 * A window that dies: starts a server in a container by the settings it is given as JSON, prints the id of the
 * container and ends without a word.
 */
const settings = JSON.parse(process.argv[2] ?? '') as ContainerSettings
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
})
const handle = await launcher.launch(new AbortController().signal)
process.stdout.write(`${handle.id}\n`, () => process.kill(process.pid, 'SIGKILL'))
