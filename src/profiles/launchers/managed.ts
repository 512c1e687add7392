import { homedir } from 'node:os'
import * as vscode from 'vscode'
import type { ManagedProfile } from '../../opencode/profile.ts'
import { locateBinary } from '../../server/binary/binaryLocator.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { ProcessLauncher } from '../../server/process/processLauncher.ts'
import type { LauncherContext } from './launcherContext.ts'

/** A child process of ours; what the profile leaves open is as the settings of the server say. */
export function createManagedLauncher(profile: ManagedProfile, context: LauncherContext): ServerLauncher {
  const { settings, log, extensionUri, storageUri, developmentRoot, folder } = context
  const env = { ...process.env, ...settings.serverEnvironment.value, ...profile.environment }
  return new ProcessLauncher({
    binary: () =>
      locateBinary({
        setting: profile.path ?? (settings.serverPath.value || undefined),
        env,
        home: env['HOME'] ?? homedir(),
        platform: process.platform,
        developmentRoot,
      }),
    supervisorPath: vscode.Uri.joinPath(extensionUri, 'dist', 'supervisor.js').fsPath,
    execPath: process.execPath,
    stateDirectory: vscode.Uri.joinPath(storageUri, 'servers').fsPath,
    cwd: folder,
    env,
    log,
  })
}
