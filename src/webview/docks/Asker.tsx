import type { Subagent } from '../../session/family.ts'
import type { Request } from '../../session/model.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { Button, Icon } from '../components/Icon.tsx'

/** Which subagent asks, with its model and what it was started from; nothing when the session itself asks. */
export function Asker({ request, state }: { readonly request: Request; readonly state: SessionState }) {
  const { actions, store } = useApp()
  if (request.sessionID === state.session.id) return null
  const subagents = store.chat.value?.family?.subagents ?? []
  const own = subagents.find(({ id }) => id === request.sessionID)
  const facts = factsOf(own, subagents)
  return (
    <div class="dim dock-asker">
      <Icon name="type-hierarchy-sub" />
      <span dir="auto">
        Asked by subagent: {nameOf(state, request.sessionID, own?.title)}
        {facts.length > 0 ? <span class="asker-facts"> · {facts.join(' · ')}</span> : undefined}
      </span>
      <Button kind="link" onClick={() => void actions.openSession(request.sessionID)}>
        Open
      </Button>
    </div>
  )
}

function factsOf(own: Subagent | undefined, all: readonly Subagent[]): readonly string[] {
  if (!own) return []
  const parent = all.find(({ id }) => id === own.parentID)
  return [
    ...(own.agent ? [`@${own.agent}`] : []),
    ...(own.model ? [own.model.modelID] : []),
    ...(parent ? [`started by ${parent.title}`] : []),
  ]
}

/** What the task was called when it was given; its session may not be known yet. */
function nameOf(state: SessionState, sessionID: string, title: string | undefined): string {
  const task = state.messages
    .flatMap((message) => message.blocks)
    .find((block) => block.type === 'tool' && block.childSessionID === sessionID)
  return (task?.type === 'tool' ? task.target : undefined) ?? title ?? sessionID
}
