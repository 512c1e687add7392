import { applyPatch, parsePatch, reversePatch } from 'diff'
import type { StructuredPatch } from 'diff'

/** The two sides of a change; `isWhole` is false when only the changed places could be rebuilt. */
export interface ChangeSides {
  readonly before: string
  readonly after: string
  readonly isWhole: boolean
}

/**
 * Rebuilds what a file was before a change that is on the disk already. When the file has moved on so
 * that the patch does not fit, both sides are made of the hunks alone. Undefined for an unreadable patch.
 */
export function sidesOfDone(patchText: string, current: string): ChangeSides | undefined {
  const patch = readPatch(patchText)
  if (!patch) return undefined
  const before = applyPatch(current, reversePatch(patch), { autoConvertLineEndings: true })
  return before === false ? sidesOfHunks(patch) : { before, after: current, isWhole: true }
}

/** As `sidesOfDone`, for a change that is only proposed. */
export function sidesOfProposed(patchText: string, current: string): ChangeSides | undefined {
  const patch = readPatch(patchText)
  if (!patch) return undefined
  const after = applyPatch(current, patch, { autoConvertLineEndings: true })
  return after === false ? sidesOfHunks(patch) : { before: current, after, isWhole: true }
}

function readPatch(text: string): StructuredPatch | undefined {
  try {
    return parsePatch(text).find(({ hunks }) => hunks.length > 0)
  } catch {
    return undefined
  }
}

function sidesOfHunks(patch: StructuredPatch): ChangeSides {
  const side = (drop: string): string =>
    patch.hunks
      .map(({ lines }) =>
        lines
          .filter((line) => !line.startsWith(drop) && !line.startsWith('\\'))
          .map((line) => line.slice(1))
          .join('\n'),
      )
      .join('\n\n⋯\n\n')
  return { before: side('+'), after: side('-'), isWhole: false }
}
