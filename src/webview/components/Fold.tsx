import type { ComponentChildren } from 'preact'
import { useApp } from '../app.ts'
import { Icon } from './Icon.tsx'

interface FoldProps {
  /** Under which the page remembers that the user opened or closed it. */
  readonly foldKey: string
  readonly class: string
  /** What stands in the line, inside the toggle. */
  readonly line: ComponentChildren
  /** What stands in the line after the toggle, e.g. buttons of its own. */
  readonly aside?: ComponentChildren
  readonly openByDefault?: boolean
  readonly group?: string
  readonly children?: () => ComponentChildren
}

/** One line that opens details below it. Opening never moves the line itself. */
export function Fold({
  foldKey,
  class: name,
  line,
  aside,
  openByDefault = false,
  group,
  children,
}: FoldProps) {
  const { store, transcript } = useApp()
  const isOpen = children !== undefined && store.isOpen(foldKey, openByDefault)
  return (
    <div class={`fold ${name}`} role={group ? 'group' : undefined} aria-label={group}>
      <div class="fold-line">
        {children ? (
          <button
            type="button"
            class="fold-toggle"
            aria-expanded={isOpen}
            onClick={(event) => {
              transcript.hold(event.currentTarget)
              store.setFold(foldKey, !isOpen)
            }}
          >
            {line}
            <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
          </button>
        ) : (
          <div class="fold-toggle">{line}</div>
        )}
        {aside}
      </div>
      {isOpen ? <div class="fold-body">{children()}</div> : undefined}
    </div>
  )
}
