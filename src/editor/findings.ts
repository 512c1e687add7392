import * as v from 'valibot'

/** What a review says about some lines of a file. */
export interface Finding {
  /** Relative to the session's directory, with forward slashes. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** The last line, inclusive. */
  readonly endLine: number
  readonly severity: 'error' | 'warning' | 'note'
  /** Markdown. */
  readonly message: string
}

/** An answer that was asked for as `findingsFormat` says. */
export type ReviewAnswer =
  | {
      readonly kind: 'findings'
      readonly findings: readonly Finding[]
      /** Entries that were no findings. */
      readonly dropped: number
    }
  /** There is no such list in the answer. */
  | { readonly kind: 'unreadable' }

/** For the model, behind whatever the user's prompt says. */
export const findingsFormat = [
  'Read what you need, change nothing. End your answer with exactly one fenced block marked json of this form:',
  '```json',
  '{"findings":[{"file":"src/a.ts","line":12,"endLine":14,"severity":"error","message":"What is wrong and why."}]}',
  '```',
  'Name files as the diff does. Lines count from 1 in the file as it is after the changes. "severity" is error,',
  'warning or note. "message" is Markdown and stands alone. An empty list means that nothing is to be said.',
].join('\n')

/** Some models write numbers as texts. */
const line = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\s*\d+\s*$/), v.transform(Number))]),
  v.integer(),
  v.minValue(1),
)
const entry = v.object({
  file: v.pipe(v.string(), v.trim(), v.nonEmpty()),
  line,
  endLine: v.optional(v.nullable(line)),
  severity: v.fallback(v.picklist(['error', 'warning', 'note']), 'note'),
  message: v.pipe(v.string(), v.trim(), v.nonEmpty()),
})
const list = v.object({ findings: v.array(v.unknown()) })
/** The list without its frame; any other list in an answer is not meant. */
const bareList = v.pipe(
  v.array(v.unknown()),
  v.check((each) => each.some((one) => v.is(entry, one))),
  v.transform((findings) => ({ findings })),
)

/** Reads the last list of findings in an answer; entries that make no sense are counted and left out. */
export function readFindings(answer: string): ReviewAnswer {
  for (const text of candidates(answer)) {
    const found = v.safeParse(v.union([list, bareList]), parseJson(text))
    if (!found.success) continue
    const entries = found.output.findings.map((each) => v.safeParse(entry, each))
    const findings = entries.flatMap((each) => (each.success ? [toFinding(each.output)] : []))
    return { kind: 'findings', findings, dropped: entries.length - findings.length }
  }
  return { kind: 'unreadable' }
}

/** The files of a diff as they are after it, by the names that it gives them without the letters before these. */
export function changedNames(diff: string): readonly string[] {
  const found = diff.matchAll(/^\+\+\+ (?:b\/)?([^\t\n]+)\t?$/gm)
  return [...new Set([...found].map(([, name = '']) => name))].filter((name) => name !== '/dev/null')
}

/** Where files of a diff went, by their old names: an answer may name either. */
export function renamesOf(diff: string): ReadonlyMap<string, string> {
  const found = diff.matchAll(/^rename from (.+)\nrename to (.+)$/gm)
  return new Map([...found].map(([, from = '', to = '']) => [from, to]))
}

function toFinding({ file, endLine, ...rest }: v.InferOutput<typeof entry>): Finding {
  return {
    ...rest,
    file: file.replaceAll('\\', '/').replace(/^\.\//, ''),
    endLine: Math.max(rest.line, endLine ?? rest.line),
  }
}

/** Fenced blocks from the last to the first, then the braces of the text from where the list begins. */
function candidates(answer: string): readonly string[] {
  const blocks = [...answer.matchAll(/```[^\n]*\n([\s\S]*?)\n[ \t]*```/g)].map(([, text]) => text ?? '')
  const starts = [...answer.matchAll(/\{\s*"findings"/g)].map(({ index }) => index)
  const to = answer.lastIndexOf('}') + 1
  return [...blocks.toReversed(), ...starts.toReversed().map((from) => answer.slice(from, to))]
}

/** Some models put line breaks and tabs into strings as they are. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, withoutBreaks))
  } catch {
    return undefined
  }
}

function withoutBreaks(literal: string): string {
  return literal.replaceAll(/\r?\n/g, String.raw`\n`).replaceAll('\t', String.raw`\t`)
}
