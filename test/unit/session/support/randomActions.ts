import { toBlockID, toMessageID, toRequestID } from '../../../../src/opencode/ids.ts'
import type { BlockID, MessageID } from '../../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../../src/session/actions.ts'
import type { Block, MessageHead, RunStatus } from '../../../../src/session/model.ts'
import { assistant, permission, session, state, text, tool, user } from './builders.ts'
import type { Random } from './random.ts'

/** Actions over very few ids, so that they meet each other often. */
export function randomActions(random: Random, count: number): readonly SessionAction[] {
  return Array.from({ length: count }, () => randomAction(random))
}

export function randomAction(random: Random): SessionAction {
  const roll = random.next()
  if (roll < 0.35) return append(random)
  if (roll < 0.6) return { type: 'block/put', messageID: messageID(random), block: randomBlock(random) }
  if (roll < 0.72) return { type: 'message/put', message: randomHead(random) }
  if (roll < 0.82) return { type: 'status', status: randomStatus(random) }
  return rare(random)
}

function rare(random: Random): SessionAction {
  switch (random.below(9)) {
    case 0:
      return { type: 'message/removed', messageID: messageID(random) }
    case 1:
      return { type: 'block/removed', messageID: messageID(random), blockID: blockID(random) }
    case 2:
      return { type: 'request/put', request: randomRequest(random) }
    case 3:
      return { type: 'request/removed', requestID: toRequestID(`per_${random.below(3)}`) }
    case 4:
      return { type: 'todos', todos: [{ content: `todo ${random.below(3)}`, status: 'pending' }] }
    case 5:
      return {
        type: 'error',
        error: { name: 'APIError', message: `error ${random.below(2)}`, kind: 'other' },
      }
    case 6:
      return { type: 'settle' }
    case 7:
      return { type: 'session/put', session: session('ses_1', { title: `title ${random.below(3)}` }) }
    default:
      return whole(random)
  }
}

function whole(random: Random): SessionAction {
  const messages = [assistant('msg_1', 1, { blocks: [text('prt_1', 'old')] }), user('msg_2', 2)]
  if (random.chance(0.3)) return { type: 'reset', state: state(messages) }
  return { type: 'history', messages: messages.slice(0, 1), hasOlder: random.chance(0.5) }
}

function append(random: Random): SessionAction {
  const content = random.chance(0.1) ? '' : String.fromCharCode(97 + random.below(26))
  return { type: 'block/append', messageID: messageID(random), blockID: blockID(random), text: content }
}

function randomBlock(random: Random): Block {
  const id = blockID(random)
  if (random.chance(0.6)) return text(id, random.pick(['', 'some', 'all']), { open: random.chance(0.8) })
  const path = `f${random.below(2)}`
  const files = [{ path, additions: 1, deletions: 0, status: 'modified' as const }]
  return tool(id, {
    callID: `call_${random.below(2)}`,
    status: random.pick(['pending', 'running', 'completed', 'failed']),
    ...(random.chance(0.4) ? { files } : {}),
  })
}

function randomHead(random: Random): MessageHead {
  const id = messageID(random)
  const created = random.below(4)
  if (random.chance(0.6)) {
    const { blocks: _blocks, ...head } = assistant(id, created, { cost: random.below(3) })
    return head
  }
  const { blocks: _blocks, ...head } = user(
    id,
    created,
    random.chance(0.4) ? { delivery: { kind: 'pending' } } : {},
  )
  return head
}

function randomRequest(random: Random): ReturnType<typeof permission> {
  return permission(`per_${random.below(3)}`, {
    callID: `call_${random.below(2)}`,
    ...(random.chance(0.6) ? { diff: `--- a\n+++ b\n@@ -1 +1 @@\n+${random.below(3)}` } : {}),
  })
}

function randomStatus(random: Random): RunStatus {
  const retry: RunStatus = { kind: 'retry', attempt: random.below(3), message: 'later', next: 1 }
  return random.pick<RunStatus>([{ kind: 'idle' }, { kind: 'busy' }, retry])
}

function messageID(random: Random): MessageID {
  return toMessageID(`msg_${random.below(3)}`)
}

function blockID(random: Random): BlockID {
  return toBlockID(`prt_${random.below(3)}`)
}
