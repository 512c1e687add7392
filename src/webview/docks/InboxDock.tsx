import type { MessageID } from '../../opencode/ids.ts'
import type { UserMessage } from '../../session/model.ts'
import { isBusy, queuedPrompts } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { memo } from '../components/memo.tsx'
import { promptText } from '../transcript/promptText.ts'
import { Button, Icon, IconButton } from '../components/Icon.tsx'

/** Prompts that the server keeps until the run is over, in its order. */
export const InboxDock = memo(function InboxDock({ state }: { readonly state: SessionState }) {
  const { actions } = useApp()
  const prompts = queuedPrompts(state)
  if (prompts.length === 0) return null
  const isParked = !isBusy(state) && prompts.some(({ delivery }) => delivery === undefined)
  return (
    <div class="dock queue" role="group" aria-label="Queued prompts">
      <div class="queue-head">
        <Icon name={isParked ? 'debug-pause' : 'list-ordered'} />
        <span class="strip-text">
          {plural(prompts.length, 'prompt')} queued on the server{isParked ? ' · paused: nothing runs' : ''}
        </span>
        {isParked ? (
          <Button kind="link" onClick={() => void actions.resumeInbox()}>
            Send next
          </Button>
        ) : undefined}
      </div>
      <ol class="queue-list">
        {prompts.map((prompt) => (
          <Row key={prompt.id} prompt={prompt} isRunning={isBusy(state)} />
        ))}
      </ol>
    </div>
  )
})

function Row({ prompt, isRunning }: { readonly prompt: UserMessage; readonly isRunning: boolean }) {
  const { actions, composer } = useApp()
  const text = promptText(prompt)
  const files = prompt.blocks.filter((block) => block.type === 'file')
  const label = text.trim().replaceAll(/\s+/g, ' ') || files.map(({ name }) => name).join(', ') || '…'
  const back = (act: (id: MessageID) => Promise<boolean>): void => {
    void act(prompt.id)
    composer.focus()
  }
  const isSent = prompt.delivery === undefined
  return (
    <li class="queue-row served">
      <Icon name={isSent ? 'circle-small-filled' : 'clock'} />
      <span class="queue-text" dir="auto" title={text}>
        {label}
      </span>
      {files.length > 0 ? <span class="dim">{`+${files.length}`}</span> : undefined}
      {isSent && isRunning ? (
        <IconButton
          icon="debug-step-into"
          label="Send now"
          title="Steer: joins the run at its next step"
          onClick={() => void actions.deliverWaiting(prompt.id, 'steer')}
        />
      ) : undefined}
      {files.length === 0 ? (
        <IconButton
          icon="edit"
          label="Edit queued prompt"
          title="Take it back into the composer"
          onClick={() => back(actions.editWaiting)}
        />
      ) : undefined}
      <IconButton icon="close" label="Remove queued prompt" onClick={() => back(actions.cancelWaiting)} />
    </li>
  )
}
