const numbers = new Intl.NumberFormat('en-US')
const dollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 2,
})

export function formatNumber(value: number): string {
  return numbers.format(value)
}

/** "$0.02", or "< $0.01" for what is there but rounds to nothing. */
export function formatCost(value: number): string {
  return value > 0 && value < 0.01 ? '< $0.01' : dollars.format(value)
}

/** "0.4 s", "8 s", "2 min 5 s". Below 100 ms nothing is worth saying. */
export function formatDuration(ms: number): string {
  if (ms < 100) return ''
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1).replace('.0', '')} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Whole seconds from `now` until `time`, never below zero. */
export function secondsUntil(time: number, now: number): number {
  return Math.max(0, Math.ceil((time - now) / 1_000))
}

export function formatRelative(time: number, now: number): string {
  const minutes = Math.floor((now - time) / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h`
  const days = Math.floor(hours / 24)
  return days < 7 ? `${days} d` : new Date(time).toLocaleDateString()
}

/** A path as the project sees it: relative below `directory`, else unchanged. */
export function shortPath(path: string, directory: string | undefined): string {
  if (!directory) return path
  const root = directory.replace(/[\\/]+$/, '')
  return path.startsWith(`${root}/`) || path.startsWith(`${root}\\`) ? path.slice(root.length + 1) : path
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

/** The last lines that hold text, without the rest being split. */
export function lastLines(text: string, count: number): string {
  return text.slice(-4_000).trimEnd().split('\n').slice(-count).join('\n')
}
