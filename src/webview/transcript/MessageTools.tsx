import { useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { useApp } from '../app.ts'
import { IconButton } from '../components/Icon.tsx'

interface MessageToolsProps {
  readonly text: string
  /** More tools, behind "copy". */
  readonly children?: ComponentChildren
}

/** Laid over the corner of a message while it is pointed at or holds the focus; never moves text. */
export function MessageTools({ text, children }: MessageToolsProps) {
  const { actions } = useApp()
  if (text === '' && !children) return null
  return (
    <div class="message-tools">
      {text === '' ? undefined : (
        <CopyButton icon="copy" label="Copy message" onCopy={() => actions.copy(text)} />
      )}
      {children}
    </div>
  )
}

interface CopyButtonProps {
  readonly icon: string
  readonly label: string
  /** Resolves to whether it worked. */
  readonly onCopy: () => Promise<boolean>
}

/** A button that says for a moment that it copied. */
export function CopyButton({ icon, label, onCopy }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    setCopied(await onCopy())
    setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <IconButton
      icon={isCopied ? 'check' : icon}
      label={isCopied ? 'Copied' : label}
      onClick={() => void copy()}
    />
  )
}
