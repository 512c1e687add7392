import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { Settings } from '../../platform/settings.ts'
import type { Block, ToolBlock } from '../../session/model.ts'
import { lastUserMessage, visibleMessages } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import type { Chats } from '../chat/chats.ts'
import { absolutePath } from '../links.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { changedSpans } from './freshProblems.ts'
import type { Manners } from './manners.ts'
import { editorUri } from './texts.ts'

const kinds: ReadonlySet<string> = new Set(['read', 'edit', 'write', 'patch'])
/** A run of quick calls shows the last of them. */
const pauseMs = 150

export interface FollowModeOptions {
  readonly chats: Chats
  readonly settings: Settings
  readonly manners: Manners
}

/** A place that a tool call is about. */
export interface FollowedPlace {
  readonly path: string
  /** From 0. */
  readonly line: number
}

/**
 * Shows what the agent of the chat in sight reads and edits, in a preview editor. The focus stays where it is, and
 * nothing is opened over an editor that the user works in.
 */
export class FollowMode implements Disposable {
  readonly #options: FollowModeOptions
  readonly #store = new DisposableStore()
  #last = ''
  /** The session that ran at the last look. */
  #running: SessionID | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: FollowModeOptions) {
    this.#options = options
    this.#store.add(options.chats.onDidChange(() => this.#look()))
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #look(): void {
    const { chats, settings } = this.#options
    const chat = settings.follow.value ? chats.active : undefined
    const session = chat?.isVisible === true ? chat.state.session : undefined
    if (!chat || !session || !this.#runsOrEnds(session)) return
    const block = lastFollowed(session)
    const place = block && placeOf(block)
    // An edit that waits is shown as a diff; it is followed once it is done.
    if (!place || session.requests.length > 0) return
    const key = `${block.callID} ${block.status}`
    if (key === this.#last) return
    this.#last = key
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#show(chat, place), pauseMs)
  }

  /** Whether the session runs, or did so at the last look: its end may come together with its last call. */
  #runsOrEnds({ session: { id }, status }: SessionState): boolean {
    const didRun = this.#running === id
    this.#running = status.kind === 'idle' ? undefined : id
    return didRun || status.kind !== 'idle'
  }

  async #show(chat: ChatSession, { path, line }: FollowedPlace): Promise<void> {
    const directory = chat.directory
    const place = this.#options.manners.place()
    if (directory === undefined || !place) return
    const absolute = absolutePath(path, directory)
    if (!promptTarget(chat.backend, directory).sees(absolute)) return
    try {
      const document = await vscode.workspace.openTextDocument(editorUri(absolute))
      const editor = await vscode.window.showTextDocument(document, { ...place, preview: true })
      const at = new vscode.Range(line, 0, line, 0)
      editor.revealRange(at, vscode.TextEditorRevealType.InCenterIfOutsideViewport)
    } catch {
      // A picture, a folder, or gone again.
    }
  }
}

/** The newest call since the last prompt that is followed; the model may already have begun its next step. */
function lastFollowed(session: SessionState): ToolBlock | undefined {
  const messages = visibleMessages(session)
  const prompt = lastUserMessage(session)
  for (let index = messages.length - 1; index >= 0 && messages[index] !== prompt; index--) {
    const message = messages[index]
    const block = message?.role === 'assistant' ? message.blocks.findLast(isFollowed) : undefined
    if (block) return block
  }
  return undefined
}

function isFollowed(block: Block): block is ToolBlock {
  if (block.type !== 'tool' || !kinds.has(block.kind)) return false
  return block.status === 'completed' || (block.status === 'running' && block.kind === 'read')
}

/** Where a call works: the first changed line, or the first line that is read. */
function placeOf({ kind, files, input, target }: ToolBlock): FollowedPlace | undefined {
  const changed = files?.findLast(({ status }) => status !== 'deleted')
  if (changed) {
    const [span] = changed.patch === undefined ? [] : (changedSpans(changed.patch) ?? [])
    return { path: changed.path, line: span?.start ?? 0 }
  }
  const path = typeof input['filePath'] === 'string' ? input['filePath'] : target
  if (path === undefined || kind === 'patch') return undefined
  const offset = input['offset']
  return { path, line: typeof offset === 'number' && offset > 1 ? offset - 1 : 0 }
}
