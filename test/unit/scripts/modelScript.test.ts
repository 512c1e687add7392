import assert from 'node:assert/strict'
import { parseScript, stepAfter, withoutDirectives } from '../../../scripts/lib/modelScript.ts'

describe('The directives of the scripted model', () => {
  it('are absent from an ordinary prompt', () => {
    assert.equal(parseScript('Fix [[this]] and [[wiki]] links'), undefined)
  })

  it('end a step at a tool and go on after its result', () => {
    const steps = parseScript('[[text:a]][[tool:bash {"command":"x"}]][[text:b]]') ?? []
    assert.deepEqual(stepAfter(steps, 0), {
      actions: [{ type: 'text', text: 'a' }],
      tools: [{ name: 'bash', input: '{"command":"x"}' }],
    })
    assert.deepEqual(stepAfter(steps, 1), { actions: [{ type: 'text', text: 'b' }], tools: [] })
  })

  it('join tools in one step', () => {
    const steps = parseScript('[[tool:a {}]][[and]][[tool:b {}]][[text:end]]') ?? []
    assert.deepEqual(
      stepAfter(steps, 0)?.tools.map((tool) => tool.name),
      ['a', 'b'],
    )
    assert.equal(stepAfter(steps, 2)?.actions.length, 1)
  })

  it('keep closing brackets inside the input of a tool', () => {
    const input = '{"prompt":"[[text:hi]]","list":[["x"]]}'
    assert.equal(parseScript(`[[tool:task ${input}]]`)?.[0]?.tools[0]?.input, input)
  })

  it('carry pace and usage over to later steps', () => {
    const steps = parseScript('[[delay:5]][[tool:a {}]][[text:b]]') ?? []
    assert.deepEqual(stepAfter(steps, 1)?.actions[0], { type: 'delay', ms: 5 })
  })

  it('can be taken out of a text', () => {
    assert.equal(withoutDirectives('Say [[text:hi]] now [[hang]]'), 'Say  now')
  })
})
