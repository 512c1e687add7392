import type { Agent, Model, ModelRef } from '../opencode/catalog.ts'
import type { ErrorInfo } from '../opencode/errors.ts'
import type { SessionID } from '../opencode/ids.ts'
import type { ProfileKind } from '../opencode/profile.ts'
import type { Capabilities, ServerStatus } from '../opencode/server.ts'
import type { SessionAction } from '../session/actions.ts'
import type { Family } from '../session/family.ts'
import type { UserMessage } from '../session/model.ts'
import { reduceSession } from '../session/reducer.ts'
import type { SessionState } from '../session/state.ts'
import type { ContextItem, PromptQueueState } from './composer.ts'
import type { DeskState } from './desk.ts'

/**
 * What one chat (a side bar view or an editor tab) shows. The host owns it; the webview holds a mirror
 * that it builds from a snapshot and numbered lists of ChatActions, with the same reducer.
 */
export interface ChatState {
  readonly server: ServerStatus
  readonly capabilities: Capabilities | undefined
  /** The server profile of the folder; absent for the one that is always there. */
  readonly profile?: ChatProfile | undefined
  /** Why nothing can be chatted with at all, before any server question. */
  readonly obstacle: 'none' | 'no-folder' | 'untrusted'
  /** The folder new sessions run in; several are a multi-root workspace. */
  readonly folder: ChatFolder | undefined
  readonly folderCount: number
  /** Undefined: a new session that the first prompt will create, or `awaited` is not known yet. */
  readonly session: SessionState | undefined
  /** The session that this chat is for, while nothing of it is known: its server still has to come up. */
  readonly awaited?: SessionID | undefined
  /** Prompts whose session is still being made; shown until the session has them. */
  readonly unsent?: readonly UserMessage[]
  /** A session is being opened and nothing of it is known yet. */
  readonly isLoading: boolean
  /** Why the server cannot work in this folder although it runs, e.g. a broken configuration file. */
  readonly folderProblem?: ErrorInfo | undefined
  /** The sessions around the one on screen. */
  readonly family?: Family
  readonly choice: Choice
  /** The configuration of the server forbids to share sessions. */
  readonly isSharingOff?: boolean
  readonly draft: Draft
  /** Prompts that wait for the run to end; absent where none does. */
  readonly queue?: PromptQueueState | undefined
  /** What the agent's edits mean for the user's editors; absent where that is nothing. */
  readonly desk?: DeskState | undefined
  /** What the session changed and nobody decided on yet; absent where that is nothing. */
  readonly review?: OpenChanges | undefined
  readonly recent: readonly SessionSummary[]
  /** Open requests in other root sessions of the folder, to be shown as a hint with a way there. */
  readonly waitingElsewhere: number
  /** A sentence about the last thing that went wrong here; dismissible. */
  readonly problem: ErrorInfo | undefined
}

/** Changed files that wait for a decision, as the view of changes counts them. */
export interface OpenChanges {
  readonly files: number
  readonly additions: number
  readonly deletions: number
  /** False where the files are on another machine: then only whole prompts can be undone. */
  readonly canDecide: boolean
}

export interface ChatProfile {
  readonly name: string
  readonly kind: ProfileKind
}

export interface ChatFolder {
  readonly name: string
  readonly directory: string
  /** Set for the files of an isolated session: nothing of the user's own is changed there. */
  readonly isolated?: { readonly branch: string; readonly inContainer: boolean }
}

/** What the composer's pickers show; resolved by the host, with the model's own data where known. */
export interface Choice {
  readonly agent: Agent | undefined
  readonly model: Model | undefined
  readonly variant: string | undefined
  /** False while the catalog is not loaded: pickers show "…". */
  readonly isKnown: boolean
  /** True when the catalog is loaded and no model is usable. */
  readonly hasNoModels: boolean
}

export function modelRef(choice: Choice): ModelRef | undefined {
  if (!choice.model) return undefined
  const { providerID, modelID } = choice.model
  return choice.variant ? { providerID, modelID, variant: choice.variant } : { providerID, modelID }
}

/** What the user is writing; kept by the host per session so that no hide, reload or crash loses it. */
export interface Draft {
  readonly text: string
  readonly items: readonly ContextItem[]
  /** Rises whenever the host changed the text itself; the webview then replaces its own. */
  readonly revision: number
}

export interface SessionSummary {
  readonly id: SessionID
  readonly title: string
  readonly updated: number
  readonly state: 'idle' | 'busy' | 'waiting'
}

export type ChatAction =
  | {
      readonly type: 'server'
      readonly server: ServerStatus
      readonly capabilities: Capabilities | undefined
      readonly profile?: ChatProfile | undefined
    }
  | {
      readonly type: 'place'
      readonly obstacle: ChatState['obstacle']
      readonly folder: ChatState['folder']
      readonly folderCount: number
    }
  /** Another session (or none) is on screen now. */
  | {
      readonly type: 'open'
      readonly session: SessionState | undefined
      readonly isLoading: boolean
      readonly awaited?: SessionID | undefined
    }
  | { readonly type: 'session'; readonly action: SessionAction }
  | { readonly type: 'unsent'; readonly unsent: readonly UserMessage[] }
  | { readonly type: 'folder-problem'; readonly problem: ErrorInfo | undefined }
  | { readonly type: 'family'; readonly family: Family }
  | { readonly type: 'choice'; readonly choice: Choice; readonly isSharingOff?: boolean }
  | { readonly type: 'draft'; readonly draft: Draft }
  | { readonly type: 'queue'; readonly queue: PromptQueueState | undefined }
  | { readonly type: 'desk'; readonly desk: DeskState | undefined }
  | { readonly type: 'review'; readonly review: OpenChanges | undefined }
  | { readonly type: 'recent'; readonly recent: readonly SessionSummary[]; readonly waitingElsewhere: number }
  | { readonly type: 'problem'; readonly problem: ErrorInfo | undefined }

export interface ChatSnapshot {
  readonly revision: number
  readonly state: ChatState
}

/** Pure and total; the same on both sides of the wall. Gives the same object back when nothing changes. */
export function reduceChat(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case 'server':
      return { ...state, server: action.server, capabilities: action.capabilities, profile: action.profile }
    case 'place':
      return { ...state, obstacle: action.obstacle, folder: action.folder, folderCount: action.folderCount }
    case 'open':
      return withAwaited({ ...state, session: action.session, isLoading: action.isLoading }, action.awaited)
    case 'session': {
      if (!state.session) return state
      const session = reduceSession(state.session, action.action)
      return session === state.session ? state : { ...state, session }
    }
    case 'unsent':
      return { ...state, unsent: action.unsent }
    case 'folder-problem':
      return state.folderProblem === action.problem ? state : { ...state, folderProblem: action.problem }
    case 'family':
      return { ...state, family: action.family }
    case 'choice':
      return { ...state, choice: action.choice, isSharingOff: action.isSharingOff === true }
    case 'draft':
      return { ...state, draft: action.draft }
    case 'queue':
      return state.queue === action.queue ? state : { ...state, queue: action.queue }
    case 'desk':
      return { ...state, desk: action.desk }
    case 'review':
      return { ...state, review: action.review }
    case 'recent':
      return { ...state, recent: action.recent, waitingElsewhere: action.waitingElsewhere }
    case 'problem':
      return state.problem === action.problem ? state : { ...state, problem: action.problem }
  }
}

function withAwaited({ awaited: _, ...state }: ChatState, awaited: SessionID | undefined): ChatState {
  return awaited === undefined ? state : { ...state, awaited }
}

export const emptyDraft: Draft = { text: '', items: [], revision: 0 }
export const unknownChoice: Choice = {
  agent: undefined,
  model: undefined,
  variant: undefined,
  isKnown: false,
  hasNoModels: false,
}
