import type { ModelRef } from '../opencode/catalog.ts'
import type { SessionID } from '../opencode/ids.ts'
import type { Message, Session, ToolBlock } from './model.ts'
import type { SessionState } from './state.ts'

/** The sessions around one: those it was started from, and the subagents below it. */
export interface Family {
  /** From the root down to the parent; empty for a root. */
  readonly ancestors: readonly FamilyMember[]
  /** All below it, however deep, the oldest first. */
  readonly subagents: readonly Subagent[]
}

export interface FamilyMember {
  readonly id: SessionID
  readonly title: string
}

export interface Subagent extends FamilyMember {
  readonly parentID: SessionID
  readonly state: 'busy' | 'waiting' | 'idle'
  readonly agent?: string
  readonly model?: ModelRef
  /** What it does now, while it runs and where that is known. */
  readonly activity?: Activity
}

/** A sign of life of a running session. */
export interface Activity {
  /** Tool calls so far. */
  readonly calls: number
  /** The tool that runs now, or the one that ran last: its name and what it works on. */
  readonly tool?: string
  readonly target?: string
}

export const noFamily: Family = { ancestors: [], subagents: [] }

/** What is known of the sessions of a directory, by session. */
export interface FamilySource {
  readonly sessions: readonly Session[]
  readonly stateOf: (sessionID: SessionID) => Subagent['state']
  readonly activityOf: (sessionID: SessionID) => Activity | undefined
}

export function familyOf(session: Session, source: FamilySource): Family {
  const byID = new Map(source.sessions.map((each) => [each.id, each]))
  const below = source.sessions
    .filter((each) => each.id !== session.id && ancestorsOf(each, byID).some(({ id }) => id === session.id))
    .toSorted((left, right) => left.created - right.created || (left.id < right.id ? -1 : 1))
  return {
    ancestors: ancestorsOf(session, byID).map(({ id, title }) => ({ id, title })),
    subagents: below.flatMap((each) => toSubagent(each, source) ?? []),
  }
}

/** What the loaded part of a session says of its work. */
export function activityOf({ messages }: Pick<SessionState, 'messages'>): Activity {
  const tools = messages.flatMap(toolsOf)
  const current = tools.findLast(({ status }) => status === 'running') ?? tools.at(-1)
  return {
    calls: tools.length,
    ...(current ? { tool: current.name } : {}),
    ...(current?.target ? { target: current.target } : {}),
  }
}

function toolsOf({ blocks }: Message): readonly ToolBlock[] {
  return blocks.filter((block) => block.type === 'tool')
}

/** From the root down. A circle, which no server should make, ends the walk. */
function ancestorsOf(session: Session, byID: ReadonlyMap<SessionID, Session>): readonly Session[] {
  const ancestors: Session[] = []
  let at = session.parentID
  while (at !== undefined && at !== session.id && !ancestors.some(({ id }) => id === at)) {
    const parent = byID.get(at)
    if (!parent) break
    ancestors.unshift(parent)
    at = parent.parentID
  }
  return ancestors
}

function toSubagent(session: Session, { stateOf, activityOf: activity }: FamilySource): Subagent | undefined {
  const { id, title, parentID, agent, model } = session
  if (parentID === undefined) return undefined
  const state = stateOf(id)
  const now = state === 'idle' ? undefined : activity(id)
  return {
    id,
    title,
    parentID,
    state,
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
    ...(now === undefined ? {} : { activity: now }),
  }
}
