import { useEffect, useRef } from 'preact/hooks'
import type { Suggest, Suggestion } from './useSuggest.ts'
import { Icon } from '../components/Icon.tsx'

export const suggestListID = 'suggestions'

/** The id of a row, for `aria-activedescendant`. */
export function suggestRowID(index: number): string {
  return `suggestion-${index}`
}

/** What `@` or `/` offers, above the composer, in the look of VS Code's quick pick. The focus stays in the text. */
export function SuggestList({ suggest }: { readonly suggest: Suggest }) {
  const { state } = suggest
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    list.current?.children[state?.active ?? 0]?.scrollIntoView({ block: 'nearest' })
  }, [state?.active, state?.rows])
  if (!state) return null
  return (
    <div class="suggest">
      <ul ref={list} id={suggestListID} role="listbox" aria-label={state.label} class="suggest-list">
        {state.rows.map((row, index) => (
          <Row key={row.key} row={row} index={index} suggest={suggest} isActive={index === state.active} />
        ))}
      </ul>
      {state.rows.length === 0 ? (
        <div class="suggest-empty">{state.isLoading ? 'Searching…' : 'Nothing fits.'}</div>
      ) : undefined}
      <div class="visually-hidden" role="status">
        {state.isLoading ? '' : `${state.rows.length} suggestions`}
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: Suggestion
  readonly index: number
  readonly isActive: boolean
  readonly suggest: Suggest
}

function Row({ row, index, isActive, suggest }: RowProps) {
  return (
    <li
      id={suggestRowID(index)}
      role="option"
      aria-selected={isActive}
      class="suggest-row"
      title={row.description ? `${row.label} · ${row.description}` : row.label}
      onMouseMove={() => !isActive && suggest.setActive(index)}
      onMouseDown={(event) => {
        // The text keeps the focus.
        event.preventDefault()
        row.pick()
      }}
    >
      <Icon name={row.icon} />
      <span class="suggest-label">
        <Marked text={row.label} matches={row.matches ?? []} />
      </span>
      {row.description ? <span class="suggest-description">{row.description}</span> : undefined}
    </li>
  )
}

/** The letters that the search found stand out. */
function Marked({ text, matches }: { readonly text: string; readonly matches: readonly number[] }) {
  if (matches.length === 0) return <>{text}</>
  const marked = new Set(matches)
  return (
    <>{text.split('').map((letter, index) => (marked.has(index) ? <b key={index}>{letter}</b> : letter))}</>
  )
}
