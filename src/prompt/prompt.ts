import type { ModelRef } from '../opencode/catalog.ts'
import type { Prompt } from '../session/model.ts'
import type { Attachment } from './attachment.ts'
import { createBlockID, createMessageID } from './promptIds.ts'

/** Joins the text with what the chips send into one prompt with ids of ours. */
export function composePrompt(
  text: string,
  attachments: readonly Attachment[],
  choice: { readonly agent?: string | undefined; readonly model?: ModelRef | undefined },
): Prompt {
  const words = text.trim() === '' ? [] : [{ type: 'text', id: createBlockID(), text } as const]
  return {
    id: createMessageID(),
    created: Date.now(),
    parts: [...words, ...attachments.flatMap(({ parts }) => parts)],
    ...(choice.agent === undefined ? {} : { agent: choice.agent }),
    ...(choice.model === undefined ? {} : { model: choice.model }),
  }
}
