import { useState } from 'preact/hooks'
import type { TargetedDragEvent } from 'preact'
import type { AppContext } from '../app.ts'
import { canDrop, takeDrop } from './transfer.ts'

type Drag = TargetedDragEvent<HTMLElement>

/**
 * What makes an element a place to drop files. VS Code keeps drags away from its webviews unless Shift is held;
 * then they arrive here as any other.
 */
export function useDrop(app: AppContext) {
  const [isOver, setOver] = useState(false)
  const over = (event: Drag): void => {
    if (!canDrop(event.dataTransfer)) return
    event.preventDefault()
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
    setOver(true)
  }
  return {
    'data-drop': isOver ? 'over' : undefined,
    onDragEnter: over,
    onDragOver: over,
    onDragLeave: () => setOver(false),
    onDrop: (event: Drag): void => {
      if (!canDrop(event.dataTransfer)) return
      event.preventDefault()
      event.stopPropagation()
      setOver(false)
      takeDrop(app, event.dataTransfer)
    },
  }
}
