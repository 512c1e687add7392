import { OpencodeError } from '../../opencode/errors.ts'
import type { Binary, LocateOptions } from './binary.ts'
import { abbreviateHome } from './binaryPlaces.ts'
import { type Candidate, candidatesOf } from './binaryCandidates.ts'
import { checkBinary } from './binaryCheck.ts'
import { LaunchError } from '../launchError.ts'

/**
 * Finds the `opencode` to run. The setting counts alone when it is given. Otherwise the first that works and
 * is new enough is taken: PATH, PATH as a login shell has it, the usual install places, the development
 * package.
 * @throws OpencodeError `binary-not-found` (with the places as `detail`), `version-too-old` or, for one that
 * does not run, `launch-failed`.
 */
export async function locateBinary(options: LocateOptions): Promise<Binary> {
  const looked: string[] = []
  let firstFailure: OpencodeError | undefined
  for await (const candidate of candidatesOf(options, looked)) {
    const result = await tryCandidate(candidate, options)
    if (!(result instanceof OpencodeError)) return result
    firstFailure ??= result
  }
  throw firstFailure ?? notFound(options, looked)
}

async function tryCandidate(candidate: Candidate, options: LocateOptions): Promise<Binary | OpencodeError> {
  try {
    const version = await checkBinary(candidate, options)
    const { path, source, searchPath } = candidate
    return { path, version, source, ...(searchPath === undefined ? {} : { searchPath }) }
  } catch (error) {
    if (error instanceof OpencodeError) return error
    throw error
  }
}

function notFound({ setting, home }: LocateOptions, looked: readonly string[]): LaunchError {
  const detail = `Looked at:\n${looked.map((place) => abbreviateHome(place, home)).join('\n')}`
  const wanted = setting?.trim()
  const message = wanted
    ? `There is no program at ${wanted}. Correct the setting "opencodeSessions.server.path", or empty it to let OpenCode be searched for.`
    : 'OpenCode was not found on this machine. Install it (see opencode.ai), or name its program in the setting "opencodeSessions.server.path".'
  return new LaunchError('binary-not-found', message, { detail })
}
