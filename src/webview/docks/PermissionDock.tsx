import { useEffect, useRef, useState } from 'preact/hooks'
import type { GuardedEdit } from '../../protocol/desk.ts'
import type { PermissionReply, PermissionRequest } from '../../session/model.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { useAbility } from '../components/lacks.ts'
import { plural, shortPath } from '../components/format.ts'
import { Asker } from './Asker.tsx'
import { Diff } from '../tools/Diff.tsx'
import { EditWarning, GuardButtons } from './EditGuard.tsx'
import { Button, Icon, IconButton } from '../components/Icon.tsx'
import { useFocusBack, useGuard } from './guard.ts'

const hunkLines = 12
const listedPlaces = 6

interface DockProps {
  readonly request: PermissionRequest
  readonly position: string
  readonly state: SessionState
  /** Set when the edit needs more than a yes or no. */
  readonly guard: GuardedEdit | undefined
}

/** A waiting permission: what, where, who asks, and three answers. */
export function PermissionDock({ request, position, state, guard }: DockProps) {
  const { actions } = useApp()
  const { isGuarded, isAnswering, answer } = useGuard(request.id)
  const [reason, setReason] = useState<string | undefined>(undefined)
  const dock = useFocusBack()
  const reply = (kind: PermissionReply, message?: string): void =>
    answer(() => actions.replyPermission(request.id, kind, message))
  const blocked = isGuarded || isAnswering
  return (
    <section
      ref={dock}
      class="dock permission"
      role="group"
      aria-label="Permission required"
      data-request={request.id}
    >
      <div class="dock-head">
        <Icon name="shield" />
        <span class="dock-title">{titleOf(request)}</span>
        {position ? <span class="dock-count">{position}</span> : undefined}
      </div>
      <Asker request={request} state={state} />
      <Subject request={request} directory={state.session.directory} />
      {guard ? <EditWarning guard={guard} /> : undefined}
      <div class="dock-buttons">
        {guard ? (
          <GuardButtons request={request} guard={guard} disabled={blocked} answer={answer} />
        ) : (
          <AllowButtons request={request} disabled={blocked} onReply={reply} />
        )}
        <Button disabled={blocked} onClick={() => reply('reject', reason?.trim())}>
          Reject
        </Button>
        <IconButton
          icon="comment"
          label="Give a reason"
          title="Say what to do instead"
          expanded={reason !== undefined}
          onClick={() => setReason(reason === undefined ? '' : undefined)}
        />
      </div>
      {reason === undefined ? undefined : (
        <Reason
          text={reason}
          onChange={setReason}
          onSend={() => !blocked && reply('reject', reason.trim())}
        />
      )}
    </section>
  )
}

interface AllowButtonsProps {
  readonly request: PermissionRequest
  readonly disabled: boolean
  readonly onReply: (reply: PermissionReply) => void
}

function AllowButtons({ request, disabled, onReply }: AllowButtonsProps) {
  const isKept = useAbility('savedPermissions')
  return (
    <>
      <Button kind="primary" disabled={disabled} onClick={() => onReply('once')}>
        Allow once
      </Button>
      <Button disabled={disabled} title={alwaysTitle(request, isKept)} onClick={() => onReply('always')}>
        Always allow
      </Button>
    </>
  )
}

interface SubjectProps {
  readonly request: PermissionRequest
  readonly directory: string
}

function Subject({ request, directory }: SubjectProps) {
  const { actions } = useApp()
  const { command, path, diff } = request
  const patterns = request.patterns.filter((pattern) => pattern !== command && pattern !== path)
  return (
    <div class="dock-body">
      {command ? (
        <pre class="command" dir="ltr" tabIndex={0} role="group" aria-label="Command">
          {command}
        </pre>
      ) : undefined}
      {path ? <Places request={request} directory={directory} /> : undefined}
      {!command && !path && patterns.length > 0 ? <Patterns patterns={patterns} /> : undefined}
      {diff ? <Diff patch={diff} limit={hunkLines} isTight /> : undefined}
      {diff ? (
        <div class="button-row">
          <Button kind="link" onClick={() => void actions.openRequestDiff(request.id)}>
            Open diff
          </Button>
        </div>
      ) : undefined}
    </div>
  )
}

/** The files of an edit, and where it moves them. */
function Places({ request: { path = '', files = [] }, directory }: SubjectProps) {
  const places = files.length > 0 ? files : [{ path }]
  return (
    <>
      {places.slice(0, listedPlaces).map((file) => (
        <div key={file.path} class="dock-path" title={file.path}>
          <bdi>
            {'movedFrom' in file && file.movedFrom !== undefined
              ? `${shortPath(file.movedFrom, directory)} → ${shortPath(file.path, directory)}`
              : shortPath(file.path, directory)}
          </bdi>
        </div>
      ))}
      {places.length > listedPlaces ? (
        <div class="dim">and {plural(places.length - listedPlaces, 'more file')}</div>
      ) : undefined}
    </>
  )
}

function Patterns({ patterns }: { readonly patterns: readonly string[] }) {
  return (
    <ul class="patterns">
      {patterns.slice(0, 8).map((pattern) => (
        <li key={pattern}>
          <code>{pattern}</code>
        </li>
      ))}
    </ul>
  )
}

interface ReasonProps {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly onSend: () => void
}

/** What the model reads when the request is rejected. */
function Reason({ text, onChange, onSend }: ReasonProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  return (
    <div class="dock-reason">
      <input
        ref={input}
        type="text"
        class="input"
        dir="auto"
        placeholder="What should be done instead?"
        aria-label="Reason"
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && !event.isComposing && onSend()}
      />
    </div>
  )
}

const titles: Readonly<Record<string, string>> = {
  shell: 'Run this command?',
  edit: 'Change this file?',
  write: 'Write this file?',
  patch: 'Change these files?',
  read: 'Read this file?',
  fetch: 'Fetch this page?',
  external_directory: 'Reach outside the project?',
  subagent: 'Start a subagent?',
  doom_loop: 'Go on with the same call again?',
}

function titleOf({ action }: PermissionRequest): string {
  return titles[action] ?? `Allow ${action}?`
}

/** How long it holds depends on where the server keeps it. */
function alwaysTitle({ always }: PermissionRequest, isKept: boolean): string {
  const what = always.length > 0 ? `Always allow ${always.join(', ')}` : 'Always allow'
  return isKept ? `${what}, in this project; the Server view can revoke it` : what
}
