import type { ServerHandle } from '../../server/launcher.ts'
import type { DoctorPatient, OpenServer } from '../../server/doctor/patient.ts'
import type { Log } from '../../platform/log.ts'
import type { ProgramContext } from '../../profiles/launchers/programFinder.ts'
import { programFinder } from '../../profiles/launchers/programFinder.ts'
import type { Backend } from '../backend/backend.ts'
import { checkTrust } from '../backend/serverAccess.ts'

interface Surroundings extends ProgramContext {
  readonly folder: string | undefined
  readonly log: Log
}

/**
 * A server of this window to be examined. The one that runs is taken as it is; otherwise one is started in the same
 * way, apart from the chats, and ended afterwards.
 */
export function patientOf(backend: Backend, surroundings: Surroundings): DoctorPatient {
  const { folder, log } = surroundings
  const isOurs = backend.createLauncher().origin === 'managed' || backend.profile.kind === 'kubernetes'
  return {
    folder,
    log,
    settingsRemedy: 'openSettings',
    findProgram: isOurs
      ? (signal) => {
          checkTrust()
          return programFinder(backend.profile, surroundings)(signal)
        }
      : undefined,
    open: (signal) => open(backend, log, signal),
  }
}

async function open(backend: Backend, log: Log, signal: AbortSignal): Promise<OpenServer> {
  checkTrust()
  const { server } = backend
  // Two starts of the same container, or on the same data, would be in each other's way.
  if (server.status.kind === 'starting') await server.start().catch(() => undefined)
  if (server.endpoint) return { endpoint: server.endpoint, how: found(server.origin), release: nothing }
  const launcher = backend.createLauncher()
  const handle = await launcher.launch(signal)
  log.redactor.add(handle.endpoint.password, handle.endpoint.username)
  const how = handle.origin === 'attached' ? 'foreign' : 'started'
  return { endpoint: handle.endpoint, how, release: () => release(handle) }
}

function found(origin: string | undefined): OpenServer['how'] {
  return origin === 'attached' ? 'foreign' : 'found'
}

/** What other windows use as well is left to them. */
async function release(handle: ServerHandle): Promise<void> {
  await (handle.sharing && handle.leave ? handle.leave() : handle.stop())
}

function nothing(): Promise<void> {
  return Promise.resolve()
}
