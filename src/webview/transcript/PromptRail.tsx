import type { TargetedKeyboardEvent } from 'preact'
import { firstLine } from '../components/format.ts'
import type { TurnItems } from './items.ts'
import { memo } from '../components/memo.tsx'
import { promptText } from './promptText.ts'

/** Fewer prompts than this are found without help. */
const fewestPrompts = 4
/** More marks than this would lie on each other; then every second, third, … stands for its neighbours. */
const mostMarks = 60

interface PromptRailProps {
  readonly turns: readonly TurnItems[]
  /** The turn that is being read. */
  readonly current: string | undefined
  readonly onJump: (key: string) => void
}

/** A mark for each prompt along the edge; one stop for the Tab key, arrows move inside. */
export const PromptRail = memo(function PromptRail({ turns, current, onJump }: PromptRailProps) {
  const prompts = turns.filter((turn) => turn.turn.prompt)
  if (prompts.length < fewestPrompts) return null
  const step = Math.ceil(prompts.length / mostMarks)
  const marks = prompts.filter((_, index) => index % step === 0)
  const active = marks.findLastIndex((mark) => isUpTo(turns, mark.key, current))
  return (
    <nav class="prompt-rail" aria-label="Prompts" onKeyDown={onRailKey}>
      {marks.map((mark, index) => {
        const text = firstLine(mark.turn.prompt ? promptText(mark.turn.prompt) : '').slice(0, 120)
        const label = text === '' ? 'Prompt' : text
        return (
          <button
            key={mark.key}
            type="button"
            class={index === active ? 'prompt-mark active' : 'prompt-mark'}
            aria-label={`Go to prompt: ${label}`}
            aria-current={index === active ? 'true' : undefined}
            tabIndex={index === Math.max(0, active) ? 0 : -1}
            title={label}
            onClick={() => onJump(mark.key)}
          />
        )
      })}
    </nav>
  )
})

function isUpTo(turns: readonly TurnItems[], key: string, current: string | undefined): boolean {
  if (current === undefined) return true
  return turns.findIndex((turn) => turn.key === key) <= turns.findIndex((turn) => turn.key === current)
}

function onRailKey(event: TargetedKeyboardEvent<HTMLElement>): void {
  const marks = [...event.currentTarget.querySelectorAll<HTMLElement>('.prompt-mark')]
  const index = marks.findIndex((mark) => mark === document.activeElement)
  const target = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: marks.length - 1 }[event.key]
  if (target === undefined) return
  event.preventDefault()
  event.stopPropagation()
  marks[Math.max(0, Math.min(marks.length - 1, target))]?.focus()
}
