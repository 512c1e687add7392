import type { ChatState, ContextItem } from '../../protocol/chat.ts'
import { formatBytes } from '../../protocol/composer.ts'
import { useApp } from '../app.ts'
import { suggestIcons } from '../composer/useSuggest.ts'
import { memo } from '../memo.tsx'
import { Icon, IconButton } from './Icon.tsx'

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
      <span class="chip-body">
        <Icon name={warning ? 'warning' : suggestIcons[item.kind]} />
        <span class="chip-label">{item.label}</span>
        {item.size === undefined ? undefined : <span class="chip-size">{formatBytes(item.size)}</span>}
        {warning ? <span class="visually-hidden">{warning}</span> : undefined}
      </span>
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

const knownNote = 'The session has it unchanged; only its name is sent.'

/** Why a chip may not do what it was added for. */
export function warningOf(
  item: ContextItem,
  text: string,
  model: ChatState['choice']['model'],
): string | undefined {
  if (item.stale) return item.stale
  if (item.mention && !text.includes(item.mention))
    return 'The text does not mention it any more; it still goes along'
  const needed = item.kind === 'image' || item.kind === 'pdf' ? item.kind : undefined
  if (needed && model && !model.inputs.includes(needed)) {
    return `${model.name} cannot read ${needed === 'image' ? 'images' : 'PDF files'}`
  }
  return undefined
}
