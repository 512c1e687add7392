import type { ComponentChildren, TargetedMouseEvent } from 'preact'

/** A codicon; it says nothing to a screen reader, the words beside it do. */
export function Icon({ name, spin }: { readonly name: string; readonly spin?: boolean }) {
  return <span class={`codicon codicon-${name}${spin ? ' codicon-modifier-spin' : ''}`} aria-hidden="true" />
}

interface ButtonProps {
  readonly children: ComponentChildren
  readonly onClick: (event: TargetedMouseEvent<HTMLButtonElement>) => void
  readonly kind?: 'primary' | 'secondary' | 'link'
  readonly disabled?: boolean
  readonly title?: string
}

/** VS Code's own push button. A disabled one keeps its focus and only stops acting. */
export function Button({ children, onClick, kind = 'secondary', disabled = false, title }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${kind}`}
      title={title}
      aria-disabled={disabled ? 'true' : undefined}
      onClick={(event) => !disabled && onClick(event)}
    >
      {children}
    </button>
  )
}

interface IconButtonProps {
  readonly icon: string
  readonly label: string
  readonly title?: string
  readonly onClick: (event: TargetedMouseEvent<HTMLButtonElement>) => void
  readonly expanded?: boolean
  /** Why it cannot be used now: greys it, and stands in its tooltip. */
  readonly obstacle?: string | undefined
}

export function IconButton({ icon, label, title = label, onClick, expanded, obstacle }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={obstacle ?? title}
      aria-expanded={expanded}
      aria-disabled={obstacle === undefined ? undefined : 'true'}
      onClick={(event) => obstacle === undefined && onClick(event)}
    >
      <Icon name={icon} />
    </button>
  )
}
