import type { Activity, Subagent } from '../../session/family.ts'
import type { ToolBlock } from '../../session/model.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { isRunning } from './toolText.ts'
import { Button, Icon } from '../components/Icon.tsx'

/** What a running subagent does now, below its line; its own session is one click away. */
export function SubagentStatus({ block }: { readonly block: ToolBlock }) {
  const { actions, store } = useApp()
  const child = block.childSessionID
  if (child === undefined || !isRunning(block)) return null
  const own = store.chat.value?.family?.subagents.find(({ id }) => id === child)
  return (
    <div class="tool-live subagent-status" role="group" aria-label={`Subagent: ${block.target ?? ''}`}>
      <Icon name={own?.state === 'waiting' ? 'bell-dot' : 'type-hierarchy-sub'} />
      <span class="subagent-words" dir="auto">
        {statusText(own)}
      </span>
      <Button kind="link" onClick={() => void actions.openSession(child)}>
        Open
      </Button>
    </div>
  )
}

/** The ways to a subagent's own session. */
export function SubagentLinks({ block }: { readonly block: ToolBlock }) {
  const { actions } = useApp()
  const child = block.childSessionID
  if (child === undefined) return null
  return (
    <div class="button-row">
      <Button kind="link" onClick={() => void actions.openSession(child)}>
        Open session
      </Button>
      <Button kind="link" onClick={() => void actions.openSession(child, 'editor')}>
        Open in editor
      </Button>
    </div>
  )
}

function statusText(own: Subagent | undefined): string {
  if (!own) return 'Starting…'
  const who = [own.agent ? `@${own.agent}` : '', own.model?.modelID ?? ''].filter((word) => word !== '')
  const what = own.state === 'waiting' ? 'Waits for you' : activityText(own.activity)
  return [what, ...who].join(' · ')
}

function activityText(activity: Activity | undefined): string {
  if (!activity || activity.calls === 0) return 'Working…'
  const now = [activity.tool, activity.target].filter((word) => word !== undefined).join(' ')
  return `${plural(activity.calls, 'tool call')} · ${now}`
}
