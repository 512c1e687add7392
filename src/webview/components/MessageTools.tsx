import { useState } from 'preact/hooks'
import { useApp } from '../app.ts'
import { IconButton } from './Icon.tsx'

/** Laid over the corner of a message while it is pointed at or holds the focus; never moves text. */
export function MessageTools({ text }: { readonly text: string }) {
  const { actions } = useApp()
  const [isCopied, setCopied] = useState(false)
  if (text === '') return null
  const copy = async (): Promise<void> => {
    setCopied(await actions.copy(text))
    setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <div class="message-tools">
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={isCopied ? 'Copied' : 'Copy message'}
        onClick={() => void copy()}
      />
    </div>
  )
}
