import { useApp } from '../app.ts'
import { useNow } from '../components/clock.ts'
import { lastLines } from '../components/format.ts'
import { stripAnsi } from '../markdown/ansi.ts'
import type { ToolEntry } from '../transcript/items.ts'
import { useAbility } from '../components/lacks.ts'
import { memo } from '../components/memo.tsx'
import { settledIn } from '../../protocol/desk.ts'
import type { FileChange, ToolBlock } from '../../session/model.ts'
import { isRunning, runText, stateText, toolLine, toolTime } from './toolText.ts'
import type { ToolLine } from './toolText.ts'
import { Fold } from '../components/Fold.tsx'
import { Button, Icon } from '../components/Icon.tsx'
import { LineCounts } from '../components/LineCounts.tsx'
import { SubagentStatus } from './SubagentCard.tsx'
import { hasDetails, ToolDetails } from './ToolDetails.tsx'

/** How much of a running command's output stands in sight. */
const liveLines = 6

/** One tool call: a quiet line that opens its details. A failure opens by itself. */
export const ToolCard = memo(function ToolCard({ block, messageID }: ToolEntry) {
  const { store } = useApp()
  const directory = store.chat.value?.session?.session.directory
  const line = toolLine(block, directory)
  const canOpen = hasDetails(block)
  return (
    <Fold
      foldKey={block.callID}
      class={`tool tool-${settledIn(block.error) ? 'settled' : block.status}`}
      group={`Tool: ${block.name}`}
      openByDefault={opensByItself(block)}
      line={<ToolLineView block={block} line={line} />}
      aside={block.kind === 'subagent' ? <SubagentStatus block={block} /> : <LiveOutput block={block} />}
      {...(canOpen ? { children: () => <ToolDetails block={block} messageID={messageID} /> } : {})}
    />
  )
})

/** A run of tools that only looked, as one line. */
export const ToolRun = memo(function ToolRun({
  tools,
  runKey,
}: {
  readonly tools: readonly ToolEntry[]
  readonly runKey: string
}) {
  const isOpen = tools.some((tool) => isRunning(tool.block))
  const line = (
    <>
      <Icon name={isOpen ? 'loading' : 'search'} spin={isOpen} />
      <span class="tool-verb">{runText(tools)}</span>
      <span class="visually-hidden">{isOpen ? 'Running' : 'Done'}</span>
    </>
  )
  return (
    <Fold foldKey={runKey} class="tool tool-run" group="Tool: explore" line={line}>
      {() => tools.map((tool) => <ToolCard key={tool.block.id} {...tool} />)}
    </Fold>
  )
})

function ToolLineView({ block, line }: { readonly block: ToolBlock; readonly line: ToolLine }) {
  const isOpen = isRunning(block)
  return (
    <>
      <Icon name={isOpen ? 'loading' : iconOf(block, line)} spin={isOpen} />
      <span class="tool-text">
        <span class="tool-verb">{line.verb}</span>
        {line.target ? (
          <span class={line.isPath ? 'tool-target path' : 'tool-target'} title={block.target ?? line.target}>
            <bdi>{line.target}</bdi>
          </span>
        ) : undefined}
        {line.scope ? <span class="tool-scope">{line.scope}</span> : undefined}
        <Changes files={block.files} />
        {line.result ? <span class="tool-result">{line.result}</span> : undefined}
        <Elapsed block={block} />
      </span>
      <span class="visually-hidden">
        {settledIn(block.error) ? 'Settled by you' : stateText[block.status]}
      </span>
    </>
  )
}

function Elapsed({ block }: { readonly block: ToolBlock }) {
  const now = useNow(isRunning(block))
  const time = toolTime(block, now)
  return time ? <span class="tool-time">{time}</span> : null
}

function Changes({ files }: { readonly files: readonly FileChange[] | undefined }) {
  if (!files || files.length === 0) return null
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return <LineCounts counts={{ additions, deletions }} />
}

/** What happens now, below the line of a tool: the end of what is being asked of it, then of what it writes. */
function LiveOutput({ block }: { readonly block: ToolBlock }) {
  if (!isRunning(block)) return null
  const isShell = block.kind === 'shell' && block.status === 'running'
  const written = block.status === 'pending' ? inputBeingWritten(block) : (block.output ?? '')
  const last = stripAnsi(lastLines(written, isShell || block.status === 'pending' ? liveLines : 1))
  const isSilent = last.trim() === ''
  if (isSilent && !isShell) return null
  return (
    <div class="tool-live">
      {isSilent ? undefined : <pre dir="ltr">{last.slice(-2_000)}</pre>}
      {isShell ? <ShellActions callID={block.callID} /> : undefined}
    </div>
  )
}

/** A running command can be stopped, or left to itself; one that still asks for permission does not run yet. */
function ShellActions({ callID }: Pick<ToolBlock, 'callID'>) {
  const { actions, store } = useApp()
  const canLeave = useAbility('background')
  const asks = store.chat.value?.session?.requests.some((request) => request.callID === callID)
  return (
    <span class="button-row">
      <Button kind="link" onClick={() => void actions.abort()}>
        Stop run
      </Button>
      {canLeave && asks !== true ? (
        <Button
          kind="link"
          title="The run goes on without waiting for it; the Server view lists it"
          onClick={() => void actions.run('moveToBackground')}
        >
          Move to background
        </Button>
      ) : undefined}
    </span>
  )
}

/** The field that grows is the last one; a short one stands in the line already. */
function inputBeingWritten({ input }: ToolBlock): string {
  const last = Object.values(input).at(-1)
  return typeof last === 'string' && (last.includes('\n') || last.length > 60) ? last : ''
}

function iconOf(block: ToolBlock, line: ToolLine): string {
  if (settledIn(block.error)) return 'git-merge'
  if (block.status === 'failed' || (block.kind === 'shell' && (block.exitCode ?? 0) !== 0)) return 'error'
  return block.status === 'interrupted' ? 'circle-slash' : line.icon
}

/** A change opens when it is made: while it waits for permission the dock shows it. */
function opensByItself(block: ToolBlock): boolean {
  if (block.status === 'failed') return settledIn(block.error) === undefined
  if (block.kind === 'shell' && (block.exitCode ?? 0) !== 0) return true
  const files = block.files ?? []
  return block.status === 'completed' && files.length <= 3 && files.some((file) => file.patch)
}
