import { OpencodeError } from './errors.ts'
import type { Capabilities } from './server.ts'

/** What a user may ask for by a button or a command, and a server may not be able to do. */
export type Ability = 'archive' | 'fork' | 'revert' | 'share'

const words: Readonly<Record<Ability, string>> = {
  archive: 'archive sessions',
  fork: 'fork sessions',
  revert: 'undo prompts',
  share: 'share sessions',
}

/** A server as far as its abilities go; both are missing while none runs. */
export interface AbleServer {
  readonly capabilities: Capabilities | undefined
  readonly version: string | undefined
}

/** Why something cannot be asked of a server, as one sentence; undefined when it can, or when no server runs. */
export function lackOf({ capabilities, version }: AbleServer, ability: Ability): string | undefined {
  if (capabilities?.[ability] !== false) return undefined
  const name = version === undefined ? 'This server' : `This server (OpenCode ${version})`
  return `${name} cannot ${words[ability]}.`
}

/** @throws OpencodeError `unsupported` with the reason */
export function needAbility(server: AbleServer, ability: Ability): void {
  const lack = lackOf(server, ability)
  if (lack !== undefined) throw new OpencodeError('unsupported', lack)
}
