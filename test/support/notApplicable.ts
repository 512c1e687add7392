import { Test, type Context } from 'mocha'

/**
 * Skips a test, or from a `before` the whole suite, and has the report say why. Any other skip counts as a
 * failure; see scripts/lib/countingReporter.cjs.
 */
export function notApplicable(context: Context, reason: string): never {
  const runnable = context.runnable()
  const skipped = runnable instanceof Test ? runnable : (runnable.parent ?? runnable)
  Object.assign(skipped, { notApplicable: reason })
  return context.skip()
}
