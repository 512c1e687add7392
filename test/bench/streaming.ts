import { openChat, startStage } from '../e2e/support.ts'
import { openCdp, processCpuMs, readProbe, rendererCost, startProbe } from './support/probe.ts'
import type { Bench, BenchResult } from './support/result.ts'

export const streaming: Bench = { name: 'streaming', run }

const tokens = 20_000

/** 20,000 tokens of markdown at 2,000 tokens a second, one token per chunk. */
async function run(): Promise<BenchResult> {
  const stage = await startStage()
  try {
    const page = await stage.workbench.openPage()
    const chat = await openChat(page)
    await chat.send('[[text:ready]]')
    await chat.answered('ready')
    const cdp = await openCdp(page)
    const host = (await stage.workbench.extensionHosts())[0]?.pid ?? 0
    const before = { renderer: await rendererCost(cdp), host: await processCpuMs(host) }
    await startProbe(chat.frame)
    const start = performance.now()
    await chat.send(`[[chunk:4]][[delay:0.5]][[lorem:${String(tokens)}]][[text:\\n\\nend of stream]]`)
    await chat.answered('end of stream', 120_000)
    const seconds = (performance.now() - start) / 1000
    const after = { renderer: await rendererCost(cdp), host: await processCpuMs(host) }
    const { longTasks, slowFrames } = await readProbe(chat.frame)
    const nodes = await chat.frame.evaluate(() => document.querySelectorAll('*').length)
    return {
      title: 'Streaming 20,000 tokens',
      note: 'Markdown at 2,000 tokens a second into the side bar; the renderer draws workbench and chat.',
      columns: [
        'seconds',
        'long tasks',
        'long tasks ms',
        'frames over 50 ms',
        'renderer ms',
        'extension host ms',
        'heap added MB',
        'DOM nodes',
      ],
      rows: [
        [
          seconds,
          longTasks.length,
          longTasks.reduce((sum, value) => sum + value, 0),
          slowFrames.length,
          after.renderer.taskMs - before.renderer.taskMs,
          after.host - before.host,
          after.renderer.heapMb - before.renderer.heapMb,
          nodes,
        ],
      ],
    }
  } finally {
    await stage.dispose()
  }
}
