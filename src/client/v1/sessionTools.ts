import type { SessionTools } from '../connection.ts'

interface Rule {
  readonly permission: string
  readonly pattern: string
  readonly action: 'deny'
}

/** Rules of a session come after those of agent and configuration, and the last that fits counts. */
export function denials(tools: SessionTools): readonly Rule[] {
  const names = tools === 'none' ? ['*'] : ['edit', 'bash', 'task', 'question']
  return names.map((permission) => ({ permission, pattern: '*', action: 'deny' }))
}
