import type { ConflictAnswer, DeskState } from '../../protocol/desk.ts'
import { useApp } from '../app.ts'
import { shortPath } from '../format.ts'
import { Button, Icon } from './Icon.tsx'

/** Files that were written under unsaved text: the user says what becomes of the two. */
export function ConflictStrips({
  desk,
  directory,
}: {
  readonly desk: DeskState | undefined
  readonly directory: string
}) {
  return (
    <>
      {desk?.conflicts.map(({ path }) => (
        <ConflictStrip key={path} path={path} directory={directory} />
      ))}
    </>
  )
}

function ConflictStrip({ path, directory }: { readonly path: string; readonly directory: string }) {
  const { actions } = useApp()
  const answer = (how: ConflictAnswer) => () => void actions.answerConflict(path, how)
  return (
    <section class="dock conflict" role="group" aria-label="Unsaved changes">
      <div class="dock-head">
        <Icon name="warning" />
        <span class="dock-title" title={path}>
          OpenCode wrote <bdi>{shortPath(path, directory)}</bdi> under your unsaved changes
        </span>
      </div>
      <div class="dock-buttons">
        <Button kind="primary" title="Join both in the editor, unsaved" onClick={answer('merge')}>
          Merge
        </Button>
        <Button onClick={answer('compare')}>Compare</Button>
        <Button
          title="Your text stays in the editor, unsaved; saving it replaces what was written"
          onClick={answer('mine')}
        >
          Keep mine
        </Button>
        <Button
          title="The editor shows what was written; a copy of your text is kept"
          onClick={answer('theirs')}
        >
          Take theirs
        </Button>
      </div>
    </section>
  )
}
