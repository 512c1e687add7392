import { isBusy, lastMessage } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { useNow } from '../components/clock.ts'
import { formatDuration } from '../components/format.ts'
import { longSilenceMs, silenceText, silentLayer, silentMs } from './silence.ts'
import type { SilentLayer } from './silence.ts'
import { Button, Icon } from '../components/Icon.tsx'
import { ErrorNotice } from './ErrorNotice.tsx'

/** What stands below the last message: a sign of life, whom a run waits for, or why it ended without a word. */
export function RunEnd({ state }: { readonly state: SessionState }) {
  const last = lastMessage(state)
  if (isBusy(state)) return <Working state={state} />
  const isShown = last?.role === 'assistant' && last.error !== undefined
  return state.error && !isShown && state.error.kind !== 'aborted' ? (
    <ErrorNotice error={state.error} />
  ) : null
}

function Working({ state }: { readonly state: SessionState }) {
  const { store } = useApp()
  const now = useNow(true)
  const silence = now - store.lastChange.value
  const chat = store.chat.value
  if (chat && silence > silentMs && state.status.kind === 'busy') {
    const silent = silentLayer(chat)
    if (silent.layer !== 'you') return <Silence silent={silent} ms={silence} state={state} />
  }
  const last = lastMessage(state)
  const isQuiet = state.requests.length === 0 && (last?.role !== 'assistant' || !last.blocks.some(isAtWork))
  return (
    <div class={isQuiet && state.status.kind === 'busy' ? 'working' : 'working silent'}>
      <Icon name="loading" spin />
      <span>Working…</span>
    </div>
  )
}

interface SilenceProps {
  readonly silent: SilentLayer
  readonly ms: number
  readonly state: SessionState
}

function Silence({ silent, ms, state }: SilenceProps) {
  const { actions, store } = useApp()
  const model = store.chat.value?.choice.model
  const answering = state.messages.findLast((message) => message.role === 'assistant')?.model
  const modelName =
    model && model.modelID === answering?.modelID ? model.name : (answering?.modelID ?? 'The model')
  const who = silent.layer === 'tool' ? silent.tool.name : modelName
  return (
    <div class="working" role="group" aria-label="Waiting">
      <Icon name="loading" spin />
      <span class="working-text">
        <span>{silenceText(silent.layer, who, formatDuration(ms))}</span>
        {ms > longSilenceMs && silent.layer !== 'connection' ? (
          <span class="button-row">
            <Button kind="link" onClick={() => void actions.abort()}>
              Stop run
            </Button>
            {silent.layer === 'provider' ? (
              <>
                <Button kind="link" onClick={() => void actions.goOn(false)}>
                  Ask again
                </Button>
                <Button kind="link" onClick={() => void actions.goOn(true)}>
                  Switch model…
                </Button>
              </>
            ) : undefined}
          </span>
        ) : undefined}
      </span>
    </div>
  )
}

function isAtWork(block: SessionState['messages'][number]['blocks'][number]): boolean {
  if (block.type === 'text' || block.type === 'reasoning') return block.open
  return block.type === 'tool' && (block.status === 'running' || block.status === 'pending')
}
