import * as vscode from 'vscode'
import type { ManagedProfile } from '../../opencode/profile.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { SharedLauncher } from '../../server/lease/sharedLauncher.ts'
import { ProcessLauncher } from '../../server/process/processLauncher.ts'
import { ChoosingLauncher } from '../../server/service/choosingLauncher.ts'
import { ServiceLauncher } from '../../server/service/serviceLauncher.ts'
import { localProgram } from '../program.ts'
import type { LauncherContext } from './launcherContext.ts'

/**
 * A child process of ours, shared with the other windows that would start the same one unless the settings say
 * otherwise; what the profile leaves open is as the settings of the server say.
 */
export function createManagedLauncher(profile: ManagedProfile, context: LauncherContext): ServerLauncher {
  const { settings, credentials, log, extensionUri, storageUri, folder } = context
  const { binary, env } = localProgram(profile, context)
  const stateDirectory = vscode.Uri.joinPath(storageUri, 'servers').fsPath
  const options = {
    binary,
    supervisorPath: vscode.Uri.joinPath(extensionUri, 'dist', 'supervisor.js').fsPath,
    execPath: process.execPath,
    stateDirectory,
    env,
    log,
  }
  // A server for all has a folder that belongs to nobody; each request names the one it is for.
  const own =
    settings.serverShared.value && context.isAlone !== true
      ? new SharedLauncher({ ...options, cwd: stateDirectory, secrets: credentials.leases })
      : new ProcessLauncher({ ...options, cwd: folder })
  if (settings.openCode2.value !== 'service' || context.isAlone === true) return own
  return new ChoosingLauncher({ binary, own, service: new ServiceLauncher({ env, log }) })
}
