import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inRepository } from '../../../scripts/lib/repository.ts'

describe('Files of the product', () => {
  it('do not import each other in a circle, not even types', () => {
    const files = globSync('{src,scripts}/**/*.{ts,tsx}', { cwd: inRepository() })
    assert.ok(files.length > 400)
    const imports = new Map(files.map((file) => [file, importsOf(file)]))
    assert.deepEqual(circlesOf(imports), [])
  })
})

function importsOf(file: string): readonly string[] {
  const text = readFileSync(inRepository(file), 'utf8')
  const statements = text.matchAll(/^(?:import|export|\}) [^'\n]*from '(\.[^']*)'/gm)
  return [...statements].map(([, target = '']) => path.posix.join(path.posix.dirname(file), target))
}

/** Sets of files of which each reaches every other one (Tarjan). */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: string[][] = []
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const visit = (file: string): void => {
    const number = numbers.size
    numbers.set(file, number)
    lowest.set(file, number)
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!numbers.has(next)) visit(next)
      if (stack.includes(next))
        lowest.set(file, Math.min(lowest.get(file) ?? number, lowest.get(next) ?? number))
    }
    if (lowest.get(file) !== number) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const file of graph.keys()) if (!numbers.has(file)) visit(file)
  return circles
}
