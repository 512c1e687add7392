import { connect } from '../../../src/client/connect.ts'
import type { Connection } from '../../../src/client/connection.ts'
import { wireOf } from '../../../src/opencode/version.ts'
import { assumptions } from '../../support/scripted2/assumptions.ts'
import { commonChecks } from './commonChecks.ts'
import { wire2Checks } from './wire2Checks.ts'
import { WireClient } from './wireClient.ts'
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

/** Tries on a server what the extension relies on. Makes sessions there, and deletes them again. */
export async function compareServer(target: Target): Promise<Comparison> {
  const { url, username, password } = target
  const connection = await connect({ url, username, password }, { log })
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

async function common(connection: Connection, directory: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { id, run } of commonChecks) findings.push(await attempt(id, () => run(connection, directory)))
  return findings
}

/** The 2.x contract as such, without the adapter. */
export async function wire2(target: Target, checks = wire2Checks): Promise<readonly Finding[]> {
  const client = new WireClient(target)
  const findings: Finding[] = []
  for (const { id, run, needsModel } of checks) {
    const isLeftOut = needsModel === true && !target.asksModel
    findings.push(
      isLeftOut
        ? { id, kind: 'skipped', detail: 'asks a model; add --prompts' }
        : await attempt(id, () => run(client)),
    )
  }
  const tried = new Set(findings.map(({ id }) => id))
  const untried = assumptions.filter(({ id }) => !tried.has(id))
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
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    return { id, kind: 'differs', detail: line.slice(0, 200) }
  }
}

const marks = { same: ' ok ', differs: 'DIFF', skipped: ' -- ' } as const

/** One line for each thing that was compared, with what the reference says and where that comes from. */
export function formatComparison({ version, findings }: Comparison): string {
  const lines = findings.map(({ id, kind, detail }) => {
    const known = assumptions.find((assumption) => assumption.id === id)
    const says = known ? `: ${known.says} [${known.source}]` : ''
    return `${marks[kind]} ${id}${says}${detail === '' ? '' : `\n       ${detail}`}`
  })
  const count = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length
  const sum = `${count('same')} as expected, ${count('differs')} differ, ${count('skipped')} not tried`
  return [`OpenCode ${version}`, ...lines, sum].join('\n')
}
