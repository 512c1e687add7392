import { openChat, startStage } from '../e2e/support.ts'
import { readProbe, startProbe } from './support/probe.ts'
import { percentile, type Bench, type BenchResult } from './support/result.ts'

export const latency: Bench = { name: 'latency', run }

async function run(): Promise<BenchResult> {
  const stage = await startStage()
  try {
    const chat = await openChat(await stage.workbench.openPage())
    await chat.send('[[text:ready]]')
    await chat.answered('ready')
    await startProbe(chat.frame)
    await chat.send('[[delay:25]][[stamps:300]][[text:end of stamps]]')
    await chat.answered('end of stamps')
    const { toDom, toFrame } = await readProbe(chat.frame)
    const row = (name: string, values: readonly number[]) => [
      name,
      values.length,
      ...[0.5, 0.95, 1].map((share) => percentile(values, share)),
    ]
    return {
      title: 'Event to pixel',
      note: 'The model stamps each of 300 chunks (one every 25 ms) with the time; ms until the text stands in the DOM, and until the next frame. The server is part of it.',
      columns: ['until', 'chunks', 'p50', 'p95', 'max'],
      rows: [row('DOM', toDom), row('frame', toFrame)],
    }
  } finally {
    await stage.dispose()
  }
}
