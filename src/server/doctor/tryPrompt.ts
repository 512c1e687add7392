import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../client/connection.ts'
import { type DoctorFinding, findingOf } from '../../opencode/doctor.ts'
import { OpencodeError, isAbort, toErrorInfo } from '../../opencode/errors.ts'
import { newBlockID, newMessageID } from '../../opencode/newIds.ts'
import type { SessionID } from '../../opencode/ids.ts'

const patienceMs = 60_000
const pollMs = 250

/** Asks the default model for one word, in a session of its own that is deleted again. Spends a few tokens. */
export async function tryPrompt(
  connection: Connection,
  directory: string,
  signal: AbortSignal,
): Promise<DoctorFinding> {
  const started = performance.now()
  try {
    const { id } = await connection.createSession(directory, { title: 'Doctor' })
    try {
      const answer = await ask(connection, id, signal)
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      return { verdict: 'pass', text: `The model answered after ${seconds} s: ${answer}` }
    } finally {
      await connection.abort(id).catch(() => undefined)
      await connection.deleteSession(id).catch(() => undefined)
    }
  } catch (error) {
    if (isAbort(error)) return { verdict: 'skipped', text: 'The prompt was cancelled.' }
    return findingOf(toErrorInfo(error), ['setProviderKey', 'showLog'])
  }
}

async function ask(connection: Connection, sessionID: SessionID, signal: AbortSignal): Promise<string> {
  const now = Date.now()
  const text = 'Answer with the single word "ready" and use no tools.'
  const parts = [{ type: 'text' as const, id: newBlockID(now), text }]
  await connection.prompt(sessionID, { id: newMessageID(now), created: now, parts })
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    const answer = await readAnswer(connection, sessionID)
    if (answer !== undefined) return answer
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) throw new OpencodeError('aborted', 'Cancelled.')
  }
  throw new OpencodeError('timeout', 'The model did not answer within a minute.')
}

async function readAnswer(connection: Connection, sessionID: SessionID): Promise<string | undefined> {
  const last = (await connection.readMessages(sessionID, 5)).messages.at(-1)
  if (last?.role !== 'assistant' || last.completed === undefined) return undefined
  if (last.error) throw new OpencodeError('server-error', `The model could not answer: ${last.error.message}`)
  const words = last.blocks.flatMap((block) => (block.type === 'text' ? block.text : [])).join(' ')
  return words.trim().replace(/\s+/g, ' ').slice(0, 200) || '(nothing)'
}
