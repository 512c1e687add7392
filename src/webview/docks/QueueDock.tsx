import { useRef, useState } from 'preact/hooks'
import type { TargetedKeyboardEvent } from 'preact'
import type { PromptQueueState, QueuedPrompt } from '../../protocol/composer.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { memo } from '../components/memo.tsx'
import { Button, Icon, IconButton } from '../components/Icon.tsx'

const dragType = 'application/x-opencode-queued'

/** Prompts that wait for the run to end: in their order, each to be edited, moved, removed or sent at once. */
export const QueueDock = memo(function QueueDock({
  queue,
}: {
  readonly queue: PromptQueueState | undefined
}) {
  const { actions } = useApp()
  if (!queue) return null
  const { prompts, paused } = queue
  return (
    <div class="dock queue" role="group" aria-label="Queued prompts">
      <div class="queue-head">
        <Icon name={paused === undefined ? 'list-ordered' : 'debug-pause'} />
        <span class="strip-text">
          {plural(prompts.length, 'prompt')} queued{paused === undefined ? '' : ` · paused: ${paused}`}
        </span>
        {paused === undefined ? undefined : (
          <Button kind="link" onClick={() => void actions.resumeQueue()}>
            Send next
          </Button>
        )}
      </div>
      <ol class="queue-list">
        {prompts.map((prompt, index) => (
          <Row key={prompt.id} prompt={prompt} index={index} count={prompts.length} />
        ))}
      </ol>
    </div>
  )
})

interface RowProps {
  readonly prompt: QueuedPrompt
  readonly index: number
  readonly count: number
}

function Row({ prompt, index, count }: RowProps) {
  const { actions, composer } = useApp()
  const [isEditing, setEditing] = useState(false)
  const [isOver, setOver] = useState(false)
  const row = useRef<HTMLLIElement>(null)
  const label = labelOf(prompt)
  const remove = (): void => {
    void actions.removeQueued(prompt.id)
    composer.focus()
  }
  const save = (text: string | undefined): void => {
    setEditing(false)
    if (text !== undefined && text !== prompt.text) void actions.updateQueued(prompt.id, text)
    requestAnimationFrame(() => row.current?.focus())
  }
  if (isEditing) return <Editor text={prompt.text} onDone={save} />
  return (
    <li
      ref={row}
      class={isOver ? 'queue-row over' : 'queue-row'}
      tabIndex={0}
      draggable
      aria-label={`${label}, ${index + 1} of ${count}. Alt+Up and Alt+Down move it, Enter edits, Delete removes.`}
      onKeyDown={(event) =>
        onRowKey(event, { index, count, id: prompt.id, edit: () => setEditing(true), remove, actions })
      }
      onDragStart={(event) => event.dataTransfer?.setData(dragType, prompt.id)}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes(dragType)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        const id = event.dataTransfer?.getData(dragType)
        if (!id) return
        event.preventDefault()
        if (id !== prompt.id) void actions.moveQueued(id, index)
      }}
    >
      <Icon name="gripper" />
      <span class="queue-text" dir="auto" title={prompt.text}>
        {label}
      </span>
      {prompt.items.length > 0 ? <span class="dim">{`+${prompt.items.length}`}</span> : undefined}
      <IconButton
        icon="debug-step-into"
        label="Send now"
        title="Send now: joins the run at its next step"
        onClick={() => void actions.sendQueuedNow(prompt.id)}
      />
      <IconButton icon="edit" label="Edit queued prompt" onClick={() => setEditing(true)} />
      <IconButton icon="close" label="Remove queued prompt" onClick={remove} />
    </li>
  )
}

function Editor({
  text,
  onDone,
}: {
  readonly text: string
  readonly onDone: (text: string | undefined) => void
}) {
  const isDone = useRef(false)
  /** Taking the field away blurs it, which is not to save what was given up. */
  const done = (next: string | undefined): void => {
    if (isDone.current) return
    isDone.current = true
    onDone(next)
  }
  return (
    <li class="queue-row editing">
      <textarea
        class="input queue-input"
        aria-label="Edit queued prompt"
        rows={1}
        dir="auto"
        spellcheck={false}
        defaultValue={text}
        ref={(element) => element?.focus()}
        onBlur={(event) => done(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing) return
          if (event.key === 'Escape') done(undefined)
          else if (event.key === 'Enter' && !event.shiftKey) done(event.currentTarget.value)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
    </li>
  )
}

interface RowKeys {
  readonly id: string
  readonly index: number
  readonly count: number
  readonly edit: () => void
  readonly remove: () => void
  readonly actions: ReturnType<typeof useApp>['actions']
}

function onRowKey(event: TargetedKeyboardEvent<HTMLLIElement>, keys: RowKeys): void {
  if (event.target !== event.currentTarget) return
  const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
  const to = keys.index + step
  if (step !== 0 && event.altKey && to >= 0 && to < keys.count) void keys.actions.moveQueued(keys.id, to)
  else if (step !== 0 && !event.altKey) focusSibling(event.currentTarget, step)
  else if (event.key === 'Enter') keys.edit()
  else if (event.key === 'Delete') keys.remove()
  else return
  event.preventDefault()
  event.stopPropagation()
}

function focusSibling(row: HTMLElement, step: number): void {
  const sibling = step < 0 ? row.previousElementSibling : row.nextElementSibling
  if (sibling instanceof HTMLElement) sibling.focus()
}

function labelOf({ text, items }: QueuedPrompt): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return line === '' ? items.map(({ label }) => label).join(', ') : line
}
