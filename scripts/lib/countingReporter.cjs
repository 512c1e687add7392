'use strict'

const { writeFileSync } = require('node:fs')
const mocha = require('mocha')

/** How long what a failed test left open may keep the process alive, in milliseconds. */
const lingerMs = 60_000

const { Spec } = (mocha.default ?? mocha).reporters

/**
 * Mocha's usual report, and the counts of each file as JSON in the file that TEST_COUNTS names. A skipped test counts
 * as a failure unless it says why it does not apply; see test/support/notApplicable.ts.
 */
module.exports = class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options)
    const files = {}
    const countsOf = ({ file }) => (files[file ?? ''] ??= { passed: 0, failed: 0 })
    runner.on('pass', (test) => countsOf(test).passed++)
    let unexplained = 0
    const told = new Set()
    runner.on('pending', (test) => {
      const skipped = whereExplained(test)
      if (skipped === undefined) {
        unexplained++
        countsOf(test).failed++
      } else if (!told.has(skipped)) {
        told.add(skipped)
        console.log(`    Not applicable: ${skipped.notApplicable}`)
      }
    })
    runner.on('fail', (testOrHook) => countsOf(testOrHook).failed++)
    runner.once('end', () => {
      const { passes, failures } = runner.stats
      const target = process.env.TEST_COUNTS
      if (target)
        writeFileSync(target, JSON.stringify({ passed: passes, failed: failures + unexplained, files }))
      setTimeout(leave, lingerMs).unref()
    })
  }
}

/** The test itself, or the suite that was skipped with it. */
function whereExplained(test) {
  for (let at = test; at; at = at.parent) if (at.notApplicable !== undefined) return at
  return undefined
}

function leave() {
  console.error('The tests are over, but something that they started goes on. Ended.')
  // Mocha would put its own exit code in the place of ours.
  process.kill(process.pid, 'SIGKILL')
}
