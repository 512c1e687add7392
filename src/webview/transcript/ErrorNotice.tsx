import type { MessageID } from '../../opencode/ids.ts'
import type { RunError } from '../../session/model.ts'
import { isBusy, lastMessage } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import type { AppContext } from '../app.ts'
import { Button, Icon } from '../components/Icon.tsx'

interface ErrorNoticeProps {
  readonly error: RunError
  /** The answer that ended; undefined when the run ended before one began. */
  readonly messageID?: MessageID
}

/** Why an answer ended early, with the next step as a button. */
export function ErrorNotice({ error, messageID }: ErrorNoticeProps) {
  const app = useApp()
  const { actions } = app
  const canGoOn = isLast(app, messageID)
  if (error.kind === 'aborted' || error.kind === 'interrupted') {
    return (
      <div class="notice">
        <Icon name="debug-stop" />
        <span>{error.kind === 'aborted' ? 'Stopped' : `Interrupted. ${error.message}`}</span>
        {canGoOn ? (
          <Button kind="link" title="Asks the model again from here" onClick={() => void actions.goOn(false)}>
            Continue
          </Button>
        ) : undefined}
      </div>
    )
  }
  return (
    <div class="error-box">
      <Icon name="error" />
      <div class="error-text">
        <strong>{titles[error.kind]}</strong>
        <span dir="auto">
          {error.message}
          {error.status ? ` (HTTP ${error.status})` : ''}
        </span>
        <ErrorButtons error={error} canGoOn={canGoOn} />
      </div>
    </div>
  )
}

function ErrorButtons({ error, canGoOn }: { readonly error: RunError; readonly canGoOn: boolean }) {
  const { actions } = useApp()
  const isOfModel = error.kind === 'auth' || error.kind === 'rate-limit' || error.kind === 'provider'
  return (
    <span class="button-row">
      {canGoOn && error.kind !== 'context-overflow' ? (
        <Button kind="link" onClick={() => void actions.goOn(false)}>
          Try again
        </Button>
      ) : undefined}
      {error.kind === 'auth' ? (
        <Button kind="link" onClick={() => void actions.run('setProviderKey')}>
          Set provider API key
        </Button>
      ) : undefined}
      {isOfModel ? (
        <Button kind="link" onClick={() => void (canGoOn ? actions.goOn(true) : actions.run('pickModel'))}>
          {canGoOn ? 'Switch model…' : 'Pick another model'}
        </Button>
      ) : undefined}
      <Button kind="link" onClick={() => void actions.run('showLog')}>
        Show log
      </Button>
    </span>
  )
}

/** Only the end of a session can go on. */
function isLast({ store }: AppContext, messageID: MessageID | undefined): boolean {
  const session = store.chat.value?.session
  if (!session || isBusy(session)) return false
  return messageID === undefined || lastMessage(session)?.id === messageID
}

const titles: Readonly<Record<Exclude<RunError['kind'], 'aborted' | 'interrupted'>, string>> = {
  auth: 'The provider refused the credentials',
  'rate-limit': 'The provider asks to slow down',
  'context-overflow': 'The conversation no longer fits the model',
  provider: 'The provider answered with an error',
  other: 'The run ended with an error',
}
