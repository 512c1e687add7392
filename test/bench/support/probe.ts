import { readFile } from 'node:fs/promises'
import type { CDPSession, Frame, Page } from 'playwright-core'

/** What happened in the page between `startProbe` and `readProbe`. */
export interface ProbeReading {
  /** Milliseconds of each task of the main thread over 50 ms. */
  readonly longTasks: readonly number[]
  /** Milliseconds between drawn frames, for those over 50 ms. */
  readonly slowFrames: readonly number[]
  /** Milliseconds from each `⟦epoch ms⟧` in the text to the DOM and to the frame that shows it. */
  readonly toDom: readonly number[]
  readonly toFrame: readonly number[]
}

/** Watches long tasks, frames and time stamps within the chat. */
export async function startProbe(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    const reading = {
      longTasks: [] as number[],
      slowFrames: [] as number[],
      toDom: [] as number[],
      toFrame: [] as number[],
    }
    const seen = new Set<string>()
    const now = () => performance.timeOrigin + performance.now()
    const stamps = (text: string) => {
      const fresh = [...text.matchAll(/⟦([\d.]+)⟧/g)]
        .map((match) => match[1] ?? '')
        .filter((stamp) => !seen.has(stamp))
      for (const stamp of fresh) seen.add(stamp)
      return fresh.map(Number)
    }
    const observer = new MutationObserver(() => {
      const last = [...document.querySelectorAll('article')].at(-1)
      const found = stamps(last?.textContent.slice(-4000) ?? '')
      if (found.length === 0) return
      for (const stamp of found) reading.toDom.push(now() - stamp)
      requestAnimationFrame(() => {
        for (const stamp of found) reading.toFrame.push(now() - stamp)
      })
    })
    observer.observe(document.body, { subtree: true, childList: true, characterData: true })
    new PerformanceObserver((list) => {
      reading.longTasks.push(...list.getEntries().map((entry) => entry.duration))
    }).observe({ entryTypes: ['longtask'] })
    let before = performance.now()
    const tick = (time: number) => {
      if (time - before > 50) reading.slowFrames.push(time - before)
      before = time
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    Object.assign(window, { benchReading: reading })
  })
}

export function readProbe(frame: Frame): Promise<ProbeReading> {
  return frame.evaluate(() => (window as unknown as { benchReading: ProbeReading }).benchReading)
}

/** Counters of the renderer that draws workbench and chat. */
export interface RendererCost {
  /** Milliseconds of main-thread work since the page opened. */
  readonly taskMs: number
  readonly heapMb: number
}

export async function rendererCost(cdp: CDPSession): Promise<RendererCost> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { taskMs: value('TaskDuration') * 1000, heapMb: value('JSHeapUsedSize') / 1024 / 1024 }
}

export async function openCdp(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  return cdp
}

/** Milliseconds of processor time of a process so far; 0 where the system does not tell. */
export async function processCpuMs(pid: number): Promise<number> {
  try {
    const names = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = names.slice(names.lastIndexOf(')') + 2).split(' ')
    // Fields 14 and 15 of proc(5): ticks of 10 ms in user and kernel mode.
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}
