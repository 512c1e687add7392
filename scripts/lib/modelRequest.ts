/** One call that the model answered, for tests that look at what the server sent. */
export interface ModelRequest {
  readonly kind: 'chat' | 'title' | 'compaction'
  readonly sessionID: string | undefined
  readonly model: string
  /** The text of the last user message. */
  readonly prompt: string
  /** How many tool results came after it. */
  readonly toolResults: number
  readonly authorization: string | undefined
  readonly body: ChatBody
}

/** Parts of a chat completion request that the model looks at. */
export interface ChatBody {
  readonly model?: string
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly { readonly function?: { readonly name?: string } }[]
}

export interface ChatMessage {
  readonly role: string
  readonly content?: string | readonly { readonly type: string; readonly text?: string }[] | null
}
