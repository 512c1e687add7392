import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { useNow } from '../components/clock.ts'
import { formatDuration, secondsUntil } from '../components/format.ts'
import { Button, Icon } from '../components/Icon.tsx'

/** A provider that refused for the moment: why, how long to wait, and what else can be done. */
export function RetryStrip({ state }: { readonly state: SessionState }) {
  const { actions } = useApp()
  const retry = state.status.kind === 'retry' ? state.status : undefined
  const now = useNow(retry !== undefined)
  if (!retry) return null
  const seconds = secondsUntil(retry.next, now)
  return (
    <div class="strip warning" role="group" aria-label="Retry">
      <Icon name="refresh" />
      <span class="strip-text">
        <span>
          {seconds > 0 ? `Retrying in ${formatDuration(seconds * 1_000)}` : 'Retrying…'} · attempt{' '}
          {retry.attempt}
        </span>
        <span class="dim" dir="auto">
          {retry.message}
        </span>
        <span class="button-row">
          <Button kind="link" onClick={() => void actions.goOn(false)}>
            Retry now
          </Button>
          <Button kind="link" onClick={() => void actions.goOn(true)}>
            Switch model…
          </Button>
          <Button kind="link" onClick={() => void actions.abort()}>
            Stop run
          </Button>
        </span>
      </span>
    </div>
  )
}
