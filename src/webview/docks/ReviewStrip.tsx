import type { OpenChanges } from '../../protocol/chat.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { LineCounts } from '../components/LineCounts.tsx'
import { Button, Icon, IconButton } from '../components/Icon.tsx'

/** What the session changed and nobody decided on yet, with the ways to do so. */
export function ReviewStrip({ review }: { readonly review: OpenChanges | undefined }) {
  const { actions } = useApp()
  if (!review) return null
  const hasLines = review.additions + review.deletions > 0
  return (
    <div class="strip" role="group" aria-label="Changes to review">
      <Icon name="diff-multiple" />
      <span class="strip-text">
        <span>
          {plural(review.files, 'file')} changed {hasLines ? <LineCounts counts={review} /> : undefined}
        </span>
      </span>
      <Button kind="link" onClick={() => void actions.run('openAllChanges')}>
        Review
      </Button>
      {review.canDecide ? (
        <>
          <IconButton
            icon="check-all"
            label="Keep all changes"
            onClick={() => void actions.run('keepAllChanges')}
          />
          <IconButton
            icon="discard"
            label="Undo all changes…"
            onClick={() => void actions.run('undoAllChanges')}
          />
        </>
      ) : (
        <IconButton icon="discard" label="Undo last prompt…" onClick={() => void actions.run('undoPrompt')} />
      )}
    </div>
  )
}
