import type { ChatFolder } from '../../protocol/chat.ts'
import { useApp } from '../app.ts'
import { memo } from '../components/memo.tsx'
import { Icon, IconButton } from '../components/Icon.tsx'

/** Says at all times that this chat works on files of its own, with the ways back. */
export const IsolationBar = memo(function IsolationBar({
  isolated,
}: {
  readonly isolated: ChatFolder['isolated']
}) {
  const { actions } = useApp()
  if (!isolated) return null
  const { branch, inContainer } = isolated
  const where = inContainer
    ? 'It runs in a container with a copy of your files.'
    : 'It works on a copy of your files; commands run on this machine.'
  return (
    <section class="isolation-bar" aria-label="Isolated session">
      <Icon name={inContainer ? 'vm' : 'folder'} />
      <span
        class="isolation-text"
        title={`${where} Your own files change only when you bring its changes back.`}
      >
        Isolated: <bdi>{branch}</bdi>
      </span>
      <div class="header-buttons">
        <IconButton
          icon="diff-multiple"
          label="Review isolated changes"
          onClick={() => void actions.run('reviewIsolatedChanges')}
        />
        <IconButton
          icon="git-merge"
          label="Bring isolated changes back"
          onClick={() => void actions.run('bringIsolatedChangesBack')}
        />
        <IconButton
          icon="trash"
          label="Discard isolated session"
          onClick={() => void actions.run('discardIsolatedSession')}
        />
      </div>
    </section>
  )
})
