import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { inRepository, repositoryRoot } from '../../../scripts/lib/repository.ts'

const file = path.join(repositoryRoot, 'api/index.d.ts')

describe('The types for other extensions', () => {
  it('stand alone: they import nothing and compile strictly by themselves', function () {
    this.timeout(30_000)
    const text = readFileSync(file, 'utf8')
    assert.doesNotMatch(text, /\bimport\b.*\bfrom\b|\bimport\(|\/\/\/ *<reference/)
    const program = ts.createProgram([file], {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      skipLibCheck: false,
      skipDefaultLibCheck: true,
    })
    const problems = ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    assert.deepEqual(problems, [])
  })

  it('are in the package', () => {
    const lines = readFileSync(inRepository('.vscodeignore'), 'utf8').split('\n')
    assert.ok(lines.includes('!api/index.d.ts'))
  })
})
