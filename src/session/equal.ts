/**
 * Whether two plain values (JSON shapes of the model) hold the same content. A key whose value is
 * `undefined` counts as absent, because such keys vanish on the way to the webview.
 */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return Number.isNaN(left) && Number.isNaN(right)
  }
  if (Array.isArray(left)) return Array.isArray(right) && isSameList(left, right)
  return !Array.isArray(right) && isSameRecord(left, right)
}

function isSameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => isSame(item, right[index]))
}

function isSameRecord(left: object, right: object): boolean {
  const rightEntries = new Map(Object.entries(right).filter(([, value]) => value !== undefined))
  const leftEntries = Object.entries(left).filter(([, value]) => value !== undefined)
  if (leftEntries.length !== rightEntries.size) return false
  return leftEntries.every(([key, value]) => rightEntries.has(key) && isSame(value, rightEntries.get(key)))
}
