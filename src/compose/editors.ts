import type { Executions } from '../api/executions.ts'
import type { CommandContext } from '../commands/commandSpec.ts'
import { CommitMessages } from '../editor/commitMessage.ts'
import { InlineAsks } from '../editor/inlineAsks.ts'
import { OneOffs } from '../editor/oneOffs.ts'
import { Reviews } from '../editor/reviews.ts'
import type { ChatPlace } from '../views/chat/chatSession.ts'
import { noticeConflicts } from '../views/desk/conflictNotices.ts'
import { FollowMode } from '../views/desk/followMode.ts'
import { Manners } from '../views/desk/manners.ts'
import { ProposalOpener } from '../views/desk/proposalOpener.ts'
import { EditorTools } from '../views/editorTools/editorTools.ts'
import { ReviewEditors } from '../views/review/reviewEditors.ts'
import type { Services } from '../views/services.ts'
import type { ChatParts } from './chats.ts'
import type { Platform } from './platform.ts'

/** What chats do in editors by themselves: edits that wait, conflicts, following, changes to decide on. */
export function joinEditors({ store, settings, log }: Platform, services: Services, chat: ChatParts): void {
  const { backends, desk, review, notify } = services
  const { chats, isInSight } = chat
  const manners = store.add(new Manners())
  store.add(new FollowMode({ chats, settings, manners }))
  store.add(new ProposalOpener({ proposals: desk.proposals, chats, settings, manners, log }))
  store.add(noticeConflicts({ conflicts: desk.conflicts, isInSight, notify }))
  store.add(new ReviewEditors(review, backends))
}

/** What is asked and answered in editors and the source control view. */
export function createAsks(
  { store }: Platform,
  services: Services,
  { view, executions }: Pick<ChatParts, 'view'> & { readonly executions: Executions },
): Pick<CommandContext, 'commitMessages' | 'reviews' | 'inline'> {
  const oneOffs = new OneOffs(services, executions)
  const open = async (place: ChatPlace): Promise<void> => (await view.reveal()).show(place)
  return {
    commitMessages: new CommitMessages(services, oneOffs),
    reviews: store.add(new Reviews(services, oneOffs, open)),
    inline: store.add(new InlineAsks(services, oneOffs, open)),
  }
}

/** What VS Code knows, for the agents of this window. */
export function createEditorTools({ store, settings, log }: Platform, services: Services): EditorTools {
  const { backends, notify } = services
  return store.add(
    new EditorTools({
      backends,
      settings,
      log,
      warn: (message) => notify.warn(message),
    }),
  )
}
