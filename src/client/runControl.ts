import type { ModelRef } from '../opencode/catalog.ts'
import type { SessionID } from '../opencode/ids.ts'
import type { UserMessage } from '../session/model.ts'

export interface GoOnOptions {
  readonly agent?: string
  readonly model?: ModelRef
}

/** What can be done to a run besides aborting it. */
export interface RunControl {
  /**
   * Lets a run that failed, waits for its next attempt or was stopped go on from where it is: ends what is
   * going on, then has the model asked again for the answer to `prompt`, its last prompt. Tools that ran
   * stay as they are. Rejects with `unsupported` for a prompt without text.
   */
  goOn(sessionID: SessionID, prompt: UserMessage, options: GoOnOptions): Promise<void>
}
