import { writeSync } from 'node:fs'
import type { KeeperProgram } from '../../../src/server/container/containerKeeper.ts'
import { ContainerLauncher } from '../../../src/server/container/containerLauncher.ts'
import type { ContainerSettings } from '../../../src/server/container/containerSettings.ts'
import { detectEngine } from '../../../src/server/container/engineDetection.ts'

/*
 * A window that dies: starts a server in a container by the settings (and the keeper) that it is given as JSON,
 * prints the id of the container and ends without a word; with `early` as soon as the container is there.
 */
const settings = JSON.parse(process.argv[2] ?? '') as ContainerSettings
const keeper = process.argv[3] === undefined ? undefined : (JSON.parse(process.argv[3]) as KeeperProgram)
const isEarly = process.argv[4] === 'early'
const launcher = new ContainerLauncher({
  settings: () => settings,
  engine: async () => {
    const engine = await detectEngine({
      choice: { engine: 'podman' },
      env: process.env,
      platform: process.platform,
      timeoutMs: 10_000,
    })
    const run = engine.run.bind(engine)
    if (isEarly) engine.run = async (...given) => die(await run(...given))
    return engine
  },
  log: { debug() {}, info() {}, warn() {} },
  ...(keeper ? { keeper } : {}),
})
const handle = await launcher.launch(new AbortController().signal)
die(handle.id)

function die(id: string): never {
  writeSync(1, `${id}\n`)
  process.kill(process.pid, 'SIGKILL')
  throw new Error('This process is dead.')
}
