import type { CDPSession, Frame } from 'playwright-core'
import { openChat, startStage, type Stage } from '../e2e/support.ts'
import { openCdp, readProbe, rendererCost, startProbe } from './support/probe.ts'
import type { Bench, BenchResult } from './support/result.ts'
import { seedSession } from './support/seed.ts'

export const longSession: Bench = { name: 'longSession', run }

const messages = 5_000
const title = 'A long session'

/** A session of 5,000 messages: opened, scrolled, searched to its first message, closed. */
async function run(): Promise<BenchResult> {
  const stage = await startStage()
  try {
    await seedSession(stage.lab, { title, messages })
    return {
      title: 'Living in 5,000 messages',
      note: 'One run. The search is for a word of the first prompt, so that all messages have to be fetched; heap after garbage collection.',
      columns: ['what', 'value'],
      rows: await measure(stage),
    }
  } finally {
    await stage.dispose()
  }
}

async function measure(stage: Stage): Promise<BenchResult['rows']> {
  const page = await stage.workbench.openPage()
  const chat = await openChat(page)
  const cdp = await openCdp(page)
  const { frame } = chat
  const row = frame.getByRole('button', { name: title }).first()
  await row.waitFor({ timeout: 180_000 })
  const before = await settledHeap(cdp)
  await row.click()
  await frame.getByText('The very last answer').waitFor({ timeout: 60_000 })
  const opened = await settledHeap(cdp)
  await startProbe(frame)
  await scrollUp(frame)
  const scrolled = await readProbe(frame)
  const first = await searchMs(frame, 'Answer', false)
  const whole = await searchMs(frame, 'Question 0?', true)
  await page.keyboard.press('Escape')
  const searched = await settledHeap(cdp)
  await chat.button('New session').first().click()
  await row.waitFor({ timeout: 60_000 })
  const closed = await settledHeap(cdp)
  // What the first time left may be code that was loaded; what a second time adds is lost.
  await row.click()
  await frame.getByText('The very last answer').waitFor({ timeout: 60_000 })
  await startProbe(frame)
  await scrollUp(frame)
  await searchMs(frame, 'Question 0?', true)
  await page.keyboard.press('Escape')
  await chat.button('New session').first().click()
  await row.waitFor({ timeout: 60_000 })
  const closedAgain = await settledHeap(cdp)
  return [
    ['heap added by opening, MB', opened - before],
    ['frames over 50 ms while scrolling up 60 screens', scrolled.slowFrames.length],
    ['long tasks while scrolling', scrolled.longTasks.length],
    ['search: first match shown after ms', first],
    ['search: first prompt of 5,000 messages found after ms', whole],
    ['heap added by having searched all, MB', searched - before],
    ['heap left after closing, with the code that was loaded, MB', closed - before],
    ['heap left by opening, searching and closing it once more, MB', closedAgain - closed],
  ]
}

async function settledHeap(cdp: CDPSession): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await cdp.send('HeapProfiler.collectGarbage')
  return (await rendererCost(cdp)).heapMb
}

async function scrollUp(frame: Frame): Promise<void> {
  await frame.evaluate(async () => {
    const scroller = document.querySelector('.transcript .scroller')
    for (let screen = 0; screen < 60 && scroller; screen += 1) {
      scroller.dispatchEvent(new WheelEvent('wheel', { deltaY: -600 }))
      scroller.scrollBy(0, -scroller.clientHeight)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
}

/** From the last key until a match is counted; with `isRare` until the only one is. */
async function searchMs(frame: Frame, text: string, isRare: boolean): Promise<number> {
  await frame.locator('.composer-text').press('Control+f')
  const input = frame.getByRole('textbox', { name: 'Find' })
  await input.waitFor()
  return input.evaluate(
    (element, { text, isRare }) =>
      new Promise<number>((resolve) => {
        const start = performance.now()
        const field = element as HTMLInputElement
        field.value = text
        field.dispatchEvent(new InputEvent('input', { bubbles: true }))
        const wanted = isRare ? /^1 of 1$/ : /^\d[\d,]* of /
        const look = (): void => {
          const count = document.querySelector('.search-count')?.textContent ?? ''
          if (wanted.test(count)) resolve(performance.now() - start)
          else requestAnimationFrame(look)
        }
        look()
      }),
    { text, isRare },
  )
}
