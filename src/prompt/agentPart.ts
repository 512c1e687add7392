import { randomUUID } from 'node:crypto'
import type { Attachment } from './attachment.ts'
import { createBlockID } from './promptIds.ts'

/** Asks the model to hand the work to a subagent. */
export function agentAttachment(name: string, description: string | undefined): Attachment {
  return {
    item: { id: randomUUID(), kind: 'agent', label: name, detail: description ?? name },
    parts: [{ type: 'agent', id: createBlockID(), name }],
    source: `agent:${name}`,
  }
}
