import * as v from 'valibot'
import { OpencodeError } from '../opencode/errors.ts'
import { toBlockID, toMessageID, toRequestID, toSessionID } from '../opencode/ids.ts'
import { conflictAnswers, editSettlements, problemAnswers } from './desk.ts'
import { webviewCommands } from './methods.ts'
import type { HostMethods } from './methods.ts'

/**
 * Checks what the page sent before a handler sees it. Unknown fields are dropped; nothing else passes.
 *
 * @throws OpencodeError `unknown-method`, `invalid-params`
 */
export function checkHostParams(method: string, params: unknown): unknown {
  if (!Object.hasOwn(schemas, method)) {
    throw new OpencodeError('unknown-method', `There is no method ${method.slice(0, 80)}.`)
  }
  const schema = schemas[method] ?? nothing
  const result = v.safeParse(schema, params)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new OpencodeError('invalid-params', `${method}: ${v.getDotPath(issue) ?? 'params'} is not valid.`)
}

const promptLimit = 2_000_000
/** 10 MiB in base64. */
const fileLimit = 14_100_000
const nothing = v.object({})
const text = (limit: number) => v.pipe(v.string(), v.maxLength(limit))
const id = <T>(read: (value: unknown) => T) =>
  v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return read(dataset.value)
      } catch {
        addIssue({ message: 'Not an id' })
        return NEVER
      }
    }),
  )
const sessionID = id(toSessionID)
const messageID = id(toMessageID)
const blockID = id(toBlockID)
const requestID = id(toRequestID)
const answers = v.pipe(v.array(v.pipe(v.array(text(20_000)), v.maxLength(100))), v.maxLength(100))
const itemIDs = v.pipe(v.array(text(100)), v.maxLength(200))
const line = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000))

const schemas: { readonly [K in keyof HostMethods]: v.GenericSchema<unknown, HostMethods[K]['params']> } = {
  'chat/open': nothing,
  'chat/history': nothing,
  'session/open': v.object({ sessionID, place: v.optional(v.literal('editor')) }),
  'history/undo': v.object({ messageID, blockID: v.optional(blockID) }),
  'history/redo': nothing,
  'history/edit': v.object({ messageID }),
  'history/fork': v.object({ messageID, from: v.picklist(['prompt', 'answer']) }),
  'message/copyMarkdown': v.object({ messageID }),
  'session/abort': nothing,
  'prompt/send': v.object({ text: text(promptLimit), items: itemIDs }),
  'prompt/retry': v.object({ messageID }),
  'prompt/recall': v.object({ messageID }),
  'prompt/historyList': nothing,
  'run/goOn': v.object({ switchModel: v.boolean() }),
  'paths/check': v.object({
    links: v.pipe(v.array(v.object({ path: text(4_000), line: v.optional(line) })), v.maxLength(200)),
  }),
  'draft/change': v.object({ text: text(promptLimit) }),
  'draft/removeItem': v.object({ id: text(100) }),
  'draft/resendItem': v.object({ id: text(100) }),
  'draft/inspect': v.object({ text: text(promptLimit), items: itemIDs }),
  'mention/search': v.object({ query: text(200), withIgnored: v.boolean() }),
  'queue/add': v.object({ text: text(promptLimit), items: itemIDs }),
  'queue/update': v.object({ id: text(100), text: text(promptLimit) }),
  'queue/move': v.object({ id: text(100), index: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  'queue/remove': v.object({ id: text(100) }),
  'queue/sendNow': v.object({ id: text(100) }),
  'queue/resume': nothing,
  'inbox/cancel': v.object({ messageID }),
  'inbox/deliver': v.object({ messageID, delivery: v.picklist(['steer', 'queue']) }),
  'inbox/edit': v.object({ messageID }),
  'inbox/resume': nothing,
  'attachment/file': v.object({ name: text(300), mime: text(200), base64: text(fileLimit) }),
  'attachment/text': v.object({ text: text(promptLimit) }),
  'attachment/uris': v.object({ uris: v.pipe(v.array(text(4_000)), v.maxLength(100)) }),
  'attachment/expand': v.object({ id: text(100) }),
  'slash/list': nothing,
  'slash/run': v.object({ name: text(100) }),
  'mention/pick': v.object({ id: text(100) }),
  'permission/reply': v.object({
    requestID,
    reply: v.picklist(['once', 'always', 'reject']),
    message: v.optional(text(20_000)),
  }),
  'edit/settle': v.object({ requestID, how: v.picklist(editSettlements) }),
  'conflict/answer': v.object({ path: text(4_000), how: v.picklist(conflictAnswers) }),
  'problems/answer': v.object({ how: v.picklist(problemAnswers) }),
  'question/reply': v.object({ requestID, answers }),
  'question/reject': v.object({ requestID }),
  'command/run': v.object({ command: v.picklist(webviewCommands) }),
  'link/open': v.object({ href: text(8_000) }),
  'file/open': v.object({ path: text(4_000), line: v.optional(line) }),
  'diff/open': v.object({ messageID, callID: text(300), path: text(4_000) }),
  'diff/openRequest': v.object({ requestID }),
  'output/open': v.object({ messageID, callID: text(300) }),
  'picture/open': v.object({
    messageID,
    blockID,
    index: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  }),
  'diagram/open': v.object({ svg: v.pipe(text(5_000_000), v.startsWith('<svg')) }),
  'code/insert': v.object({ code: text(promptLimit) }),
  'code/open': v.object({ code: text(promptLimit), lang: text(40) }),
  'code/apply': v.object({ code: text(promptLimit), path: v.optional(text(4_000)) }),
  'clipboard/write': v.object({ text: text(5_000_000) }),
  'page/focus': v.object({ isFocused: v.boolean() }),
  'problem/dismiss': nothing,
  'log/error': v.object({ message: text(4_000) }),
}
