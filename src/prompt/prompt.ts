import type { ModelRef } from '../opencode/catalog.ts'
import type { Prompt, PromptDelivery, PromptRun } from '../session/model.ts'
import type { Attachment } from './attachment.ts'
import { createBlockID, createMessageID } from './promptIds.ts'

export interface PromptChoice {
  readonly agent?: string | undefined
  readonly model?: ModelRef | undefined
  /** What the server is to run instead of asking the model. */
  readonly run?: PromptRun
  readonly delivery?: PromptDelivery | undefined
}

/**
 * Joins the text with what the chips send into one prompt. All parts get new ids, since a server may sort
 * them by id, and since a draft that was sent and taken back must not meet its own ids again.
 */
export function composePrompt(
  text: string,
  attachments: readonly Attachment[],
  choice: PromptChoice = {},
): Prompt {
  const words = text.trim() === '' ? [] : [{ type: 'text', text } as const]
  return {
    id: createMessageID(),
    created: Date.now(),
    parts: [...words, ...attachments.flatMap(({ parts }) => parts)].map((part) => ({
      ...part,
      id: createBlockID(),
    })),
    ...given(choice),
  }
}

/** The same prompt for an agent and a model that were not known when it was written. */
export function withChoice(prompt: Prompt, choice: PromptChoice): Prompt {
  return { ...prompt, ...given(choice) }
}

function given({
  agent,
  model,
  run,
  delivery,
}: PromptChoice): Pick<Prompt, 'agent' | 'model' | 'run' | 'delivery'> {
  return {
    ...(delivery === undefined ? {} : { delivery }),
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
    ...(run === undefined ? {} : { run }),
  }
}
