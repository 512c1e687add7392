import type { Event, GlobalEvent, Part, SessionStatus } from '@opencode-ai/sdk/v2/types'

/**
 * The only file that names the server's own types. They are claims of one version, so at run time every
 * field is read as `unknown` (see `Loose`); the types only keep us from misspelling a name.
 */
export type {
  Agent as WireAgent,
  AgentPartInput,
  AssistantMessage as WireAssistantMessage,
  Command as WireCommand,
  FilePartInput,
  Model as WireModel,
  PermissionRequest as WirePermission,
  Provider as WireProvider,
  QuestionRequest as WireQuestionRequest,
  Session as WireSession,
  TextPartInput,
  Todo as WireTodo,
  UserMessage as WireUserMessage,
} from '@opencode-ai/sdk/v2/types'

export type WirePart = Part
export type WireStatus = SessionStatus

type AnyEvent = Event | Exclude<GlobalEvent['payload'], { type: 'sync' }>
/** Names of the events that the pinned types know. */
export type WireEventType = Extract<AnyEvent, { type: string }>['type']

type KeysOfUnion<T> = T extends unknown ? keyof T : never

/** Any of the fields that the type (or a member of the union) has, each unproven. */
export type Loose<T> = Readonly<Partial<Record<KeysOfUnion<T> & string, unknown>>>

/** Views a JSON object by the field names of a wire type; undefined for anything that is not an object. */
export function loose<T>(value: unknown): Loose<T> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Loose<T>)
    : undefined
}
