import type { ServerProfile } from '../../opencode/profile.ts'
import { localProgram } from '../program.ts'
import { engineOf } from './container.ts'
import { kubectlOf } from './kubernetes.ts'
import type { LauncherContext } from './launcherContext.ts'

export type ProgramContext = Pick<LauncherContext, 'settings' | 'developmentRoot'>

/** Finds the program that brings up the server of a profile, and says in a sentence which it is. */
export function programFinder(
  profile: ServerProfile,
  context: ProgramContext,
): (signal: AbortSignal) => Promise<string> {
  switch (profile.kind) {
    case 'container':
      return async (signal) => `${(await engineOf(profile, signal)).description} answers.`
    case 'managed':
      return async () => {
        const { path, version } = await localProgram(profile, context).binary()
        return `OpenCode ${version} at ${path}.`
      }
    case 'kubernetes':
      return async (signal) => `kubectl ${await kubectlOf(profile).version(signal)}.`
    case 'url':
      return () => Promise.resolve('Somebody else runs this server.')
  }
}
