import * as v from 'valibot'
import { doctorRemedies } from '../opencode/doctor.ts'
import type { DoctorState } from '../opencode/doctor.ts'

/** What the Doctor's page can ask for, besides the remedies of findings. */
const doctorActs = ['ready', 'run', 'cancel', 'copyReport', 'resetNumbers', ...doctorRemedies] as const
export type DoctorAct = (typeof doctorActs)[number]

/** Host → page: all there is to show, each time. */
export interface DoctorMessage {
  readonly kind: 'doctor'
  readonly state: DoctorState
}

const request = v.object({ act: v.picklist(doctorActs) })

/** What the page wants; undefined for anything that it must not ask. */
export function readDoctorAct(message: unknown): DoctorAct | undefined {
  const result = v.safeParse(request, message)
  return result.success ? result.output.act : undefined
}
