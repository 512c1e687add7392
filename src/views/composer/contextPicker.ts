import * as vscode from 'vscode'
import { fileAttachments } from '../../prompt/filePart.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import type { Mention } from '../../protocol/composer.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { MentionSearch } from './mentionSearch.ts'
import { promptTarget } from './promptTarget.ts'
import type { Services } from '../services.ts'

const delayMs = 100

/** Asks what to add to the chat's draft, and adds it as a chip. */
export async function addContext(services: Services, chat: ChatSession): Promise<void> {
  const key = chat.draftKey
  const search = new MentionSearch(chat, services.composer.mentions)
  const picked = await pickContext(search)
  if (!picked) return
  const found =
    picked === 'disk'
      ? await filesOfDisk(chat)
      : { attachments: await search.pick(picked), failure: undefined }
  services.drafts.add(key, found.attachments.map(withoutMention))
  chat.focus()
  if (found.failure !== undefined) throw found.failure
}

/** What was picked here stands for itself: no word of the text speaks of it that could be missed. */
function withoutMention({ item: { mention: _, ...item }, ...rest }: Attachment): Attachment {
  return { item, ...rest }
}

interface ContextItem extends vscode.QuickPickItem {
  /** The id of what was found, or `disk`. */
  readonly pick: string
}

/** The same as `@` offers, as a quick pick. */
async function pickContext(search: MentionSearch): Promise<string | undefined> {
  const store = new DisposableStore()
  const picker = store.add(vscode.window.createQuickPick<ContextItem>())
  picker.title = vscode.l10n.t('Add context')
  picker.placeholder = vscode.l10n.t('Search files, folders, symbols, sessions…')
  const draw = async (): Promise<void> => {
    const text = picker.value
    picker.busy = true
    const { mentions } = await search.search(text, false).catch(() => ({ mentions: [] }))
    if (picker.value !== text) return
    picker.items = [...mentions.map(toItem), diskItem()]
    picker.busy = false
  }
  let timer: NodeJS.Timeout | undefined
  store.add(
    picker.onDidChangeValue(() => {
      clearTimeout(timer)
      timer = setTimeout(() => void draw(), delayMs)
    }),
  )
  void draw()
  return new Promise((resolve) => {
    store.add(
      picker.onDidAccept(() => {
        resolve(picker.selectedItems[0]?.pick)
        picker.hide()
      }),
    )
    store.add(
      picker.onDidHide(() => {
        clearTimeout(timer)
        resolve(undefined)
        store.dispose()
      }),
    )
    picker.show()
  })
}

const icons: Readonly<Partial<Record<Mention['kind'], string>>> = {
  agent: 'hubot',
  changes: 'git-compare',
  folder: 'folder',
  problem: 'warning',
  selection: 'selection',
  session: 'comment-discussion',
  symbol: 'symbol-method',
  terminal: 'terminal',
}

function toItem({ id, kind, label, description }: Mention): ContextItem {
  return {
    label: `$(${icons[kind] ?? 'file'}) ${label}`,
    ...(description === undefined ? {} : { description }),
    pick: id,
    alwaysShow: true,
  }
}

function diskItem(): ContextItem {
  return {
    label: `$(folder-opened) ${vscode.l10n.t('Files, images or PDFs from disk…')}`,
    pick: 'disk',
    alwaysShow: true,
  }
}

async function filesOfDisk(chat: ChatSession): ReturnType<typeof fileAttachments> {
  const uris = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Add to the prompt'),
    openLabel: vscode.l10n.t('Add'),
    canSelectMany: true,
    defaultUri: vscode.Uri.file(chat.needDirectory()),
  })
  const target = promptTarget(chat.backend, chat.needDirectory())
  return fileAttachments(uris ?? [], target)
}
