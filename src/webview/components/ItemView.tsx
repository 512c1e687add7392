import type { NoticeBlock, RunError } from '../../session/model.ts'
import { useApp } from '../app.ts'
import type { Item } from '../items.ts'
import { memo } from '../memo.tsx'
import { Button, Icon } from './Icon.tsx'
import { Markdown } from './Markdown.tsx'
import { Reasoning } from './Reasoning.tsx'
import { ToolCard, ToolRun } from './ToolCard.tsx'
import { Attachment, UserMessage } from './UserMessage.tsx'

/** One item of the transcript in its place; `data-item` is what scrolling holds on to. */
export const ItemView = memo(function ItemView({ item }: { readonly item: Item }) {
  return (
    <div class={`item item-${item.kind}`} data-item={item.key}>
      <Content item={item} />
    </div>
  )
})

function Content({ item }: { readonly item: Item }) {
  switch (item.kind) {
    case 'prompt':
      return <UserMessage message={item.message} />
    case 'text':
      return (
        <>
          <Markdown text={item.block.text} open={item.block.open} />
          {item.block.gap ? (
            <div class="dim">Some text was missed while the connection was down.</div>
          ) : undefined}
        </>
      )
    case 'reasoning':
      return <Reasoning block={item.block} foldKey={item.key} />
    case 'tool':
      return <ToolCard block={item.block} messageID={item.messageID} />
    case 'tools':
      return <ToolRun tools={item.tools} runKey={item.key} />
    case 'files':
      return <Attachment file={item.block} />
    case 'notice':
      return <Notice block={item.block} />
    case 'error':
      return <ErrorNotice error={item.error} />
  }
}

const noticeIcons: Readonly<Record<NoticeBlock['notice'], string>> = {
  compaction: 'fold',
  agent: 'agent',
  subtask: 'type-hierarchy-sub',
  retry: 'refresh',
  patch: 'diff',
}

function Notice({ block }: { readonly block: NoticeBlock }) {
  return (
    <div class={`notice notice-${block.notice}`}>
      <Icon name={noticeIcons[block.notice]} />
      <span dir="auto">{block.text}</span>
    </div>
  )
}

/** Why an answer ended early, with the next step as a button. */
export function ErrorNotice({ error }: { readonly error: RunError }) {
  const { actions } = useApp()
  if (error.kind === 'aborted' || error.kind === 'interrupted') {
    return (
      <div class="notice">
        <Icon name="debug-stop" />
        <span>{error.kind === 'aborted' ? 'Stopped' : `Interrupted. ${error.message}`}</span>
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
        <span class="button-row">
          {error.kind === 'auth' ? (
            <Button kind="link" onClick={() => void actions.run('setProviderKey')}>
              Set provider API key
            </Button>
          ) : undefined}
          {error.kind === 'auth' || error.kind === 'rate-limit' || error.kind === 'provider' ? (
            <Button kind="link" onClick={() => void actions.run('pickModel')}>
              Pick another model
            </Button>
          ) : undefined}
          <Button kind="link" onClick={() => void actions.run('showLog')}>
            Show log
          </Button>
        </span>
      </div>
    </div>
  )
}

const titles: Readonly<Record<Exclude<RunError['kind'], 'aborted' | 'interrupted'>, string>> = {
  auth: 'The provider refused the credentials',
  'rate-limit': 'The provider asks to slow down',
  'context-overflow': 'The conversation no longer fits the model',
  provider: 'The provider answered with an error',
  other: 'The run ended with an error',
}
