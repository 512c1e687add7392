import { mkdtemp, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import { type PathRule, propose } from '../../client/paths/pathMap.ts'
import { type DoctorFinding, findingOf } from '../../opencode/doctor.ts'
import { OpencodeError, isAbort, toErrorInfo } from '../../opencode/errors.ts'
import type { Findings } from './findings.ts'

/**
 * Makes an empty folder in the workspace for a moment and looks whether the server sees it: the only proof that both
 * look at the same place, and that it can be written.
 */
export async function lookAtFolder(findings: Findings, signal: AbortSignal): Promise<DoctorFinding> {
  const { folder } = findings.patient
  if (folder === undefined) {
    return { verdict: 'skipped', text: 'No folder is open in this window.', remedies: ['openFolder'] }
  }
  const mark = await leaveMark(folder)
  try {
    const names = await findings.connection.files.list(folder, signal)
    return mark.path === undefined
      ? readOnly(folder, mark.problem)
      : await judge(findings, { folder, mark: basename(mark.path), names })
  } catch (error) {
    return await explain(error, findings, folder)
  } finally {
    if (mark.path !== undefined) await rmdir(mark.path).catch(() => undefined)
  }
}

type Mark =
  | { readonly path: string; readonly problem?: undefined }
  | { readonly path?: undefined; readonly problem: string }

async function leaveMark(folder: string): Promise<Mark> {
  try {
    return { path: await mkdtemp(join(folder, '.opencode-doctor-')) }
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

function readOnly(folder: string, problem: string): DoctorFinding {
  return {
    verdict: 'warn',
    text: `${folder} cannot be written from here (${problem}), so edits may fail. Check who owns the folder and how it is mounted.`,
  }
}

interface Sight {
  readonly folder: string
  readonly mark: string
  readonly names: readonly string[]
}

async function judge(findings: Findings, { folder, mark, names }: Sight): Promise<DoctorFinding> {
  const there = pathsOf(findings.connection).toServer(folder)
  if (names.includes(mark)) {
    const map = there === folder ? '' : ` It calls it ${there}.`
    return { verdict: 'pass', text: `The server sees the files of ${folder}, and they can be written.${map}` }
  }
  return {
    verdict: 'fail',
    text: `The server has a folder ${there}, but not the one that is open here: a new file in this one is not seen there. ${await advice(findings, folder)}`,
    remedies: [findings.patient.settingsRemedy],
  }
}

async function explain(error: unknown, findings: Findings, folder: string): Promise<DoctorFinding> {
  const isMissing =
    error instanceof OpencodeError && ['server-error', 'not-found', 'invalid-argument'].includes(error.code)
  if (!isMissing || isAbort(error)) return findingOf(toErrorInfo(error))
  const there = pathsOf(findings.connection).toServer(folder)
  return {
    verdict: 'fail',
    text: `The server cannot open ${there}. ${await advice(findings, folder)}`,
    remedies: [findings.patient.settingsRemedy, 'showServerLog'],
  }
}

/** What to map, where the server's own folder looks like ours. */
async function advice({ connection }: Findings, folder: string): Promise<string> {
  const place = await connection.files.place(undefined).catch(() => undefined)
  if (!place) return 'Say in the profile of the server where it has this folder ("paths").'
  const rule: PathRule | undefined = propose(place, [{ path: folder }])?.[0]
  const map = rule
    ? `Its own folder ${place.directory} looks like this one; then add {"local": "${rule.host}", "remote": "${rule.server}"} to "paths" in the profile of the server.`
    : `It works in ${place.directory}. If it has this folder under another name, say so in the profile of the server ("paths").`
  return map
}
