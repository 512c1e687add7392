import type { MessageID } from '../../opencode/ids.ts'
import type { FileBlock, UserMessage as Message } from '../../session/model.ts'
import { isBusy } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import { memo } from '../components/memo.tsx'
import { promptText } from './promptText.ts'
import { PromptTools } from '../frame/HistoryTools.tsx'
import { Button, Icon } from '../components/Icon.tsx'
import { MessageTools } from './MessageTools.tsx'

const longText = 1_200
const longLines = 16

/** A prompt: a quiet block with its attachments, and how its delivery stands while that is open. */
export const UserMessage = memo(function UserMessage({ message }: { readonly message: Message }) {
  const text = promptText(message)
  const files = message.blocks.filter((block) => block.type === 'file')
  return (
    <div class="prompt">
      {files.length > 0 ? <Attachments files={files} messageID={message.id} /> : undefined}
      {text ? <PromptText text={text} foldKey={message.id} /> : undefined}
      {text === '' && files.length === 0 ? <div class="dim">{withoutWords(message) ?? '…'}</div> : undefined}
      <Delivery message={message} />
      <MessageTools text={text}>
        <PromptTools message={message} />
      </MessageTools>
    </div>
  )
})

/**
 * A message that nobody typed: it asked for a summary, stands for a command line, or keeps the agent going. Undefined
 * while its words have not come yet: it may be anything.
 */
function withoutWords({ blocks }: Message): string | undefined {
  const notice = blocks.find((block) => block.type === 'notice')
  const isOfServer = blocks.some((block) => block.type === 'text' && block.synthetic === true)
  return notice?.text ?? (isOfServer ? 'OpenCode went on by itself' : undefined)
}

function PromptText({ text, foldKey }: { readonly text: string; readonly foldKey: string }) {
  const { store, transcript } = useApp()
  const isLong = text.length > longText || text.split('\n', longLines + 1).length > longLines
  const isOpen = !isLong || store.isOpen(foldKey, false)
  return (
    <>
      <div class={isOpen ? 'prompt-text' : 'prompt-text clamped'} dir="auto">
        {isOpen ? text : text.split('\n', longLines).join('\n').slice(0, longText)}
      </div>
      {isLong ? (
        <Button
          kind="link"
          onClick={(event) => {
            transcript.hold(event.currentTarget)
            store.setFold(foldKey, !isOpen)
          }}
        >
          {isOpen ? 'Show less' : 'Show all'}
        </Button>
      ) : undefined}
    </>
  )
}

function Attachments({
  files,
  messageID,
}: {
  readonly files: readonly FileBlock[]
  readonly messageID: MessageID
}) {
  return (
    <ul class="chips" aria-label="Attachments">
      {files.map((file) => (
        <li key={file.id} class="chip">
          <Attachment file={file} messageID={messageID} />
        </li>
      ))}
    </ul>
  )
}

export function Attachment({ file, messageID }: { readonly file: FileBlock; readonly messageID: MessageID }) {
  const { actions } = useApp()
  const { path, lines, preview } = file
  const label = lines ? `${file.name}:${lines.start}–${lines.end}` : file.name
  const picture =
    preview?.startsWith('data:image/') === true ? (
      <img src={preview} alt="" />
    ) : (
      <Icon name={file.mime.startsWith('image/') ? 'file-media' : 'file'} />
    )
  const isPicture = path === undefined && file.mime.startsWith('image/')
  if (!path && !isPicture) {
    return (
      <span class="chip-body" title={file.name}>
        {picture}
        <span class="chip-label">{label}</span>
      </span>
    )
  }
  return (
    <button
      type="button"
      class="chip-body"
      title={path ?? `Open ${file.name}`}
      onClick={() =>
        void (path ? actions.openFile(path, lines?.start) : actions.openPicture(messageID, file.id))
      }
    >
      {picture}
      <span class="chip-label">{label}</span>
    </button>
  )
}

/** The server has it, and gives it to the model at the next step, or when something runs again. */
function Steering({ messageID }: { readonly messageID: MessageID }) {
  const { actions, store } = useApp()
  const session = store.chat.value?.session
  const busy = session !== undefined && isBusy(session)
  return (
    <div class="delivery steering">
      <Icon name="debug-step-into" />
      <span>{busy ? 'Joins the run at its next step' : 'Waits: nothing runs'}</span>
      <span class="button-row">
        {busy ? (
          <Button kind="link" onClick={() => void actions.deliverWaiting(messageID, 'queue')}>
            Queue instead
          </Button>
        ) : (
          <Button kind="link" onClick={() => void actions.resumeInbox()}>
            Send now
          </Button>
        )}
        <Button kind="link" onClick={() => void actions.cancelWaiting(messageID)}>
          Cancel
        </Button>
      </span>
    </div>
  )
}

function Delivery({ message }: { readonly message: Message }) {
  const { actions } = useApp()
  if (!message.delivery) return message.waits === undefined ? null : <Steering messageID={message.id} />
  if (message.delivery.kind === 'pending') {
    return (
      <div class="delivery">
        <Icon name="clock" />
        <span>Waiting to be sent</span>
      </div>
    )
  }
  return (
    <div class="delivery failed">
      <Icon name="error" />
      <span>{message.delivery.message || 'This message was not sent.'}</span>
      <span class="button-row">
        <Button kind="link" onClick={() => void actions.retry(message.id)}>
          Retry
        </Button>
        <Button kind="link" onClick={() => void actions.recall(message.id)}>
          Edit
        </Button>
      </span>
    </div>
  )
}
