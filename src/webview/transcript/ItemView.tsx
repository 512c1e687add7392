import type { NoticeBlock } from '../../session/model.ts'
import type { Item } from './items.ts'
import { memo } from '../components/memo.tsx'
import { ErrorNotice } from './ErrorNotice.tsx'
import { Icon } from '../components/Icon.tsx'
import { Markdown } from '../markdown/Markdown.tsx'
import { Reasoning } from './Reasoning.tsx'
import { ToolCard, ToolRun } from '../tools/ToolCard.tsx'
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
      return <Attachment file={item.block} messageID={item.messageID} />
    case 'notice':
      return <Notice block={item.block} />
    case 'error':
      return <ErrorNotice error={item.error} messageID={item.messageID} />
  }
}

const noticeIcons: Readonly<Record<NoticeBlock['notice'], string>> = {
  compaction: 'fold',
  agent: 'agent',
  subtask: 'type-hierarchy-sub',
  retry: 'refresh',
  patch: 'diff',
  shell: 'terminal',
}

function Notice({ block }: { readonly block: NoticeBlock }) {
  return (
    <div class={`notice notice-${block.notice}`}>
      <Icon name={noticeIcons[block.notice]} />
      <span dir="auto">{block.text}</span>
    </div>
  )
}
