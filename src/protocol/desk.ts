import type { RequestID, SessionID } from '../opencode/ids.ts'

/**
 * What stands between the user's editors and the agent's edits in one chat. All paths are absolute, as this
 * machine names them.
 */
export interface DeskState {
  /** Edits that wait for permission and need more than a yes or no. */
  readonly edits: readonly GuardedEdit[]
  /** Files that were written while an editor holds unsaved text of them. */
  readonly conflicts: readonly FileConflict[]
  /** Problems that came up in touched files with the last run. */
  readonly problems: NewProblems | undefined
}

export interface GuardedEdit {
  readonly requestID: RequestID
  /** The files whose text is at risk; empty when there is nothing to lose. */
  readonly risks: readonly FileRisk[]
  /** Whether the edit can be joined with what stands in the editors now. */
  readonly canMerge: boolean
  /** The user changed the proposal in its diff editor. */
  readonly isChanged: boolean
}

export interface FileRisk {
  readonly path: string
  /**
   * `unsaved`: an editor holds unsaved text. `changed`: it was saved after the edit was worked out. `encoding`: the
   * file is not UTF-8, and would be written so.
   */
  readonly kind: 'unsaved' | 'changed' | 'encoding'
}

export interface FileConflict {
  readonly path: string
  /** The file was removed or moved away; its text is only in the editor now. */
  readonly isGone?: true
}

export interface NewProblems {
  readonly sessionID: SessionID
  readonly errors: number
  readonly warnings: number
  /** The files that have them. */
  readonly paths: readonly string[]
}

/**
 * How an edit that waits is settled. `redo`: unsaved text is saved and the agent reads it anew; `merge`: joined
 * with the text in the editors; `mine`: as the user changed it.
 */
export const editSettlements = ['redo', 'merge', 'mine'] as const
export type EditSettlement = (typeof editSettlements)[number]

/** How the words begin that tell the agent what the user did instead of its edit; the transcript knows them by it. */
export const settledOpenings = {
  joined: 'The user joined this edit with changes of their own',
  saved: 'The user has text of their own',
} as const

/** What became of a call that was rejected with such words. */
export function settledIn(error: string | undefined): keyof typeof settledOpenings | undefined {
  if (error === undefined) return undefined
  if (error.includes(settledOpenings.joined)) return 'joined'
  return error.includes(settledOpenings.saved) ? 'saved' : undefined
}

export const conflictAnswers = ['merge', 'compare', 'mine', 'theirs'] as const
export type ConflictAnswer = (typeof conflictAnswers)[number]

/** What is done about the problems that a run brought up. */
export const problemAnswers = ['fix', 'show', 'dismiss'] as const
export type ProblemAnswer = (typeof problemAnswers)[number]
