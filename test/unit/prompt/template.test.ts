import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  fillTemplate,
  templateNames,
  templateProblem,
  templateVariables,
  variablesOf,
} from '../../../src/prompt/template.ts'
import { inRepository } from '../../../scripts/lib/repository.ts'

describe('A prompt template', () => {
  it('puts values in, once each, and says where there is none', () => {
    const text = fillTemplate('See ${file} (${lines}), ${symbol}: ${input}', valuesOf(), '(none)')
    assert.equal(text, 'See src/a.ts (3–9), (none): make ${file} shorter')
  })

  it('keeps what is written with two dollars, and dollars that open nothing', () => {
    assert.equal(fillTemplate('$${file} costs $5 and {6}', valuesOf(), ''), '${file} costs $5 and {6}')
    assert.deepEqual([...variablesOf('$${file} ${diff}')], ['diff'])
  })

  it('names its first mistake', () => {
    assert.equal(templateProblem('Explain ${file} and $${this}'), undefined)
    assert.deepEqual(templateProblem(' \n'), { kind: 'empty' })
    assert.deepEqual(templateProblem('a ${files} ${x}'), { kind: 'unknown', name: 'files' })
    assert.deepEqual(templateProblem('a ${}'), { kind: 'unknown', name: '' })
    assert.deepEqual(templateProblem('a ${file'), { kind: 'unclosed', text: 'file' })
    assert.deepEqual(templateProblem('${toString}'), { kind: 'unknown', name: 'toString' })
  })

  it('is checked by the settings editor just as by us', () => {
    const { properties, default: defaults } = setting()
    assert.deepEqual(Object.keys(properties).sort(), [...templateNames].sort())
    for (const name of templateNames) {
      const property = properties[name]
      assert.ok(property)
      assert.equal(defaults[name], property.default)
      const pattern = new RegExp(property.pattern, 'u')
      for (const text of [...samples(), property.default]) {
        assert.equal(pattern.test(text), templateProblem(text) === undefined, `${name}: ${text}`)
      }
    }
  })

  it('has each of its variables explained', () => {
    const sentences = JSON.parse(readFileSync(inRepository('package.nls.json'), 'utf8')) as Record<
      string,
      string
    >
    for (const name of templateVariables) {
      for (const key of ['setting.prompts', 'setting.prompts.broken']) {
        assert.ok(sentences[key]?.includes(`\${${name}}`), `${key}: ${name}`)
      }
    }
  })
})

function valuesOf() {
  return { file: 'src/a.ts', lines: '3–9', symbol: ' ', input: 'make ${file} shorter' }
}

function samples(): readonly string[] {
  return [
    ...templateVariables.map((name) => `a \${${name}} b\nc`),
    '$${file}',
    '$$${file}',
    '$5',
    'ends with $',
    '${file',
    '${files}',
    '${}',
    '$${',
    'a $$ b',
    '$$${fil}',
  ]
}

interface Prompts {
  readonly default: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, { readonly default: string; readonly pattern: string }>>
}

function setting(): Prompts {
  const manifest = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as {
    readonly contributes: {
      readonly configuration: { readonly properties: Readonly<Record<string, unknown>> }
    }
  }
  return manifest.contributes.configuration.properties['opencodeSessions.prompts'] as Prompts
}
