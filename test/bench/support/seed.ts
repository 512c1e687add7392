import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { loremMarkdown } from '../../../scripts/lib/lorem.ts'
import { opencodeBinary, type Lab } from '../../support/opencodeLab.ts'

export interface SeedOptions {
  readonly title: string
  /** Half of them prompts, half answers. */
  readonly messages: number
}

/** Puts a long session into the lab's store with `opencode import`. The last answer says "The very last answer". */
export async function seedSession(lab: Lab, options: SeedOptions): Promise<void> {
  const file = path.join(lab.root, `seed-${String(options.messages)}.json`)
  await writeFile(file, JSON.stringify(exportFile(lab, options)))
  await promisify(execFile)(opencodeBinary(), ['import', file], {
    cwd: lab.project,
    env: { ...lab.env },
    timeout: 300_000,
  })
}

const model = { providerID: 'mock', modelID: 'mock' }
const tokens = { input: 1000, output: 100, reasoning: 0, cache: { read: 0, write: 0 } }

function exportFile(lab: Lab, { title, messages }: SeedOptions): unknown {
  const start = Date.now() - messages * 60_000
  const sessionID = `ses_${suffix(messages, 'seed')}`
  const place: Place = { sessionID, directory: lab.project, start, last: messages - 1 }
  return {
    info: {
      id: sessionID,
      slug: `seed-${String(messages)}`,
      projectID: 'global',
      directory: lab.project,
      path: '',
      title,
      version: '1.18.33',
      time: { created: start, updated: start + messages * 60_000 },
    },
    messages: Array.from({ length: messages }, (_, index) =>
      index % 2 === 0 ? prompt(place, index) : answer(place, index),
    ),
  }
}

interface Place {
  readonly sessionID: string
  readonly directory: string
  readonly start: number
  readonly last: number
}

function prompt({ sessionID, start }: Place, index: number): unknown {
  const id = `msg_${suffix(index, 'user')}`
  const info = {
    id,
    sessionID,
    role: 'user',
    agent: 'build',
    model,
    time: { created: start + index * 60_000 },
  }
  return {
    info,
    parts: [
      {
        id: `prt_${suffix(index, 'ask')}`,
        sessionID,
        messageID: id,
        type: 'text',
        text: `Question ${String(index)}?`,
      },
    ],
  }
}

function answer({ sessionID, directory, start, last }: Place, index: number): unknown {
  const id = `msg_${suffix(index, 'assistant')}`
  const created = start + index * 60_000
  const base = { sessionID, messageID: id }
  const text = `${loremMarkdown(40 + (index % 7) * 60)}\n\n${index === last ? 'The very last answer' : `Answer ${String(index)}`}`
  const input = { command: 'ls', description: 'List files' }
  const state = {
    status: 'completed',
    input,
    output: 'README.md\nsrc\n',
    title: 'ls',
    metadata: { output: 'README.md\nsrc\n', exit: 0 },
    time: { start: created, end: created + 100 },
  }
  const parts = [
    { ...base, id: `prt_${suffix(index, 'a')}`, type: 'step-start' },
    ...(index % 8 === 1
      ? [
          {
            ...base,
            id: `prt_${suffix(index, 'b')}`,
            type: 'tool',
            tool: 'bash',
            callID: `call_${String(index)}`,
            state,
          },
        ]
      : []),
    {
      ...base,
      id: `prt_${suffix(index, 'c')}`,
      type: 'text',
      text,
      time: { start: created, end: created + 500 },
    },
    { ...base, id: `prt_${suffix(index, 'd')}`, type: 'step-finish', reason: 'stop', cost: 0, tokens },
  ]
  const info = {
    id,
    sessionID,
    role: 'assistant',
    parentID: `msg_${suffix(index - 1, 'user')}`,
    mode: 'build',
    agent: 'build',
    cost: 0,
    tokens,
    path: { cwd: directory, root: directory },
    modelID: model.modelID,
    providerID: model.providerID,
    time: { created, completed: created + 600 },
    finish: 'stop',
  }
  return { info, parts }
}

/** Ids sort by their number; the rest only makes them differ. */
function suffix(index: number, kind: string): string {
  return `${(0x100000000000 + index * 0x10000).toString(16)}${kind.padEnd(14, '0')}`
}
