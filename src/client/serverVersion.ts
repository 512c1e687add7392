/** Oldest server of the 1.x line whose routes, events and authentication we can rely on. */
export const oldestVersion = '1.2.27'

/** The numbers of a version such as `1.18.33` or `v1.2.0-beta.1`; undefined when it is something else. */
export function parseVersion(text: string): readonly [number, number, number] | undefined {
  const match = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(text.trim())
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined
}

/** Whether a version is at least `floor`. Builds without a number (`local`, `dev`) count as new. */
export function isAtLeast(version: string, floor: string): boolean {
  const left = parseVersion(version)
  const right = parseVersion(floor)
  if (!left || !right) return true
  for (const [index, number] of right.entries()) {
    const own = left[index] ?? 0
    if (own !== number) return own > number
  }
  return true
}
