import type { Frame } from 'playwright-core'
import { openChat, startStage, type Stage } from '../e2e/support.ts'
import { readProbe, startProbe } from './support/probe.ts'
import { percentile, type Bench, type BenchResult } from './support/result.ts'
import { seedSession } from './support/seed.ts'

export const opening: Bench = { name: 'opening', run }

const sizes = [100, 2_000, 5_000]

async function run(): Promise<BenchResult> {
  const rows = []
  for (const messages of sizes) rows.push(await openSession(messages))
  return {
    title: 'Opening a session',
    note: 'Click on a recent session until its last message is painted; median of 3 after one to warm up.',
    columns: ['messages', 'painted after ms', 'long tasks', 'long tasks ms', 'DOM nodes'],
    rows,
  }
}

async function openSession(messages: number): Promise<readonly number[]> {
  const stage = await startStage()
  try {
    await seedSession(stage.lab, { title: 'A long session', messages })
    return [messages, ...(await measure(stage))]
  } finally {
    await stage.dispose()
  }
}

async function measure(stage: Stage): Promise<readonly number[]> {
  const chat = await openChat(await stage.workbench.openPage())
  const times: number[] = []
  await startProbe(chat.frame)
  for (let round = 0; round < 4; round += 1) {
    await chat.frame.getByRole('button', { name: 'A long session' }).first().waitFor({ timeout: 180_000 })
    const painted = await clickUntilPainted(chat.frame)
    if (round > 0) times.push(painted)
    if (round < 3) await chat.button('New session').first().click()
  }
  const { longTasks } = await readProbe(chat.frame)
  const nodes = await chat.frame.evaluate(() => document.querySelectorAll('*').length)
  return [percentile(times, 0.5), longTasks.length, longTasks.reduce((sum, value) => sum + value, 0), nodes]
}

/** Clock and click are in the page, so that the time of driving the browser is not part of the figure. */
function clickUntilPainted(frame: Frame): Promise<number> {
  return frame.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const button = [...document.querySelectorAll('button')].find((entry) =>
          entry.textContent.includes('A long session'),
        )
        const start = performance.now()
        const look = () => {
          const isThere =
            [...document.querySelectorAll('article')].at(-1)?.textContent.includes('The very last answer') ===
            true
          if (isThere)
            requestAnimationFrame(() => {
              resolve(performance.now() - start)
            })
          else requestAnimationFrame(look)
        }
        button?.click()
        look()
      }),
  )
}
