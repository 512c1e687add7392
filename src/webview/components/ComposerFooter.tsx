import type { ChatState, Choice } from '../../protocol/chat.ts'
import { promptMode } from '../../protocol/composer.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import { contextUse, tokenUsage } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { formatCost, formatNumber } from '../format.ts'
import { Icon, IconButton } from './Icon.tsx'

interface FooterProps {
  readonly chat: ChatState
  readonly busy: boolean
  readonly canSend: boolean
  readonly onSend: () => void
  readonly onStop: () => void
}

export function ComposerFooter({ chat, busy, canSend, onSend, onStop }: FooterProps) {
  const { actions, store } = useApp()
  const { choice } = chat
  const hasText = store.text.value.trim() !== ''
  return (
    <div class="composer-footer">
      <div class="choices">
        <IconButton icon="add" label="Add context" onClick={() => void actions.run('addContext')} />
        <Pick command="pickAgent" icon="agent" kind="Agent" value={agentName(choice)} />
        <Pick
          command="pickModel"
          icon="chip"
          kind="Model"
          value={modelName(choice)}
          title={modelTitle(choice)}
        />
        {(choice.model?.variants.length ?? 0) > 0 ? (
          <Pick command="pickVariant" icon="dashboard" kind="Variant" value={choice.variant ?? 'default'} />
        ) : undefined}
      </div>
      <ContextMeter session={chat.session} limit={choice.model?.contextLimit ?? 0} />
      {busy ? (
        <button type="button" class="send stop" aria-label="Stop" title="Stop (Esc Esc)" onClick={onStop}>
          <Icon name="debug-stop" />
        </button>
      ) : undefined}
      {!busy || hasText ? <SendButton busy={busy} canSend={canSend} onSend={onSend} /> : undefined}
    </div>
  )
}

function SendButton({ busy, canSend, onSend }: Pick<FooterProps, 'busy' | 'canSend' | 'onSend'>) {
  const isShell = promptMode(useApp().store.text.value) === 'shell'
  return (
    <button
      type="button"
      class="send"
      aria-label={isShell ? 'Run' : 'Send'}
      title={sendTitle(busy, isShell)}
      aria-disabled={canSend ? undefined : 'true'}
      onClick={() => canSend && onSend()}
    >
      <Icon name={isShell ? 'play' : 'send'} />
    </button>
  )
}

function sendTitle(busy: boolean, isShell: boolean): string {
  if (isShell) return busy ? 'Run when the session is done (Enter)' : 'Run (Enter)'
  return busy ? 'Send when the run is done (Enter)' : 'Send (Enter)'
}

interface PickProps {
  readonly command: WebviewCommand
  readonly icon: string
  readonly kind: string
  readonly value: string
  readonly title?: string
}

function Pick({ command, icon, kind, value, title }: PickProps) {
  const { actions } = useApp()
  return (
    <button
      type="button"
      class={`pick pick-${kind.toLowerCase()}`}
      aria-label={`${kind}: ${value}`}
      title={title ?? `${kind}: ${value}`}
      onClick={() => void actions.run(command)}
    >
      <Icon name={icon} />
      <span class="pick-value">{value}</span>
    </button>
  )
}

function agentName({ agent, isKnown }: Choice): string {
  return agent?.name ?? (isKnown ? 'none' : '…')
}

function modelName({ model, isKnown }: Choice): string {
  return model?.name ?? (isKnown ? 'none' : '…')
}

function modelTitle({ model }: Choice): string {
  return model ? `Model: ${model.name} · ${model.providerName}` : 'Model'
}

const radius = 6
const circumference = 2 * Math.PI * radius

/** How full the model's context is, as a thin ring. */
function ContextMeter({
  session,
  limit,
}: {
  readonly session: SessionState | undefined
  readonly limit: number
}) {
  const used = session ? contextUse(session) : 0
  if (!session || used === 0) return null
  const { cost } = tokenUsage(session)
  const share = limit > 0 ? Math.min(1, used / limit) : 0
  const label = meterLabel(used, limit, cost)
  return (
    <span class={share > 0.8 ? 'meter full' : 'meter'} role="img" aria-label={label} title={label}>
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
    </span>
  )
}

function meterLabel(used: number, limit: number, cost: number): string {
  const tokens =
    limit > 0
      ? `Context: ${Math.round((used / limit) * 100)} % · ${formatNumber(used)} of ${formatNumber(limit)} tokens`
      : `Context: ${formatNumber(used)} tokens`
  return cost > 0 ? `${tokens} · ${formatCost(cost)}` : tokens
}
