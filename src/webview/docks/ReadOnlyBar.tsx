import type { Family } from '../../session/family.ts'
import type { SessionState } from '../../session/state.ts'
import { isBusy } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import { Button, Icon } from '../components/Icon.tsx'

/** Stands in the composer's place: a subagent takes its orders from the session that started it. */
export function ReadOnlyBar({ state }: { readonly state: SessionState }) {
  const { actions } = useApp()
  const parent = state.session.parentID
  if (parent === undefined) return null
  return (
    <div class="read-only-bar" role="group" aria-label="Read only">
      <Icon name={isBusy(state) ? 'loading' : 'lock'} spin={isBusy(state)} />
      <span class="strip-text">
        {isBusy(state) ? 'This subagent is at work' : 'A subagent’s session is read only'}
      </span>
      <Button kind="secondary" onClick={() => void actions.openSession(parent)}>
        Back to parent
      </Button>
    </div>
  )
}

/** The way from the root down to the session on screen. */
export function Breadcrumb({ family }: { readonly family: Family | undefined }) {
  const { actions } = useApp()
  const ancestors = family?.ancestors ?? []
  if (ancestors.length === 0) return null
  return (
    <nav class="breadcrumb" aria-label="Parent sessions">
      {ancestors.map(({ id, title }) => (
        <span key={id} class="crumb">
          <Button kind="link" title={`Go to ${title}`} onClick={() => void actions.openSession(id)}>
            {title}
          </Button>
          <Icon name="chevron-right" />
        </span>
      ))}
    </nav>
  )
}
