import { type DoctorFinding, type DoctorStep, type DoctorStepID, findingOf } from '../../opencode/doctor.ts'
import { doctorSteps } from '../../opencode/doctor.ts'
import { isAbort, toErrorInfo } from '../../opencode/errors.ts'
import type { DoctorPatient } from './patient.ts'
import { lookAtFolder } from './folderStep.ts'
import { lookAtModel } from './modelStep.ts'
import { Findings } from './findings.ts'
import {
  lookAtAuthentication,
  lookAtEvents,
  lookAtHealth,
  lookAtProgram,
  lookAtStart,
} from './serverSteps.ts'

interface Look {
  /** What must not have failed before. */
  readonly needs: readonly DoctorStepID[]
  readonly run: (findings: Findings, signal: AbortSignal) => Promise<DoctorFinding>
}

const looks: { readonly [S in DoctorStepID]: Look } = {
  program: { needs: [], run: lookAtProgram },
  start: { needs: ['program'], run: lookAtStart },
  health: { needs: ['start'], run: lookAtHealth },
  authentication: { needs: ['health'], run: lookAtAuthentication },
  events: { needs: ['authentication'], run: lookAtEvents },
  folder: { needs: ['events'], run: lookAtFolder },
  model: { needs: ['events'], run: lookAtModel },
}

/**
 * Walks through all that a session needs, from the program to the model, and tells each change of a step. Spends no
 * tokens and leaves nothing behind. Never rejects; when the signal aborts, the rest is skipped.
 */
export async function examine(
  patient: DoctorPatient,
  signal: AbortSignal,
  onStep: (step: DoctorStep) => void,
): Promise<readonly DoctorStep[]> {
  const findings = new Findings(patient)
  const done = new Map<DoctorStepID, DoctorStep>()
  try {
    for (const id of doctorSteps) {
      const broken = looks[id].needs.find((need) => isBroken(done.get(need)))
      const step = signal.aborted
        ? skipped(id, 'The examination was cancelled.')
        : broken
          ? skipped(id, `Not looked at, because an earlier step failed.`)
          : await take(id, { findings, signal, onStep })
      done.set(id, step)
      onStep(step)
    }
  } finally {
    await findings.close()
  }
  return [...done.values()]
}

interface Round {
  readonly findings: Findings
  readonly signal: AbortSignal
  readonly onStep: (step: DoctorStep) => void
}

async function take(id: DoctorStepID, { findings, signal, onStep }: Round): Promise<DoctorStep> {
  onStep({ id, state: 'running' })
  const started = performance.now()
  const finding = await looks[id].run(findings, signal).catch((error: unknown) => {
    if (isAbort(error) && signal.aborted) {
      return { verdict: 'skipped' as const, text: 'The examination was cancelled.' }
    }
    return findingOf(toErrorInfo(error))
  })
  return { id, state: finding.verdict, ms: Math.round(performance.now() - started), finding }
}

function skipped(id: DoctorStepID, text: string): DoctorStep {
  return { id, state: 'skipped', finding: { verdict: 'skipped', text } }
}

/** A step that was skipped for want of an earlier one stands in the way just the same. */
function isBroken(step: DoctorStep | undefined): boolean {
  return step === undefined || step.state === 'fail' || (step.state === 'skipped' && step.ms === undefined)
}
