import type { SessionID } from '../opencode/ids.ts'
import type { Prompt, PromptRun } from '../session/model.ts'

/** A prompt that names something to run. */
export type RunPrompt = Prompt & { readonly run: PromptRun }

export function isRunPrompt(prompt: Prompt): prompt is RunPrompt {
  return prompt.run !== undefined
}

/** What a server runs by itself in a session. */
export interface SessionCommands {
  /**
   * Runs a command or a shell line; resolves when all of it is over, which may take hours. The message that the
   * server makes of it has the prompt's id. Unlike a prompt it must not be repeated: a second call may run
   * everything again. Rejects with `busy` when a shell line meets a running session, having run nothing.
   */
  run(sessionID: SessionID, prompt: RunPrompt): Promise<void>
}
