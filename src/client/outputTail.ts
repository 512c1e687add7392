import { outputLimit } from '../session/model.ts'

/** The end of a long output, from the beginning of a line where one is near. */
export function tailOf(output: string): string {
  const cut = output.slice(-outputLimit)
  const lineEnd = cut.indexOf('\n')
  return lineEnd >= 0 && lineEnd < 2_000 ? cut.slice(lineEnd + 1) : cut
}
