import { OpencodeError } from '../../opencode/errors.ts'
import { toMessageID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { RunPrompt, SessionCommands } from '../commands.ts'
import { promptParts } from './prompt.ts'
import { compact } from '../reading.ts'
import type { V1Routes } from './routes.ts'

/** The routes answer when the run is over; nothing is gained by giving up on it. */
const runTimeoutMs = 24 * 60 * 60_000
/** The shell route insists on an agent. */
const shellAgent = 'build'

export class V1Commands implements SessionCommands {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async run(sessionID: SessionID, prompt: RunPrompt): Promise<void> {
    const { run } = prompt
    const route = run.kind === 'shell' ? '/shell' : '/command'
    const body = run.kind === 'shell' ? shellBody(prompt, run.line) : commandBody(prompt, run)
    await this.#routes.ofSession('POST', sessionID, route, { body, timeoutMs: runTimeoutMs })
  }
}

function shellBody({ id, agent, model }: RunPrompt, command: string): object {
  if (command === '') throw new OpencodeError('invalid-argument', 'There is no command line behind the "!".')
  const ref = model && { providerID: model.providerID, modelID: model.modelID }
  return compact({ messageID: toMessageID(id), agent: agent ?? shellAgent, model: ref, command })
}

/** Besides its arguments a command takes files only. */
function commandBody(
  prompt: RunPrompt,
  run: Extract<RunPrompt['run'], { readonly kind: 'command' }>,
): object {
  const { id, agent, model } = prompt
  return compact({
    messageID: toMessageID(id),
    command: run.name,
    arguments: run.arguments,
    agent,
    model: model && `${model.providerID}/${model.modelID}`,
    variant: model?.variant,
    parts: promptParts(prompt).filter(({ type }) => type === 'file'),
  })
}
