import type { ConflictAnswer, DeskState, FileConflict } from '../../protocol/desk.ts'
import { useApp } from '../app.ts'
import { shortPath } from '../components/format.ts'
import { Button, Icon } from '../components/Icon.tsx'

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
      {desk?.conflicts.map((conflict) => (
        <ConflictStrip key={conflict.path} conflict={conflict} directory={directory} />
      ))}
    </>
  )
}

interface ConflictProps {
  readonly conflict: FileConflict
  readonly directory: string
}

function ConflictStrip({ conflict: { path, isGone }, directory }: ConflictProps) {
  const { actions } = useApp()
  const answer = (how: ConflictAnswer) => () => void actions.answerConflict(path, how)
  return (
    <section class="dock conflict" role="group" aria-label="Unsaved changes">
      <div class="dock-head">
        <Icon name="warning" />
        <span class="dock-title" title={path}>
          OpenCode {isGone ? 'removed' : 'wrote'} <bdi>{shortPath(path, directory)}</bdi>{' '}
          {isGone ? 'while it has unsaved changes' : 'under your unsaved changes'}
        </span>
      </div>
      {isGone ? <GoneButtons answer={answer} /> : <WrittenButtons answer={answer} />}
    </section>
  )
}

interface ButtonsProps {
  readonly answer: (how: ConflictAnswer) => () => void
}

function GoneButtons({ answer }: ButtonsProps) {
  return (
    <div class="dock-buttons">
      <Button kind="primary" title="Writes your text to where the file was" onClick={answer('mine')}>
        Save it again
      </Button>
      <Button title="Closes the editor; a copy of your text is kept" onClick={answer('theirs')}>
        Let it go
      </Button>
    </div>
  )
}

function WrittenButtons({ answer }: ButtonsProps) {
  return (
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
  )
}
