import type { UserMessage } from '../../session/model.ts'

/** What the user typed; hidden words for the model are left out. */
export function promptText(message: UserMessage): string {
  return message.blocks
    .flatMap((block) => (block.type === 'text' && !block.synthetic ? [block.text] : []))
    .join('\n\n')
    .trim()
}
