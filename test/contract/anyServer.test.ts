import assert from 'node:assert/strict'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab, LabServer, Wire } from '../support/opencodeLab.ts'
import { compareServer, formatComparison, wire2 } from './runner/compare.ts'
import { wire2Checks } from './runner/wire2Checks.ts'
import type { Target } from './runner/wireClient.ts'

/** What `npm run test:contract -- --url …` does with any server. */
describe('the comparison of a server with the contract', function () {
  this.timeout(120_000)
  const labs: Lab[] = []
  after(() => Promise.all(labs.map((lab) => lab.dispose())))

  async function targetOf(
    wire: Wire,
  ): Promise<{ readonly lab: Lab; readonly server: LabServer; readonly target: Target }> {
    const lab = await startLab({ wire })
    labs.push(lab)
    const server = await lab.startServer()
    const { url, username, password } = server
    return { lab, server, target: { url, username, password, directory: lab.project, asksModel: true } }
  }

  it('finds the real 1.x server as it should be, and not for a 2.x one, though it answers below /api', async () => {
    const { server, target } = await targetOf(1)
    const headers = { authorization: server.authorization }
    const health = await fetch(`${server.url}/api/health`, { headers })
    assert.match(health.headers.get('content-type') ?? '', /json/, 'the older dialect answers in JSON')
    const comparison = await compareServer(target)
    assert.match(comparison.version, /^1\./)
    const others = comparison.findings.filter(({ kind }) => kind !== 'same')
    assert.deepEqual(others, [], formatComparison(comparison))
    const telling = wire2Checks.filter(({ id }) => ['info', 'no-health', 'web-page'].includes(id))
    const mistaken = (await wire2(target, telling)).filter(({ kind }) => kind === 'differs')
    assert.deepEqual(
      mistaken.map(({ id }) => id),
      ['info', 'web-page', 'no-health'],
      'the older dialect below /api would pass for 2.x',
    )
  })

  it('finds the scripted 2.x server as its reference says, and names what it did not try', async () => {
    const { target } = await targetOf(2)
    const comparison = await compareServer(target)
    const differing = comparison.findings.filter(({ kind }) => kind === 'differs')
    assert.deepEqual(differing, [], formatComparison(comparison))
    const text = formatComparison(comparison)
    assert.match(text, /^ ok {2}prompt-admitted: .+ \[P I\]$/m)
    assert.match(text, / -- {2}event-overflow: .+\n +to be compared by hand/)
  })
})
