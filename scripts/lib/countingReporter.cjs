'use strict'

const { writeFileSync } = require('node:fs')
const mocha = require('mocha')

const { Spec } = (mocha.default ?? mocha).reporters

/** Mocha's usual report, and the counts as JSON in the file that TEST_COUNTS names. */
module.exports = class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      const file = process.env.TEST_COUNTS
      if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures + pending }))
    })
  }
}
