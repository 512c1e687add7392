import { globSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import ts from 'typescript'
import { inRepository } from './repository.ts'

/** One call of `l10n.t` in the source. */
export interface Sentence {
  /** `file:line`. */
  readonly place: string
  /** Undefined where the words are put together at run time: nobody can translate those. */
  readonly message: string | undefined
  /** How many values are put into it, where that can be seen. */
  readonly values: number | undefined
}

/** What translators start from; VS Code looks beside it for `bundle.l10n.<language>.json`. */
const sentencesFile = inRepository('l10n', 'bundle.l10n.json')

/** All that the extension host says through VS Code's localization. */
export function readSentences(): readonly Sentence[] {
  const files = globSync('src/**/*.{ts,tsx}', { cwd: inRepository() }).sort()
  return files.flatMap((file) => {
    const text = readFileSync(inRepository(file), 'utf8')
    return text.includes('l10n.t(') ? sentencesOf(file, text) : []
  })
}

/** Writes the bundle of all sentences, each under itself. @throws when one cannot be translated */
export async function writeSentences(): Promise<void> {
  const messages = readSentences().map(({ place, message }) => {
    if (message === undefined) throw new Error(`${place}: l10n.t needs its words as one literal.`)
    return message
  })
  const bundle = Object.fromEntries([...new Set(messages)].sort().map((message) => [message, message]))
  await mkdir(inRepository('l10n'), { recursive: true })
  await writeFile(sentencesFile, `${JSON.stringify(bundle, undefined, 2)}\n`)
}

function sentencesOf(file: string, text: string): readonly Sentence[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  const found: Sentence[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTranslation(node.expression)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push({ place: `${file}:${String(line)}`, ...readCall(node.arguments) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isTranslation(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && /(^|\.)l10n\.t$/.test(callee.getText())
}

function readCall([first, ...rest]: ts.NodeArray<ts.Expression>): Pick<Sentence, 'message' | 'values'> {
  const message = first && ts.isStringLiteralLike(first) ? first.text : undefined
  const isSpread = rest.some((value) => ts.isSpreadElement(value) || ts.isObjectLiteralExpression(value))
  return { message, values: isSpread ? undefined : rest.length }
}
