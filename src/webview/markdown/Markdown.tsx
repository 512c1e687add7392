import { useLayoutEffect, useRef } from 'preact/hooks'
import { BlockRenderer } from './blockRenderer.ts'
import { memo } from '../components/memo.tsx'

/** Markdown that may still grow. What is inside belongs to the BlockRenderer, not to Preact. */
export const Markdown = memo(function Markdown({
  text,
  open,
}: {
  readonly text: string
  readonly open: boolean
}) {
  const root = useRef<HTMLDivElement>(null)
  const renderer = useRef<BlockRenderer>(undefined)
  useLayoutEffect(() => {
    if (!root.current) return
    renderer.current ??= new BlockRenderer(root.current)
    renderer.current.update(text, open)
  }, [text, open])
  useLayoutEffect(
    () => () => {
      renderer.current?.dispose()
      renderer.current = undefined
    },
    [],
  )
  return <div class="markdown" ref={root} />
})
