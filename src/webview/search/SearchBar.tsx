import { useLayoutEffect, useRef } from 'preact/hooks'
import type { TargetedKeyboardEvent } from 'preact'
import { useApp } from '../app.ts'
import { formatNumber } from '../components/format.ts'
import type { SearchQuery } from './matcher.ts'
import { useSearch } from './useSearch.ts'
import type { SearchSource } from './useSearch.ts'
import { Icon, IconButton } from '../components/Icon.tsx'

/** Finds text in the whole conversation, folded output and earlier messages included. */
export function SearchBar({ source }: { readonly source: SearchSource }) {
  const { store } = useApp()
  const query = store.search.value
  return query ? <OpenBar query={query} source={source} /> : null
}

function OpenBar({ query, source }: { readonly query: SearchQuery; readonly source: SearchSource }) {
  const { store, composer } = useApp()
  const input = useRef<HTMLInputElement>(null)
  const result = useSearch(query, source)
  const set = (change: Partial<SearchQuery>): void => void (store.search.value = { ...query, ...change })
  useLayoutEffect(() => input.current?.select(), [])
  const close = (): void => {
    store.toggleSearch(false)
    composer.focus()
  }
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.key === 'Escape') close()
    else if (event.key === 'Enter' && event.target === input.current) result.go(event.shiftKey ? 1 : -1)
    else if (event.altKey && event.code === 'KeyC') set({ isCaseSensitive: !query.isCaseSensitive })
    else if (event.altKey && event.code === 'KeyR') set({ isRegex: !query.isRegex })
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="search-bar" role="search" aria-label="Find in conversation" onKeyDown={onKey}>
      <div class={result.problem ? 'search-field invalid' : 'search-field'}>
        <input
          ref={input}
          type="text"
          aria-label="Find"
          aria-invalid={result.problem ? 'true' : undefined}
          placeholder="Find"
          spellcheck={false}
          value={query.text}
          title={result.problem}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
        <Toggles query={query} set={set} />
      </div>
      <span class="search-count" role="status">
        {countText(query, result)}
        {result.isLoading ? <Icon name="loading" spin /> : undefined}
      </span>
      <IconButton
        icon="arrow-up"
        label="Previous match"
        title="Previous match (Enter)"
        onClick={() => result.go(-1)}
      />
      <IconButton
        icon="arrow-down"
        label="Next match"
        title="Next match (Shift+Enter)"
        onClick={() => result.go(1)}
      />
      <IconButton icon="close" label="Close search" title="Close (Escape)" onClick={close} />
    </div>
  )
}

interface TogglesProps {
  readonly query: SearchQuery
  readonly set: (change: Partial<SearchQuery>) => void
}

function Toggles({ query, set }: TogglesProps) {
  return (
    <>
      <Toggle
        icon="case-sensitive"
        label="Match case"
        keys="Alt+C"
        isOn={query.isCaseSensitive}
        onClick={() => set({ isCaseSensitive: !query.isCaseSensitive })}
      />
      <Toggle
        icon="regex"
        label="Use regular expression"
        keys="Alt+R"
        isOn={query.isRegex}
        onClick={() => set({ isRegex: !query.isRegex })}
      />
    </>
  )
}

interface ToggleProps {
  readonly icon: string
  readonly label: string
  readonly keys: string
  readonly isOn: boolean
  readonly onClick: () => void
}

function Toggle({ icon, label, keys, isOn, onClick }: ToggleProps) {
  return (
    <button
      type="button"
      class={isOn ? 'search-toggle on' : 'search-toggle'}
      aria-label={label}
      aria-pressed={isOn}
      title={`${label} (${keys})`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

function countText(query: SearchQuery, result: ReturnType<typeof useSearch>): string {
  if (query.text === '') return ''
  if (result.problem) return 'Not a pattern'
  if (result.total === 0) return result.isLoading ? '' : 'No results'
  return `${formatNumber(result.position)} of ${formatNumber(result.total)}`
}
