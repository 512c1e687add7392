import type { ComponentChildren } from 'preact'
import type { ChatState } from '../../protocol/chat.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import type { ErrorInfo } from '../../opencode/errors.ts'
import type { ProfileKind } from '../../opencode/profile.ts'
import { useApp } from '../app.ts'
import { useNow } from '../components/clock.ts'
import { formatRelative, secondsUntil } from '../components/format.ts'
import { remedyFor } from './remedies.ts'
import type { Remedy } from './remedies.ts'
import { Fold } from '../components/Fold.tsx'
import { Glyph } from '../components/Glyph.tsx'
import { Button, Icon } from '../components/Icon.tsx'

/** Stands in the place of the transcript while there is none. */
export function Screen({ chat }: { readonly chat: ChatState }) {
  if (chat.obstacle === 'no-folder') return <NoFolder />
  if (chat.obstacle === 'untrusted') return <Untrusted />
  if (chat.server.kind === 'failed') return <Failed error={chat.server.error} />
  if (chat.folderProblem && chat.server.kind === 'running') return <Failed error={chat.folderProblem} />
  if (chat.choice.hasNoModels) return <NoModel chat={chat} />
  return <Empty chat={chat} />
}

function Frame({
  title,
  text,
  children,
}: {
  readonly title: string
  readonly text: string
  readonly children: ComponentChildren
}) {
  return (
    <div class="screen">
      <Glyph />
      <h2 class="screen-title">{title}</h2>
      {text ? (
        <p class="screen-text" dir="auto">
          {text}
        </p>
      ) : undefined}
      {children}
    </div>
  )
}

function Run({
  command,
  label,
  primary,
}: {
  readonly command: WebviewCommand
  readonly label: string
  readonly primary?: boolean
}) {
  const { actions } = useApp()
  return (
    <Button kind={primary ? 'primary' : 'secondary'} onClick={() => void actions.run(command)}>
      {label}
    </Button>
  )
}

function NoFolder() {
  return (
    <Frame title="Open a folder" text="OpenCode works in the folder that is open in this window.">
      <div class="screen-buttons">
        <Run command="openFolder" label="Open folder" primary />
      </div>
    </Frame>
  )
}

function Untrusted() {
  return (
    <Frame
      title="Restricted Mode"
      text="OpenCode runs commands and changes files. It starts when you trust this folder."
    >
      <div class="screen-buttons">
        <Run command="manageTrust" label="Manage trust" primary />
      </div>
    </Frame>
  )
}

function NoModel({ chat }: { readonly chat: ChatState }) {
  return (
    <Frame
      title="Connect a model provider"
      text="The server knows no model that can be used. Add the API key of a provider."
    >
      <div class="screen-buttons">
        <Run command="setProviderKey" label="Set provider API key" primary />
      </div>
      <ServerLine chat={chat} />
    </Frame>
  )
}

function Failed({ error }: { readonly error: ErrorInfo }) {
  return (
    <Frame title={remedyFor(error.code).title} text={error.message}>
      <FailureActions error={error} />
    </Frame>
  )
}

function FailureActions({ error }: { readonly error: ErrorInfo }) {
  const { buttons } = remedyFor(error.code)
  return (
    <>
      <div class="screen-buttons">
        {buttons.map(([command, label], index) => (
          <Run key={command} command={command} label={label} primary={index === 0} />
        ))}
      </div>
      {error.detail ? (
        <Fold foldKey="server-detail" class="detail" line={<span>Details</span>}>
          {() => (
            <pre class="command" dir="ltr" tabIndex={0} role="group" aria-label="Details">
              {error.detail}
            </pre>
          )}
        </Fold>
      ) : undefined}
    </>
  )
}

const starts = [
  {
    icon: 'compass',
    label: 'Explain this project',
    text: 'Explain what this project does and how it is built.',
  },
  { icon: 'bug', label: 'Find and fix a problem', text: 'Look for a bug in this project and propose a fix.' },
  { icon: 'beaker', label: 'Write missing tests', text: 'Find code without tests and write tests for it.' },
] as const

function Empty({ chat }: { readonly chat: ChatState }) {
  const { actions, composer } = useApp()
  const fill = (text: string): void => {
    actions.type(text)
    composer.focus()
  }
  const place = chat.folder ? ` in ${chat.folder.name}` : ''
  return (
    <Frame title="Ask OpenCode" text={`It reads, runs and changes code${place}, and asks before it does.`}>
      <ul class="starts">
        {starts.map((start) => (
          <li key={start.label}>
            <button type="button" class="start" onClick={() => fill(start.text)}>
              <Icon name={start.icon} />
              <span>{start.label}</span>
            </button>
          </li>
        ))}
      </ul>
      <Recent chat={chat} />
      <ServerLine chat={chat} />
    </Frame>
  )
}

const recentLimit = 4
const stateIcons = { idle: 'comment', busy: 'loading', waiting: 'bell-dot' } as const
const stateWords = { idle: '', busy: 'Running', waiting: 'Waiting for you' } as const

function Recent({ chat }: { readonly chat: ChatState }) {
  const { actions } = useApp()
  const recent = chat.recent.slice(0, recentLimit)
  if (recent.length === 0) return null
  return (
    <div class="recent">
      <h3>Recent sessions</h3>
      <ul>
        {recent.map((session) => (
          <li key={session.id}>
            <button type="button" class="recent-item" onClick={() => void actions.openSession(session.id)}>
              <Icon name={stateIcons[session.state]} spin={session.state === 'busy'} />
              <span class="recent-title">
                <bdi>{session.title || 'Untitled session'}</bdi>
              </span>
              <span class="dim" title={new Date(session.updated).toLocaleString()}>
                {stateWords[session.state] || formatRelative(session.updated, Date.now())}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function ServerLine({ chat }: { readonly chat: ChatState }) {
  const { actions } = useApp()
  const { server } = chat
  const now = useNow(server.kind === 'starting')
  if (server.kind === 'stopped') {
    return (
      <p class="server-line">
        Server stopped
        <Button kind="link" onClick={() => void actions.run('startServer')}>
          Start
        </Button>
      </p>
    )
  }
  if (server.kind === 'starting') {
    const seconds = Math.max(0, Math.floor((now - server.since) / 1_000))
    return (
      <>
        {server.cause ? (
          <p class="server-line" dir="auto">
            {server.cause.message}
          </p>
        ) : undefined}
        <p class="server-line">
          <Icon name="loading" spin /> {server.cause ? 'Starting server again' : 'Starting server'}
          {seconds > 2 ? `… ${seconds} s` : '…'}
        </p>
      </>
    )
  }
  if (server.kind === 'stopping') return <p class="server-line">Stopping server…</p>
  if (server.kind !== 'running') return null
  const words = [`OpenCode ${server.version}`, chat.profile?.name, whereOf(server, chat.profile?.kind)]
  return (
    <p class="server-line" dir="auto">
      {words.filter((word) => word !== undefined).join(' · ')}
    </p>
  )
}

function whereOf(
  server: Extract<ChatState['server'], { readonly kind: 'running' }>,
  kind: ProfileKind | undefined,
): string {
  if (kind === 'container') return 'in a container'
  return server.origin === 'managed' ? 'running locally' : server.url
}

/** A slim line above a session that stays readable while its server is away. */
export function ServerBanner({ chat }: { readonly chat: ChatState }) {
  const { server } = chat
  if (server.kind === 'running') {
    if (server.link.kind === 'reconnecting') return <Reconnecting retryAt={server.link.retryAt} />
    return chat.session && chat.folderProblem ? <FolderTrouble error={chat.folderProblem} /> : null
  }
  if (!chat.session) return null
  if (server.kind === 'starting') return <Banner icon="loading" spin text={startingText(server.cause)} />
  if (server.kind === 'stopping') return <Banner icon="loading" spin text="Stopping server…" />
  return <ServerGone error={server.kind === 'failed' ? server.error : undefined} />
}

function startingText(cause: ErrorInfo | undefined): string {
  return cause ? `${cause.message} Starting server again…` : 'Starting server…'
}

function Reconnecting({ retryAt }: { readonly retryAt: number | undefined }) {
  const now = useNow(retryAt !== undefined)
  const seconds = retryAt === undefined ? 0 : secondsUntil(retryAt, now)
  return <Banner icon="loading" spin text={seconds > 0 ? `Reconnecting… ${seconds} s` : 'Reconnecting…'} />
}

function ServerGone({ error }: { readonly error: ErrorInfo | undefined }) {
  const { actions } = useApp()
  const buttons = error ? bannerButtons(error) : ([['startServer', 'Start']] as const)
  return (
    <Banner icon={error ? 'error' : 'debug-disconnect'} text={error?.message ?? 'The server is stopped.'}>
      {buttons.map(([command, label]) => (
        <Button key={label} kind="link" onClick={() => void actions.run(command)}>
          {label}
        </Button>
      ))}
    </Banner>
  )
}

/** What helps with this failure; the log is never far. */
function bannerButtons({ code }: ErrorInfo): Remedy['buttons'] {
  const { buttons } = remedyFor(code)
  const hasLog = buttons.some(([command]) => command === 'showLog')
  return hasLog ? buttons : [...buttons, ['showLog', 'Show log']]
}

function FolderTrouble({ error }: { readonly error: ErrorInfo }) {
  const { actions } = useApp()
  return (
    <Banner icon="error" text={error.message}>
      <Button kind="link" onClick={() => void actions.run('restartServer')}>
        Retry
      </Button>
      <Button kind="link" onClick={() => void actions.run('showLog')}>
        Show log
      </Button>
    </Banner>
  )
}

interface BannerProps {
  readonly icon: string
  readonly text: string
  readonly spin?: boolean
  readonly children?: ComponentChildren
}

function Banner({ icon, text, spin = false, children }: BannerProps) {
  return (
    <div class="banner" role="status">
      <Icon name={icon} spin={spin} />
      <span class="banner-words">
        <span class="banner-text" dir="auto">
          {text}
        </span>
        {children}
      </span>
    </div>
  )
}
