import type { ChatState } from '../../protocol/chat.ts'
import type { DeskState } from '../../protocol/desk.ts'
import type { Todo } from '../../session/model.ts'
import { isBusy, pendingRequests } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { ConflictStrips } from './ConflictStrips.tsx'
import { Fold } from '../components/Fold.tsx'
import { UndoneStrip } from '../frame/HistoryTools.tsx'
import { Button, Icon, IconButton } from '../components/Icon.tsx'
import { InboxDock } from './InboxDock.tsx'
import { PermissionDock } from './PermissionDock.tsx'
import { ProblemsStrip } from './ProblemsStrip.tsx'
import { QueueDock } from './QueueDock.tsx'
import { QuestionDock } from './QuestionDock.tsx'
import { RetryStrip } from './RetryStrip.tsx'
import { ReviewStrip } from './ReviewStrip.tsx'
import { TodoList } from '../tools/TodoList.tsx'

/** What waits for the user, docked above the composer and never scrolled away. */
export function Docks({ chat }: { readonly chat: ChatState }) {
  const session = chat.session
  return (
    <div class="docks">
      {session ? <TodoStrip todos={session.todos} isBusy={isBusy(session)} /> : undefined}
      {session ? <UndoneStrip state={session} /> : undefined}
      {session ? <RetryStrip state={session} /> : undefined}
      {chat.folder ? <ConflictStrips desk={chat.desk} directory={chat.folder.directory} /> : undefined}
      {session ? <RequestDock state={session} desk={chat.desk} /> : undefined}
      {session ? <ReviewStrip review={chat.review} /> : undefined}
      {session ? <ProblemsStrip problems={chat.desk?.problems} /> : undefined}
      {session && chat.choice.hasNoModels ? <NoModelStrip /> : undefined}
      <ElsewhereStrip chat={chat} />
      {session ? <InboxDock state={session} /> : undefined}
      <QueueDock queue={chat.queue} />
      <ProblemStrip chat={chat} />
    </div>
  )
}

/** The oldest request; others wait behind it and are counted. */
function RequestDock({
  state,
  desk,
}: {
  readonly state: SessionState
  readonly desk: DeskState | undefined
}) {
  const requests = pendingRequests(state)
  const request = requests[0]
  if (!request) return null
  const position = requests.length > 1 ? `1 of ${requests.length}` : ''
  return request.kind === 'permission' ? (
    <PermissionDock
      request={request}
      position={position}
      state={state}
      guard={desk?.edits.find(({ requestID }) => requestID === request.id)}
    />
  ) : (
    <QuestionDock key={request.id} request={request} position={position} state={state} />
  )
}

function TodoStrip({ todos, isBusy: busy }: { readonly todos: readonly Todo[]; readonly isBusy: boolean }) {
  const done = todos.filter((todo) => todo.status === 'completed' || todo.status === 'cancelled').length
  if (todos.length === 0 || (done === todos.length && !busy)) return null
  const now =
    todos.find((todo) => todo.status === 'in_progress') ?? todos.find((todo) => todo.status === 'pending')
  const line = (
    <>
      <Icon name="checklist" />
      <span class="strip-line" dir="auto">
        {done} of {todos.length}
        {now ? ` · ${now.status === 'in_progress' ? 'now' : 'next'}: ${now.content}` : ''}
      </span>
    </>
  )
  return (
    <Fold foldKey="todos" class="strip-fold" group="Todos" line={line}>
      {() => <TodoList todos={todos} />}
    </Fold>
  )
}

function NoModelStrip() {
  const { actions } = useApp()
  return (
    <div class="strip warning" role="group" aria-label="No model">
      <Icon name="key" />
      <span class="strip-text">No model can be used yet.</span>
      <Button kind="link" onClick={() => void actions.run('setProviderKey')}>
        Set provider API key
      </Button>
    </div>
  )
}

/** One session that waits is a click away; of several the user picks one. */
function ElsewhereStrip({ chat }: { readonly chat: ChatState }) {
  const { actions } = useApp()
  const count = chat.waitingElsewhere
  if (count === 0) return null
  const here = chat.session?.session.id
  const waiting = chat.recent.filter(({ id, state }) => state === 'waiting' && id !== here)
  const only = count === 1 ? waiting[0] : undefined
  const show = (): void => void (only ? actions.openSession(only.id) : actions.run('showSessions'))
  return (
    <div class="strip">
      <Icon name="bell-dot" />
      <span class="strip-text" dir="auto">
        {only
          ? `“${only.title}” waits for you`
          : `${plural(count, 'request')} ${count === 1 ? 'waits' : 'wait'} in other sessions`}
      </span>
      <Button kind="link" onClick={show}>
        Show
      </Button>
    </div>
  )
}

function ProblemStrip({ chat }: { readonly chat: ChatState }) {
  const { store, actions } = useApp()
  const message = store.callError.value ?? chat.problem?.message
  if (!message) return null
  const dismiss = (): void => {
    store.callError.value = undefined
    if (chat.problem) void actions.dismissProblem()
  }
  return (
    <div class="strip error" role="group" aria-label="Problem">
      <Icon name="error" />
      <span class="strip-text" dir="auto">
        {message}
      </span>
      <Button kind="link" onClick={() => void actions.run('showLog')}>
        Show log
      </Button>
      <IconButton icon="close" label="Dismiss" onClick={dismiss} />
    </div>
  )
}
