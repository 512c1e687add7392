import { applyPatch, parsePatch, reversePatch } from 'diff'

/** The text of before a change whose unified diff is known; undefined where that does not fit. */
export function takeBack(text: string, patch: string | undefined): string | undefined {
  const parsed = patch === undefined ? undefined : readPatch(patch)
  if (!parsed) return undefined
  const before = applyPatch(text, reversePatch(parsed), { autoConvertLineEndings: true })
  return before === false ? undefined : before
}

function readPatch(text: string): ReturnType<typeof parsePatch>[number] | undefined {
  try {
    return parsePatch(text).find(({ hunks }) => hunks.length > 0)
  } catch {
    return undefined
  }
}
