import type { MessageID } from '../../opencode/ids.ts'
import type { UserMessage } from '../../session/model.ts'
import { undoneCount } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { useAbility, useLack } from '../components/lacks.ts'
import { Button, Icon, IconButton } from '../components/Icon.tsx'
import { CopyButton } from '../transcript/MessageTools.tsx'

/** What can be done from a prompt on; nothing while it is still on its way. */
export function PromptTools({ message }: { readonly message: UserMessage }) {
  const { actions } = useApp()
  const noUndo = useLack('revert')
  const noFork = useLack('fork')
  if (message.delivery ?? message.waits) return null
  return (
    <span class="history-tools">
      <IconButton
        icon="edit"
        label="Edit and send again"
        obstacle={noUndo}
        onClick={() => void actions.editPrompt(message.id)}
      />
      <IconButton
        icon="repo-forked"
        label="Fork from here"
        title="Fork from here into a new session"
        obstacle={noFork}
        onClick={() => void actions.fork(message.id, 'prompt')}
      />
      <IconButton
        icon="discard"
        label="Undo from here"
        title="Undo this prompt and all after it, with their changes of files"
        obstacle={noUndo}
        onClick={() => void actions.undo(message.id)}
      />
    </span>
  )
}

/** What can be done with an answer; `messageID` is any message of it. */
export function AnswerTools({ messageID }: { readonly messageID: MessageID }) {
  const { actions } = useApp()
  const noFork = useLack('fork')
  return (
    <>
      <CopyButton icon="markdown" label="Copy as Markdown" onCopy={() => actions.copyMarkdown(messageID)} />
      <span class="history-tools">
        <IconButton
          icon="repo-forked"
          label="Fork after this answer"
          title="Fork after this answer into a new session"
          obstacle={noFork}
          onClick={() => void actions.fork(messageID, 'answer')}
        />
      </span>
    </>
  )
}

/** Says that a part of the session is undone, until it comes back or the next prompt drops it for good. */
export function UndoneStrip({ state }: { readonly state: SessionState }) {
  const { actions } = useApp()
  const canDrop = useAbility('commitUndo')
  const { revertedFrom, revertedBlock } = state.session
  if (revertedFrom === undefined) return null
  const count = undoneCount(state)
  const what =
    revertedBlock === undefined && count > 0 ? `${plural(count, 'prompt')} undone` : 'Last steps undone'
  return (
    <div class="strip undone" role="group" aria-label="Undone">
      <Icon name="discard" />
      <span class="strip-text">
        <span>{what}</span>
        <span class="dim">Your next prompt drops this for good</span>
      </span>
      {canDrop ? (
        <Button kind="link" title="Drop it for good now" onClick={() => void actions.run('dropUndone')}>
          Drop
        </Button>
      ) : undefined}
      <Button kind="link" onClick={() => void actions.redo()}>
        Redo
      </Button>
    </div>
  )
}
