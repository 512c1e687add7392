import type { FunctionComponent } from 'preact'
import type { MessageID } from '../../opencode/ids.ts'
import type { FileChange, Json, ToolBlock, ToolKind } from '../../session/model.ts'
import { useApp } from '../app.ts'
import { shortPath } from '../components/format.ts'
import { useLack } from '../components/lacks.ts'
import type { ToolEntry } from '../transcript/items.ts'
import { readLink } from '../markdown/links.ts'
import { Diff } from './Diff.tsx'
import { Button, Icon } from '../components/Icon.tsx'
import { Output } from './Output.tsx'
import { SubagentLinks } from './SubagentCard.tsx'
import { TodoList } from './TodoList.tsx'

const hunkLines = 12

/** Whether there is anything to see below the line. */
export function hasDetails(block: ToolBlock): boolean {
  if (block.status === 'pending') return false
  return (
    block.error !== undefined ||
    (block.output ?? '') !== '' ||
    (block.files ?? []).length > 0 ||
    block.pictures !== undefined ||
    block.childSessionID !== undefined ||
    Object.keys(block.input).length > 0
  )
}

/** What a tool did, in the form that fits it. */
export function ToolDetails({ block, messageID }: ToolEntry) {
  return (
    <>
      {block.error ? <div class="tool-error">{block.error}</div> : undefined}
      <Body block={block} messageID={messageID} />
      {block.pictures ? <Pictures block={block} messageID={messageID} /> : undefined}
    </>
  )
}

function Body({ block, messageID }: ToolEntry) {
  const View = views[block.kind] ?? Generic
  return <View block={block} messageID={messageID} />
}

/** What a tool gave back for the eye; a click opens it in VS Code's own preview. */
function Pictures({ block, messageID }: ToolEntry) {
  const { actions } = useApp()
  return (
    <div class="pictures">
      {block.pictures?.map(({ index, name, preview }) => {
        const label = name ?? `Picture ${index + 1}`
        return (
          <button
            key={index}
            type="button"
            class="picture"
            title={`Open ${label}`}
            aria-label={`Open ${label}`}
            onClick={() => void actions.openPicture(messageID, block.id, index)}
          >
            {preview ? <img src={preview} alt="" /> : <Icon name="file-media" />}
          </button>
        )
      })}
    </div>
  )
}

const views: Readonly<Partial<Record<ToolKind, FunctionComponent<ToolEntry>>>> = {
  shell: Shell,
  edit: Files,
  write: Files,
  patch: Files,
  todo: ({ block }) => <TodoList todos={block.todos ?? []} />,
  question: Answers,
  subagent: Subagent,
  read: Found,
  list: Found,
  grep: Found,
  glob: Found,
  fetch: Fetched,
}

function Shell({ block, messageID }: ToolEntry) {
  const { actions } = useApp()
  const command = textInput(block, 'command') || block.target || ''
  return (
    <>
      <pre class="command" dir="ltr" tabIndex={0} role="group" aria-label="Command">
        <span class="prompt-sign" aria-hidden="true">
          ${' '}
        </span>
        {command}
      </pre>
      <Output
        text={block.output ?? ''}
        label="Output"
        cut={block.outputCut === true}
        onOpen={() => void actions.openOutput(messageID, block.callID)}
      />
    </>
  )
}

function Files({ block, messageID }: ToolEntry) {
  const files = block.files ?? []
  if (files.length === 0) return block.error ? null : <Generic block={block} messageID={messageID} />
  return (
    <>
      {files.map((file) => (
        <FileCard
          key={file.path}
          file={file}
          block={block}
          messageID={messageID}
          isOnly={files.length === 1}
        />
      ))}
      {files.length > 1 ? (
        <div class="button-row">
          <UndoCall block={block} messageID={messageID} />
        </div>
      ) : undefined}
    </>
  )
}

interface FileCardProps extends ToolEntry {
  readonly file: FileChange
  readonly isOnly: boolean
}

function FileCard({ file, block, messageID, isOnly }: FileCardProps) {
  const { actions, store } = useApp()
  const path = shortPath(file.path, store.chat.value?.session?.session.directory)
  return (
    <div class="file-change">
      {file.patch ? (
        <Diff patch={file.patch} limit={hunkLines} />
      ) : (
        <div class="dim">No preview for this file</div>
      )}
      <div class="button-row">
        <FileLink path={file.path} label={isOnly ? 'Open file' : path} />
        <Button kind="link" onClick={() => void actions.openDiff(messageID, block.callID, file.path)}>
          Open diff
        </Button>
        {isOnly ? <UndoCall block={block} messageID={messageID} /> : undefined}
      </div>
    </div>
  )
}

/** The server undoes a call together with all that came after it. */
function UndoCall({ block, messageID }: ToolEntry) {
  const { actions } = useApp()
  const [noPart, noWhole] = [useLack('partialUndo'), useLack('revert')]
  const noUndo = noWhole ?? noPart
  if (block.status !== 'completed') return null
  return (
    <span class="history-tools">
      <Button
        kind="link"
        title={noUndo ?? 'Undo this change and everything after it'}
        disabled={noUndo !== undefined}
        onClick={() => void actions.undo(messageID, block.id)}
      >
        Undo from here
      </Button>
    </span>
  )
}

function FileLink({
  path,
  line,
  label,
}: {
  readonly path: string
  readonly line?: number
  readonly label: string
}) {
  const { actions } = useApp()
  return (
    <Button kind="link" title={path} onClick={() => void actions.openFile(path, line)}>
      {label}
    </Button>
  )
}

function Answers({ block }: ToolEntry) {
  const { questions } = block.input
  const list: readonly Json[] = Array.isArray(questions) ? (questions as readonly Json[]) : []
  return (
    <dl class="answers">
      {list.map((question, index) => (
        <div key={index}>
          <dt dir="auto">{textOf(question, 'question')}</dt>
          <dd dir="auto">{block.answers?.[index]?.join(', ') || 'No answer'}</dd>
        </div>
      ))}
    </dl>
  )
}

function Subagent({ block, messageID }: ToolEntry) {
  return (
    <>
      {block.output ? <OutputOf block={block} messageID={messageID} label="Result" /> : undefined}
      <SubagentLinks block={block} />
    </>
  )
}

function Found({ block, messageID }: ToolEntry) {
  const path = textInput(block, 'filePath') || textInput(block, 'path')
  const line = block.input['offset']
  return (
    <>
      {block.output ? <OutputOf block={block} messageID={messageID} label="Result" /> : undefined}
      {block.kind === 'read' && path ? (
        <div class="button-row">
          <FileLink
            path={path}
            label="Open file"
            {...(typeof line === 'number' && line > 0 ? { line } : {})}
          />
        </div>
      ) : undefined}
    </>
  )
}

function Fetched({ block, messageID }: ToolEntry) {
  const { actions } = useApp()
  const url = textInput(block, 'url')
  return (
    <>
      {block.output ? <OutputOf block={block} messageID={messageID} label="Result" /> : undefined}
      {readLink(url)?.kind === 'external' ? (
        <div class="button-row">
          <Button kind="link" title={url} onClick={() => void actions.openLink(url)}>
            Open page
          </Button>
        </div>
      ) : undefined}
    </>
  )
}

function Generic({ block, messageID }: ToolEntry) {
  const hasInput = Object.keys(block.input).length > 0
  return (
    <>
      {hasInput ? (
        <pre class="json" dir="ltr" tabIndex={0} role="group" aria-label="Input">
          {JSON.stringify(block.input, undefined, 2).slice(0, 4_000)}
        </pre>
      ) : undefined}
      {block.output ? <OutputOf block={block} messageID={messageID} label="Result" /> : undefined}
    </>
  )
}

function OutputOf({ block, messageID, label }: ToolEntry & { readonly label: string }) {
  const { actions } = useApp()
  const open = (id: MessageID): void => void actions.openOutput(id, block.callID)
  return (
    <Output
      text={block.output ?? ''}
      label={label}
      cut={block.outputCut === true}
      onOpen={() => open(messageID)}
    />
  )
}

function textInput(block: ToolBlock, name: string): string {
  const value = block.input[name]
  return typeof value === 'string' ? value : ''
}

function textOf(value: Json, name: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const text = Reflect.get(value, name) as unknown
  return typeof text === 'string' ? text : ''
}
