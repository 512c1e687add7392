import * as vscode from 'vscode'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { isDeniedFile } from '../../platform/deniedFiles.ts'
import { rangeAttachment } from '../../prompt/selectionPart.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import type { Chats } from '../chat/chats.ts'
import { promptTarget } from './promptTarget.ts'
import type { Services } from '../services.ts'

const delayMs = 200

/**
 * Where the user wants it, the selection of the active editor is a chip of the chat in sight: it follows the
 * selection, and one that was taken out stays out until something else is selected. Files of the deny list are
 * never taken.
 */
export class ActiveSelection implements Disposable {
  readonly #chats: Chats
  readonly #services: Pick<Services, 'drafts' | 'settings' | 'log'>
  readonly #store = new DisposableStore()
  /** What was put last, and where. */
  #put: { readonly key: string; readonly selection: string } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(chats: Chats, services: Pick<Services, 'drafts' | 'settings' | 'log'>) {
    this.#chats = chats
    this.#services = services
    const { settings } = services
    const { window } = vscode
    const listen = (subscription: Disposable): unknown => this.#store.add(subscription)
    listen(window.onDidChangeTextEditorSelection(() => this.#soon()))
    listen(window.onDidChangeActiveTextEditor(() => this.#soon()))
    listen(chats.onDidChangePlaces(() => this.#soon()))
    listen(settings.attachesSelection.onDidChange(() => this.#soon()))
    listen(settings.deniedFiles.onDidChange(() => this.#soon()))
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #soon(): void {
    const { settings, log } = this.#services
    if (!settings.attachesSelection.value && !this.#put) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#update().catch((error: unknown) => log.warn(`selection: ${toErrorInfo(error).message}`))
    }, delayMs)
  }

  async #update(): Promise<void> {
    const chat = this.#chats.active
    const editor = vscode.window.activeTextEditor
    // A chat in a tab that has the focus leaves no active editor; the selection stays then.
    if (chat?.isVisible !== true || (!editor && this.#chats.isPanelActive)) return
    const taken = await this.#taken(editor)
    const next = { key: chat.draftKey, selection: taken ? describe(taken) : '' }
    if (this.#put?.key === next.key && this.#put.selection === next.selection) return
    const made = taken && (await live(taken, chat))
    // The draft may be another one by now, which comes with its own turn.
    if (chat.draftKey === next.key) this.#set(next, made)
  }

  #set(next: { readonly key: string; readonly selection: string }, made: Attachment | undefined): void {
    const { drafts, settings } = this.#services
    if (this.#put && this.#put.key !== next.key) drafts.setLive(this.#put.key, undefined)
    this.#put = settings.attachesSelection.value ? next : undefined
    drafts.setLive(next.key, made)
  }

  async #taken(editor: vscode.TextEditor | undefined): Promise<vscode.TextEditor | undefined> {
    const { attachesSelection, deniedFiles } = this.#services.settings
    if (!editor || !attachesSelection.value || editor.selection.isEmpty) return undefined
    const { uri } = editor.document
    const isPrivate = await isDeniedFile(uri, deniedFiles.value)
    return isPrivate || !schemes.has(uri.scheme) ? undefined : editor
  }
}

const schemes = new Set(['file', 'untitled', 'vscode-notebook-cell', 'vscode-remote'])

function describe({ document, selection }: vscode.TextEditor): string {
  const { start, end } = selection
  const place = [document.uri.toString(), start.line, start.character, end.line, end.character]
  return JSON.stringify(place)
}

async function live(editor: vscode.TextEditor, chat: ChatSession): Promise<Attachment> {
  const target = promptTarget(chat.backend, chat.needDirectory())
  const made = await rangeAttachment(editor.document, editor.selection, target)
  const detail = `${made.item.detail} · ${vscode.l10n.t('the selection, added by itself')}`
  return { ...made, item: { ...made.item, detail, isLive: true } }
}
