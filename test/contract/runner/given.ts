import { parseArgs } from 'node:util'
import { parseServerUrl } from '../../../src/client/endpoint.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { compareServer, formatComparison } from './compare.ts'

/** What to print, and how the process ends: 0 all as expected, 1 something differs, 2 nothing could be compared. */
export interface Outcome {
  readonly text: string
  readonly exitCode: 0 | 1 | 2
}

/** Whether these arguments name a server to be compared. */
export function namesServer(args: readonly string[]): boolean {
  return args.some((argument) => /^--url(?:=|$)/.test(argument))
}

/**
 * Compares the server that the arguments name: `--url URL --password WORD`, `--username NAME`, a folder of its own with
 * `--directory`, a turn of a model with `--prompts`.
 */
export async function compareGiven(args: readonly string[]): Promise<Outcome> {
  try {
    const { url, username, password, directory, prompts } = readArguments(args)
    const target = { url: parseServerUrl(url).url, username, password, directory, asksModel: prompts }
    const comparison = await compareServer(target)
    const isSame = comparison.findings.every(({ kind }) => kind !== 'differs')
    return { text: formatComparison(comparison), exitCode: isSame ? 0 : 1 }
  } catch (error) {
    const isKnown = error instanceof OpencodeError || error instanceof WrongArguments
    if (!isKnown) throw error
    return { text: `Nothing was compared. ${error.message}`, exitCode: 2 }
  }
}

class WrongArguments extends Error {}

function readArguments(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string', default: '' },
        username: { type: 'string', default: 'opencode' },
        password: { type: 'string', default: '' },
        directory: { type: 'string' },
        prompts: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    const known = '--url URL --username NAME --password WORD --directory FOLDER --prompts'
    const said = error instanceof Error ? error.message : String(error)
    throw new WrongArguments(`${said.replace(/\.?$/, '.')} Known: ${known}`)
  }
}
