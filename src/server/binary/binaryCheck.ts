import { stat } from 'node:fs/promises'
import type { OpencodeError } from '../../opencode/errors.ts'
import type { Candidate } from './binaryCandidates.ts'
import type { LocateOptions } from './binary.ts'
import { foreignEnvironment } from '../environment.ts'
import { LaunchError } from '../launchError.ts'
import { stripColors } from '../process/outputTail.ts'
import { type RunResult, runProgram } from '../process/runProgram.ts'
import {
  formatVersion,
  isAtLeast,
  oldestVersion,
  oldestVersion2,
  parseVersion,
  wireOf,
} from '../../opencode/version.ts'

const defaultTimeoutMs = 15_000
/** Asking takes a second, and the answer only changes with the file. */
const knownVersions = new Map<string, string>()

/**
 * The version of a program that runs and is new enough.
 * @throws OpencodeError `launch-failed` when it does not run, `version-too-old`.
 */
export async function checkBinary(candidate: Candidate, options: LocateOptions): Promise<string> {
  const key = await fingerprint(candidate.path)
  const known = knownVersions.get(key)
  if (known !== undefined) return known
  const version = await askVersion(candidate, options)
  knownVersions.set(key, version)
  return version
}

async function askVersion({ path, searchPath }: Candidate, options: LocateOptions): Promise<string> {
  const timeoutMs = options.versionTimeoutMs ?? defaultTimeoutMs
  const env = {
    ...foreignEnvironment(options.env),
    ...(searchPath === undefined ? {} : { PATH: searchPath }),
  }
  const result = await runProgram(path, ['--version'], { env, timeoutMs, cwd: options.home })
  const version = result.code === 0 ? parseVersion(stripColors(result.stdout)) : undefined
  if (!version) throw doesNotRun(path, result, timeoutMs)
  const text = formatVersion(version)
  const oldest = wireOf(text) === 2 ? oldestVersion2 : oldestVersion
  if (!isAtLeast(text, oldest)) throw tooOld(path, text, oldest)
  return text
}

function doesNotRun(path: string, result: RunResult, timeoutMs: number): OpencodeError {
  const how = result.isTimeout
    ? `it did not answer within ${Math.round(timeoutMs / 1000)} seconds`
    : (result.spawnError ?? (result.code === 0 ? 'it did not tell a version' : `exit code ${result.code}`))
  return new LaunchError(
    'launch-failed',
    `${path} does not work: asked for its version, it failed (${how}). Reinstall OpenCode, or name another program in the setting "opencodeSessions.server.path".`,
    { detail: stripColors(`${result.stderr}${result.stdout}`).trim().slice(-2000) },
  )
}

function tooOld(path: string, version: string, oldest: string): OpencodeError {
  return new LaunchError(
    'version-too-old',
    `OpenCode ${version} is too old. Update it to ${oldest} or newer, best to the newest ("opencode upgrade").`,
    { detail: `${path} is version ${version}.` },
  )
}

async function fingerprint(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return `${path}\0${found?.size}\0${found?.mtimeMs}\0${found?.ino}`
}
