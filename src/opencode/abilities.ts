import { OpencodeError } from './errors.ts'
import type { Capabilities } from './server.ts'

/** What a user may ask for by a button or a command, and a server may not be able to do. */
export type Ability =
  | 'accounts'
  | 'archive'
  | 'background'
  | 'commitUndo'
  | 'environment'
  | 'fork'
  | 'journal'
  | 'partialUndo'
  | 'revert'
  | 'savedPermissions'
  | 'share'
  | 'worktrees'

const words: Readonly<Record<Ability, string>> = {
  accounts: 'list the accounts of providers',
  archive: 'archive sessions',
  background: 'leave running tools to themselves',
  commitUndo: 'drop undone prompts before the next one',
  environment: 'give a session environment variables of its own',
  fork: 'fork sessions',
  journal: 'tell the course of a session',
  partialUndo: 'undo a part of an answer; undo its prompt instead',
  revert: 'undo prompts',
  savedPermissions: 'list what was allowed "always"',
  share: 'share sessions',
  worktrees: 'make working copies of a project',
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

/** The abilities that a server lacks, as words for `when` clauses; none while it is not known. */
export function lacksOf({ capabilities }: Pick<AbleServer, 'capabilities'>): string {
  const all = Object.entries(capabilities ?? {})
  return all.flatMap(([name, has]) => (has ? [] : [name])).join(' ')
}

/** @throws OpencodeError `unsupported` with the reason */
export function needAbility(server: AbleServer, ability: Ability): void {
  const lack = lackOf(server, ability)
  if (lack !== undefined) throw new OpencodeError('unsupported', lack)
}
