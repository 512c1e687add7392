import type { ReasoningBlock } from '../../session/model.ts'
import { useNow } from '../components/clock.ts'
import { formatDuration, lastLines } from '../components/format.ts'
import { memo } from '../components/memo.tsx'
import { Fold } from '../components/Fold.tsx'
import { Icon } from '../components/Icon.tsx'
import { Markdown } from '../markdown/Markdown.tsx'

const liveLines = 3

/** What the model thought: one dim line, and its last lines while it still thinks. */
export const Reasoning = memo(function Reasoning({
  block,
  foldKey,
}: {
  readonly block: ReasoningBlock
  readonly foldKey: string
}) {
  const line = (
    <>
      <Icon name={block.open ? 'loading' : 'lightbulb'} spin={block.open} />
      <Thought block={block} />
    </>
  )
  return (
    <Fold
      foldKey={foldKey}
      class="reasoning"
      line={line}
      aside={block.open ? <div class="reasoning-live">{lastLines(block.text, liveLines)}</div> : undefined}
    >
      {() => <Markdown text={block.text} open={block.open} />}
    </Fold>
  )
})

function Thought({ block }: { readonly block: ReasoningBlock }) {
  const now = useNow(block.open)
  const { started, ended } = block
  const time = started === undefined ? '' : formatDuration((ended ?? (block.open ? now : started)) - started)
  const verb = block.open ? 'Thinking' : 'Thought'
  if (time === '') return <span>{verb}</span>
  return <span>{block.open ? `${verb} ${time}` : `${verb} for ${time}`}</span>
}
