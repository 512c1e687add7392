/** Oldest server of the 1.x line whose routes, events and authentication we can rely on. */
export const oldestVersion = '1.2.27'

/** Oldest server of the 2.x line that we speak: before it replies and commands had other fields. */
export const oldestVersion2 = '2.0.4'

/** Which wire a version speaks. Builds without a number count as 1.x. */
export function wireOf(version: string): 1 | 2 {
  return (parseVersion(version)?.major ?? 1) >= 2 ? 2 : 1
}

/** The server that the tests run for real, see docs/server-notes.md. */
const testedVersion = '1.18.33'

/** What to know of a version before relying on it; undefined: nothing. */
export function cautionAbout(version: string): string | undefined {
  if (wireOf(version) === 1)
    return version === testedVersion
      ? undefined
      : `Of OpenCode 1.x, ${testedVersion} was run in our tests; this one was not.`
  return `OpenCode 2 was tried with a scripted server only, built from its published contract; ${testedVersion} was run for real.`
}

/** The parts of a version number that say which of two is newer. */
export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** Dot-separated words behind a hyphen; empty for a release. */
  readonly prerelease: readonly string[]
}

const pattern = /(?:^|[^\w.])v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\w-]+(?:\.[\w-]+)*))?(?!\.?\w)/

/** Finds the first version number in a text such as the answer to `--version`. */
export function parseVersion(text: string): Version | undefined {
  const found = pattern.exec(text)
  if (!found) return undefined
  const [, major, minor, patch, prerelease] = found
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: prerelease === undefined ? [] : prerelease.split('.'),
  }
}

export function formatVersion(version: Version): string {
  const core = `${version.major}.${version.minor}.${version.patch}`
  return version.prerelease.length === 0 ? core : `${core}-${version.prerelease.join('.')}`
}

/** Orders two versions by the rules of semver.org; build metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    comparePrerelease(a.prerelease, b.prerelease)
  )
}

/** Whether a version is at least `floor`. Builds without a number (`local`, `dev`) count as new. */
export function isAtLeast(version: string, floor: string): boolean {
  const left = parseVersion(version)
  const right = parseVersion(floor)
  return !left || !right || compareVersions(left, right) >= 0
}

function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareWord(a[index], b[index])
    if (order !== 0) return order
  }
  return 0
}

function compareWord(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  const isNumberA = /^\d+$/.test(a)
  const isNumberB = /^\d+$/.test(b)
  if (isNumberA && isNumberB) return Number(a) - Number(b)
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return a === b ? 0 : a < b ? -1 : 1
}
