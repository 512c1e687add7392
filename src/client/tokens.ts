import type { Tokens } from '../session/model.ts'
import { fields, number } from './reading.ts'

/** Counts of tokens; both wires write them alike. */
export function readTokens(value: unknown): Tokens {
  const wire = fields(value)
  const cache = fields(wire['cache'])
  return {
    input: number(wire['input']) ?? 0,
    output: number(wire['output']) ?? 0,
    reasoning: number(wire['reasoning']) ?? 0,
    cacheRead: number(cache['read']) ?? 0,
    cacheWrite: number(cache['write']) ?? 0,
  }
}
