import type { ChatState } from '../../protocol/chat.ts'
import type { ContextItem } from '../../protocol/composer.ts'
import { formatBytes } from '../../protocol/composer.ts'
import { useApp } from '../app.ts'
import { suggestIcons } from './useSuggest.ts'
import { memo } from '../components/memo.tsx'
import { Icon, IconButton } from '../components/Icon.tsx'

interface ChipsProps {
  readonly items: readonly ContextItem[]
  readonly text: string
  readonly model: ChatState['choice']['model']
}

/** What goes along with the text; each can be removed. */
export const Chips = memo(function Chips({ items, text, model }: ChipsProps) {
  const { actions } = useApp()
  if (items.length === 0) return null
  return (
    <div class="chips-row">
      <ul class="chips" aria-label="Context">
        {items.map((item) => (
          <Chip key={item.id} item={item} warning={warningOf(item, text, model)} />
        ))}
      </ul>
      <IconButton icon="eye" label="Show what will be sent" onClick={() => void actions.inspect()} />
    </div>
  )
})

function Chip({ item, warning }: { readonly item: ContextItem; readonly warning: string | undefined }) {
  const { actions, composer } = useApp()
  const notes = [item.detail, item.isKnown ? knownNote : undefined, warning]
  const remove = (): void => {
    void actions.removeItem(item.id)
    composer.focus()
  }
  return (
    <li
      class={warning ? 'chip stale' : item.isKnown ? 'chip known' : 'chip'}
      title={notes.filter(Boolean).join(' · ')}
    >
      <ChipBody item={item} warning={warning} />
      {item.isKnown ? (
        <button
          type="button"
          class="chip-sent"
          title={`${knownNote} Click to send it again.`}
          aria-label={`Send ${item.label} again`}
          onClick={() => void actions.resendItem(item.id)}
        >
          <Icon name="check" />
        </button>
      ) : undefined}
      <button type="button" class="chip-remove" aria-label={`Remove ${item.label}`} onClick={remove}>
        <Icon name="close" />
      </button>
    </li>
  )
}

/** A folded text opens where the caret is; everything else only shows. */
function ChipBody({ item, warning }: { readonly item: ContextItem; readonly warning: string | undefined }) {
  const { actions } = useApp()
  const content = (
    <>
      <Icon name={warning ? 'warning' : suggestIcons[item.kind]} />
      <span class="chip-label">{item.label}</span>
      {item.size === undefined ? undefined : <span class="chip-size">{formatBytes(item.size)}</span>}
      {warning ? <span class="visually-hidden">{warning}</span> : undefined}
    </>
  )
  if (item.kind !== 'paste') return <span class="chip-body">{content}</span>
  return (
    <button
      type="button"
      class="chip-body"
      aria-label={`Put ${item.label} back into the text`}
      onClick={() => void actions.expand(item.id)}
    >
      {content}
    </button>
  )
}

const knownNote = 'The session has it unchanged; only its name is sent.'

/** Why a chip may not do what it was added for. */
function warningOf(item: ContextItem, text: string, model: ChatState['choice']['model']): string | undefined {
  if (item.stale) return item.stale
  if (item.mention && !text.includes(item.mention))
    return 'The text does not mention it any more; it still goes along'
  return unreadable(item, model)
}

/** Why the model will not see an attachment. */
export function unreadable(item: ContextItem, model: ChatState['choice']['model']): string | undefined {
  const needed = item.kind === 'image' || item.kind === 'pdf' ? item.kind : undefined
  if (!needed || !model || model.inputs.includes(needed)) return undefined
  return `${model.name} cannot read ${needed === 'image' ? 'images' : 'PDF files'}`
}
