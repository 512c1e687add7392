import { homedir } from 'node:os'
import type { ManagedProfile } from '../opencode/profile.ts'
import { locateBinary } from '../server/binary/binaryLocator.ts'
import type { Binary } from '../server/binary/binary.ts'
import type { LauncherContext } from './launchers/launcherContext.ts'

/** The `opencode` of this machine, as a profile of a managed server runs it. */
export interface LocalProgram {
  /** Found anew each time. Rejects with `binary-not-found`, `version-too-old` or `launch-failed`. */
  readonly binary: () => Promise<Binary>
  /** What the server is started with, apart from its own secrets. */
  readonly env: NodeJS.ProcessEnv
}

/** What the profile leaves open is as the settings of the server say. */
export function localProgram(
  profile: Pick<ManagedProfile, 'path' | 'environment'>,
  { settings, developmentRoot }: Pick<LauncherContext, 'settings' | 'developmentRoot'>,
): LocalProgram {
  const env = { ...process.env, ...settings.serverEnvironment.value, ...profile.environment }
  return {
    env,
    binary: () =>
      locateBinary({
        setting: profile.path ?? (settings.serverPath.value || undefined),
        env,
        home: env['HOME'] ?? homedir(),
        platform: process.platform,
        developmentRoot,
      }),
  }
}
