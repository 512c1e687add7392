import * as v from 'valibot'
import { toBlockID } from '../../opencode/ids.ts'
import type { BlobStore } from '../../platform/blobs.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import type { PromptPart } from '../../session/model.ts'

/** Characters of base64 from which on a content is kept in a file of its own. */
const blobFrom = 64 * 1024

const lines = v.optional(v.object({ start: v.number(), end: v.number() }))
const blockID = v.pipe(
  v.string(),
  v.regex(/^[\w.:~-]{1,256}$/),
  v.transform((id) => toBlockID(id)),
)
const part = v.variant('type', [
  v.object({ type: v.literal('text'), id: blockID, text: v.string(), synthetic: v.optional(v.boolean()) }),
  v.object({
    type: v.literal('file'),
    id: blockID,
    path: v.string(),
    name: v.string(),
    mime: v.string(),
    lines,
  }),
  v.object({
    type: v.literal('inline'),
    id: blockID,
    name: v.string(),
    mime: v.string(),
    base64: v.string(),
    blob: v.optional(v.string()),
    path: v.optional(v.string()),
    lines,
  }),
  v.object({ type: v.literal('agent'), id: blockID, name: v.string() }),
]) satisfies v.GenericSchema<unknown, PromptPart>

const kind = v.picklist([
  'file',
  'selection',
  'symbol',
  'problem',
  'image',
  'pdf',
  'folder',
  'cell',
  'terminal',
  'changes',
  'session',
  'agent',
  'paste',
])

/** The stored form of an attachment. */
export const attachmentSchema = v.object({
  item: v.object({
    id: v.string(),
    kind,
    label: v.string(),
    detail: v.string(),
    size: v.optional(v.number()),
    mention: v.optional(v.string()),
    stale: v.optional(v.string()),
    isLive: v.optional(v.boolean()),
  }),
  parts: v.array(part),
  source: v.optional(v.string()),
  content: v.optional(v.object({ key: v.string(), digest: v.string() })),
  anchor: v.optional(
    v.object({
      uri: v.string(),
      lines: v.object({ start: v.number(), end: v.number() }),
      text: v.string(),
      isGone: v.exactOptional(v.boolean()),
    }),
  ),
  isForced: v.optional(v.boolean()),
})

type StoredAttachment = v.InferOutput<typeof attachmentSchema>

/** Puts large contents into files; `names` collects what the files are called. */
export async function storeAttachment(
  attachment: Attachment,
  blobs: BlobStore,
  names: Set<string>,
): Promise<unknown> {
  const parts = attachment.parts.map(async (each) => {
    if (each.type !== 'inline' || each.base64.length < blobFrom) return each
    const blob = await blobs.put(each.base64)
    names.add(blob)
    return { ...each, base64: '', blob }
  })
  return { ...attachment, parts: await Promise.all(parts) }
}

/** An attachment with its contents; undefined when one of them is gone. */
export function restoreAttachment(stored: StoredAttachment, blobs: BlobStore): Attachment | undefined {
  const parts: PromptPart[] = []
  for (const each of stored.parts) {
    if (each.type !== 'inline') {
      parts.push(each)
      continue
    }
    const { blob, ...rest } = each
    const base64 = blob === undefined ? rest.base64 : blobs.read(blob)
    if (base64 === undefined) return undefined
    parts.push({ ...rest, base64 })
  }
  return { ...stored, parts }
}
