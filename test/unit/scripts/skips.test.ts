import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { inRepository } from '../../../scripts/lib/repository.ts'
import { readCounts } from '../../../scripts/lib/stages.ts'

describe('A test that is skipped', () => {
  let folder: string

  before(async () => {
    await mkdir(inRepository('out'), { recursive: true })
    folder = await mkdtemp(inRepository('out', 'skips-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const run = async (name: string, body: string) => {
    const file = path.join(folder, `${name}.test.ts`)
    const support = path.relative(folder, inRepository('test/support/notApplicable.ts'))
    await writeFile(file, `import { notApplicable } from '${support}'\n${body}\n`)
    const counts = path.join(folder, `${name}.json`)
    const mocha = inRepository('node_modules', 'mocha', 'bin', 'mocha.js')
    const reporter = inRepository('scripts', 'lib', 'countingReporter.cjs')
    const env = { ...process.env, TEST_COUNTS: counts }
    const { stdout } = await promisify(execFile)(process.execPath, [mocha, '--reporter', reporter, file], {
      env,
    })
    const { passed, failed } = (await readCounts(counts)) ?? assert.fail(stdout)
    return {
      passed,
      failed,
      reasons: [...stdout.matchAll(/Not applicable: (.*)/g)].map(([, reason]) => reason),
    }
  }

  it('counts as a failure when it does not say why', async () => {
    const body = `it('runs', () => {}); it('does not', function () { this.skip() }); it.skip('neither')`
    assert.deepEqual(await run('silent', body), { passed: 1, failed: 2, reasons: [] })
  })

  it('counts for nothing when it says why it does not apply, alone or with its suite', async () => {
    const alone = `it('does not', function () { notApplicable(this, 'this is a test') })`
    const suite = `describe('s', () => { before(async function () { await 0; notApplicable(this, 'so is this') }); it('a'); it('b', () => {}) })`
    assert.deepEqual(await run('told', `it('runs', () => {}); ${alone}; ${suite}`), {
      passed: 1,
      failed: 0,
      reasons: ['this is a test', 'so is this'],
    })
  })
})
