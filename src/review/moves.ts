import { sameContent } from './content.ts'
import type { Content } from './content.ts'
import type { AgentStep, ReviewedFile } from './reviewedFile.ts'

type Step = Omit<AgentStep, 'isNewTurn'>

/**
 * Joins the halves of a move that two looks at the folder saw apart: what went away in one place and stands in another
 * in the same turn, to the byte, is one file. Takes files that became part of a step out of `files`.
 */
export function joinMoves(files: Map<string, ReviewedFile>, steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => {
    if (step.from !== undefined) return step
    if (step.start.kind === 'missing') return cameFromAway(files, step)
    return step.end.kind === 'missing' ? wentToKnown(files, step) : step
  })
}

function cameFromAway(files: ReadonlyMap<string, ReviewedFile>, step: Step): Step {
  const old = [...files.values()].find(
    ({ turn, path }) =>
      path !== step.path && turn?.after.kind === 'missing' && isSameFile(turn.before, step.end),
  )
  return old ? { ...step, from: old.path } : step
}

function wentToKnown(files: Map<string, ReviewedFile>, step: Step): Step {
  const made = [...files.values()].find(
    ({ turn, session, from }) =>
      from === undefined &&
      turn?.before.kind === 'missing' &&
      session.before.kind === 'missing' &&
      isSameFile(session.after, step.start),
  )
  if (!made) return step
  files.delete(made.path)
  return { ...step, path: made.path, from: step.path, end: step.start }
}

/** Empty files are all alike, which says nothing. */
function isSameFile(one: Content, other: Content): boolean {
  if (!sameContent(one, other)) return false
  return one.kind === 'text' ? one.lines.join('') !== '' : one.kind !== 'missing'
}
