import type { ChatState, Choice } from '../../protocol/chat.ts'
import { promptMode } from '../../protocol/composer.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import { useApp } from '../app.ts'
import { ContextMeter } from '../frame/ContextMeter.tsx'
import { Icon, IconButton } from '../components/Icon.tsx'

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
  return busy ? 'Queue until the run is done (Enter), or steer the run (Ctrl+Enter)' : 'Send (Enter)'
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
