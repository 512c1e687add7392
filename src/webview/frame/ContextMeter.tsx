import { useEffect, useRef, useState } from 'preact/hooks'
import type { AssistantMessage } from '../../session/model.ts'
import { contextUse, tokenUsage, visibleMessages } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { formatCost, formatNumber, plural } from '../components/format.ts'
import { Button, Icon } from '../components/Icon.tsx'

const radius = 6
const circumference = 2 * Math.PI * radius
/** From here on the ring warns. */
const fullShare = 0.8

interface MeterProps {
  readonly session: SessionState | undefined
  /** Tokens of the model's context; 0 when nobody knows. */
  readonly limit: number
}

/** How full the model's context is, as a thin ring that opens into the numbers behind it. */
export function ContextMeter({ session, limit }: MeterProps) {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => (isOpen ? closeOutside(root.current, () => setOpen(false)) : undefined), [isOpen])
  const used = session ? contextUse(session) : 0
  if (!session || used === 0) return null
  const share = limit > 0 ? Math.min(1, used / limit) : 0
  const label = meterLabel(used, limit, tokenUsage(session).cost)
  const close = (): void => {
    setOpen(false)
    root.current?.querySelector('button')?.focus()
  }
  return (
    <div
      class="meter-root"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return
        event.preventDefault()
        event.stopPropagation()
        close()
      }}
    >
      <button
        type="button"
        class={share > fullShare ? 'meter full' : 'meter'}
        aria-label={label}
        aria-expanded={isOpen}
        title={label}
        onClick={() => setOpen(!isOpen)}
      >
        <Ring share={share} />
      </button>
      {isOpen ? <Details session={session} used={used} limit={limit} /> : undefined}
    </div>
  )
}

function Ring({ share }: { readonly share: number }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <circle class="meter-track" cx="8" cy="8" r={radius} />
      <circle
        class="meter-value"
        cx="8"
        cy="8"
        r={radius}
        stroke-dasharray={`${(share * circumference).toFixed(2)} ${circumference.toFixed(2)}`}
        transform="rotate(-90 8 8)"
      />
    </svg>
  )
}

interface DetailsProps {
  readonly session: SessionState
  readonly used: number
  readonly limit: number
}

function Details({ session, used, limit }: DetailsProps) {
  const { actions } = useApp()
  const { tokens: last } = lastCounted(session) ?? { tokens: undefined }
  const all = tokenUsage(session)
  const older = session.hasOlder ? ' (messages loaded)' : ''
  return (
    <div class="meter-details" role="dialog" aria-label="Context" tabIndex={-1}>
      <div class="meter-head">
        {formatNumber(used)}{' '}
        {limit > 0 ? `of ${formatNumber(limit)} tokens · ${percent(used, limit)}` : 'tokens'}
      </div>
      {limit > 0 ? (
        <div class="meter-bar" aria-hidden="true">
          <svg width="100%" height="4" preserveAspectRatio="none" viewBox="0 0 100 4">
            <rect class="meter-bar-value" width={Math.min(100, (used / limit) * 100)} height="4" />
          </svg>
        </div>
      ) : undefined}
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">Last step</th>
            <th scope="col">Session{older}</th>
          </tr>
        </thead>
        <tbody>
          <Count label="Input" last={last?.input} all={all.tokens.input} />
          <Count label="Output" last={last?.output} all={all.tokens.output} />
          <Count label="Reasoning" last={last?.reasoning} all={all.tokens.reasoning} />
          <Count label="Cache read" last={last?.cacheRead} all={all.tokens.cacheRead} />
          <Count label="Cache write" last={last?.cacheWrite} all={all.tokens.cacheWrite} />
          <tr>
            <th scope="row">Cost</th>
            <td>{formatCost(lastCounted(session)?.cost ?? 0)}</td>
            <td>{formatCost(all.cost)}</td>
          </tr>
        </tbody>
      </table>
      <p class="meter-note">
        <Icon name="info" />
        <span>{compactionNote(session, used)}</span>
      </p>
      <Button onClick={() => void actions.run('compactSession')}>Compact session…</Button>
    </div>
  )
}

interface CountProps {
  readonly label: string
  readonly last: number | undefined
  readonly all: number
}

function Count({ label, last = 0, all }: CountProps) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{formatNumber(last)}</td>
      <td>{formatNumber(all)}</td>
    </tr>
  )
}

/** What summarizing would do to the conversation as it stands. */
function compactionNote(session: SessionState, used: number): string {
  const messages = visibleMessages(session)
  const start = messages.findLastIndex(
    (message) => message.role === 'assistant' && message.isSummary === true,
  )
  const count = messages.length - Math.max(0, start)
  return `Compacting has a model replace ${plural(count, 'message')} (about ${formatNumber(used)} tokens) by a summary; all of them stay readable here.`
}

function lastCounted(session: SessionState): AssistantMessage | undefined {
  const found = visibleMessages(session).findLast(
    (message) => message.role === 'assistant' && message.tokens.input + message.tokens.output > 0,
  )
  return found?.role === 'assistant' ? found : undefined
}

function percent(used: number, limit: number): string {
  return `${Math.round((used / limit) * 100)} %`
}

function meterLabel(used: number, limit: number, cost: number): string {
  const tokens =
    limit > 0
      ? `Context: ${percent(used, limit)} · ${formatNumber(used)} of ${formatNumber(limit)} tokens`
      : `Context: ${formatNumber(used)} tokens`
  return cost > 0 ? `${tokens} · ${formatCost(cost)}` : tokens
}

function closeOutside(root: HTMLElement | null, close: () => void): () => void {
  const onPress = (event: Event): void => {
    if (!(event.target instanceof Node) || !root?.contains(event.target)) close()
  }
  document.addEventListener('pointerdown', onPress)
  window.addEventListener('blur', close)
  return () => {
    document.removeEventListener('pointerdown', onPress)
    window.removeEventListener('blur', close)
  }
}
