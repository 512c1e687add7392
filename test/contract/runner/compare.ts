import { AssertionError } from 'node:assert'
import { connect } from '../../../src/client/connect.ts'
import type { Connection } from '../../../src/client/connection.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { ErrorCode } from '../../../src/opencode/errors.ts'
import { wireOf } from '../../../src/opencode/version.ts'
import { assumptions } from '../../support/scripted2/assumptions.ts'
import { commonChecks } from './commonChecks.ts'
import { wire2Checks } from './wire2Checks.ts'
import { NothingToTry, WireClient } from './wireClient.ts'
import type { Target } from './wireClient.ts'

export interface Finding {
  readonly id: string
  readonly kind: 'same' | 'differs' | 'skipped'
  /** What differs, or why it was not tried. */
  readonly detail: string
}

export interface Comparison {
  readonly version: string
  readonly findings: readonly Finding[]
}

const log = { debug() {}, info() {}, warn() {} }

/**
 * Tries on a server what the extension relies on. Makes sessions there, and deletes them again. What the extension
 * would not connect to is a finding as well; where it speaks 2.x the rest is compared all the same.
 * @throws OpencodeError `unauthorized`, `connection-refused` and the like, when nothing can be asked; `unsupported` for
 * what is no OpenCode server
 */
export async function compareServer(target: Target): Promise<Comparison> {
  const { url, username, password } = target
  const connection = await connect({ url, username, password }, { log, timeoutMs: 4_000 }).catch(
    (error: unknown) => {
      if (error instanceof OpencodeError && refusals.has(error.code)) return error
      throw error
    },
  )
  if (connection instanceof OpencodeError) return compareRefused(target, connection)
  const { version } = connection
  try {
    const directory = target.directory ?? (await connection.places.own()).directory
    const findings = await common(connection, directory)
    if (wireOf(version) === 2) findings.push(...(await wire2({ ...target, directory })))
    return { version, findings }
  } finally {
    await connection.close()
  }
}

/** Codes of servers that answer, but not as we know it. */
const refusals = new Set<ErrorCode>(['unsupported', 'version-too-old', 'bad-response'])

async function compareRefused(target: Target, error: OpencodeError): Promise<Comparison> {
  const refused: Finding = { id: 'connect', kind: 'differs', detail: error.message }
  const [info, health] = await Promise.all(
    ['/api/info', '/global/health'].map((route) => versionAt(target, route)),
  )
  const version = info ?? health
  if (version === undefined && error.code === 'unsupported') throw error
  return {
    version: version ?? 'of an unknown version',
    findings: [refused, ...(info === undefined ? [] : await wire2(target))],
  }
}

async function versionAt(target: Target, route: string): Promise<string | undefined> {
  const { version } = (await new WireClient(target).ask('GET', route)).body
  return typeof version === 'string' ? version : undefined
}

async function common(connection: Connection, directory: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { id, run } of commonChecks) findings.push(await attempt(id, () => run(connection, directory)))
  return findings
}

/** The 2.x contract as such, without the adapter. */
export async function wire2(target: Target, checks = wire2Checks): Promise<readonly Finding[]> {
  const client = new WireClient(target)
  const findings: Finding[] = []
  const covered = new Set(checks.flatMap(({ covers = [] }) => covers))
  for (const { id, run, needsModel } of checks) {
    const isLeftOut = needsModel === true && !target.asksModel
    findings.push(
      isLeftOut
        ? { id, kind: 'skipped', detail: 'asks a model; add --prompts' }
        : await attempt(id, () => run(client)),
    )
  }
  const tried = new Set(findings.map(({ id }) => id))
  const untried = assumptions.filter(({ id }) => !tried.has(id) && !(target.asksModel && covered.has(id)))
  return [
    ...findings,
    ...untried.map(({ id }): Finding => ({ id, kind: 'skipped', detail: 'to be compared by hand' })),
  ]
}

async function attempt(id: string, run: () => Promise<void>): Promise<Finding> {
  try {
    await run()
    return { id, kind: 'same', detail: '' }
  } catch (error) {
    if (error instanceof NothingToTry) return { id, kind: 'skipped', detail: error.message }
    return { id, kind: 'differs', detail: describe(error) }
  }
}

/** One line: what was expected and what came instead, where a comparison says so. */
function describe(error: unknown): string {
  if (error instanceof AssertionError && error.generatedMessage) {
    const [expected, actual] = [error.expected, error.actual].map(brief)
    return `expected ${expected}, got ${actual}`
  }
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
  return line.slice(0, 300)
}

function brief(value: unknown): string {
  const text =
    value instanceof RegExp ? String(value) : value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 140 ? `${text.slice(0, 140)}…` : text
}

const marks = { same: ' ok ', differs: 'DIFF', skipped: ' -- ' } as const

const legend = `Sources of what is expected: T types of the published client, P protocol source, S server source,
L notes of others from real servers, C a comparison by others, I our own inference.`

/**
 * One line for each thing that was compared, with what the reference says and where that comes from, and below it what
 * differs. All that differs stands at the end once more.
 */
export function formatComparison({ version, findings }: Comparison): string {
  const lines = findings.map(toLine)
  const differing = findings.filter(({ kind }) => kind === 'differs').map(toLine)
  const again = differing.length === 0 ? [] : ['', 'What differs:', ...differing]
  const count = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length
  const sum = `${count('same')} as expected, ${count('differs')} differ, ${count('skipped')} not tried`
  const sources = lines.some((line) => /\[[A-Z]/.test(line)) ? ['', legend] : []
  return [`OpenCode ${version}`, ...lines, ...again, ...sources, '', sum].join('\n')
}

function toLine({ id, kind, detail }: Finding): string {
  const known = assumptions.find((assumption) => assumption.id === id)
  const says = known ? `: ${known.says} [${known.source}]` : ''
  return `${marks[kind]} ${id}${says}${detail === '' ? '' : `\n       ${detail}`}`
}
