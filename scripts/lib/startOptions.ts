import path from 'node:path'
import { parseArgs } from 'node:util'

/** `npm start -- [--container] [--offline] [--no-open] [--port P] [FOLDER]` */
export interface StartOptions {
  /** Runs OpenCode in a container instead of on this machine. */
  readonly container: boolean
  readonly offline: boolean
  readonly open: boolean
  readonly port: number | undefined
  /** Absolute; a sample project when left out. */
  readonly folder: string | undefined
}

/** @throws with a sentence when the arguments make no sense. */
export function parseStartOptions(args: readonly string[], cwd: string): StartOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      container: { type: 'boolean' },
      offline: { type: 'boolean' },
      'no-open': { type: 'boolean' },
      port: { type: 'string' },
    },
  })
  if (positionals.length > 1) throw new Error('Name one folder at the most.')
  const folder = positionals[0]
  return {
    container: values.container === true,
    offline: values.offline === true,
    open: values['no-open'] !== true,
    port: values.port === undefined ? undefined : toPort(values.port),
    folder: folder === undefined ? undefined : path.resolve(cwd, folder),
  }
}

function toPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`--port needs a number from 1 to 65535, not "${text}".`)
  return port
}
