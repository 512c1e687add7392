import type { SessionTools } from '../connection.ts'
import { fields, list } from '../reading.ts'

interface Rule {
  readonly action: string
  readonly resource: string
  readonly effect: 'deny'
}

/** Rules of a session come last, and the last that fits decides. */
export function denials(tools: SessionTools): readonly Rule[] {
  const actions = tools === 'none' ? ['*'] : ['edit', 'shell', 'subagent', 'question']
  return actions.map((action) => ({ action, resource: '*', effect: 'deny' }))
}

/** Whether the server says that it took the rules: one that ignored them would let the session do anything. */
export function keepsDenials(session: unknown, rules: readonly Rule[]): boolean {
  const kept = list(fields(session)['permissions']).map(fields)
  return rules.every(({ action }) =>
    kept.some((rule) => rule['action'] === action && rule['effect'] === 'deny'),
  )
}
