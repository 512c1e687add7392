/** One tool that an agent may call. It changes nothing. */
export interface McpTool {
  readonly name: string
  readonly description: string
  /** JSON schema of an object. */
  readonly inputSchema: { readonly [key: string]: unknown }
  /**
   * Checks what came and answers in words for the model. What it throws becomes an answer that says so, with its
   * message.
   */
  readonly call: (input: { readonly [key: string]: unknown }) => Promise<string>
}
