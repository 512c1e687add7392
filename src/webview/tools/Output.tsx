import { useApp } from '../app.ts'
import { parseAnsi } from '../markdown/ansi.ts'
import { memo } from '../components/memo.tsx'
import { Button } from '../components/Icon.tsx'

const lineLimit = 200
const characterLimit = 16_000

interface OutputProps {
  readonly text: string
  readonly label: string
  /** Whether the block itself holds less than the tool wrote. */
  readonly cut?: boolean
  readonly onOpen?: () => void
}

/** Terminal text in the theme's colours; long output shows its end. */
export const Output = memo(function Output({ text, label, cut = false, onOpen }: OutputProps) {
  const { store } = useApp()
  // What is looked for may stand in the part that is left out.
  const shown = store.search.value ? text.trimEnd() : tail(text)
  const isCut = cut || shown.length < text.length
  if (text.trim() === '') return <div class="dim">No output</div>
  return (
    <div class="output">
      <pre tabIndex={0} role="group" aria-label={label} dir="ltr">
        {parseAnsi(shown).map((run, index) =>
          run.classes ? (
            <span key={index} class={run.classes}>
              {run.text}
            </span>
          ) : (
            run.text
          ),
        )}
      </pre>
      {isCut && onOpen ? (
        <Button kind="link" onClick={onOpen}>
          Open full output
        </Button>
      ) : undefined}
    </div>
  )
})

function tail(text: string): string {
  const trimmed = text.trimEnd()
  const end = trimmed.slice(-characterLimit)
  const lines = end.split('\n')
  return lines.length > lineLimit ? lines.slice(-lineLimit).join('\n') : end
}
