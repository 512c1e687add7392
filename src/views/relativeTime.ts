import * as vscode from 'vscode'

const units = [
  ['year', 365 * 24 * 3_600],
  ['month', 30 * 24 * 3_600],
  ['week', 7 * 24 * 3_600],
  ['day', 24 * 3_600],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** "5 minutes ago" in the language of the editor. */
export function relativeTime(time: number, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - time) / 1_000)
  const format = new Intl.RelativeTimeFormat(vscode.env.language, { numeric: 'auto' })
  for (const [unit, length] of units)
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit)
  return vscode.l10n.t('just now')
}
