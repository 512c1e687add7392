import * as vscode from 'vscode'
import { fileAttachment } from '../prompt/filePart.ts'
import { selectionAttachments } from '../prompt/selectionPart.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Backend } from './backends.ts'
import type { ChatSession } from './chatSession.ts'
import { absolutePath } from './links.ts'
import { promptTarget } from './promptTarget.ts'
import type { Services } from './services.ts'

const delayMs = 150
const shown = 50

/** Asks what to add to the chat's draft, and adds it as a chip. */
export async function addContext(services: Services, chat: ChatSession): Promise<void> {
  const directory = chat.needDirectory()
  const picked = await pickContext(chat.backend, directory)
  if (!picked) return
  const target = promptTarget(chat.backend, directory)
  const attachments =
    picked.kind === 'selection'
      ? await selectionAttachments(target)
      : await Promise.all(picked.uris.map((uri) => fileAttachment(uri, target)))
  services.drafts.add(chat.draftKey, attachments)
  chat.focus()
}

type ContextPick =
  { readonly kind: 'selection' } | { readonly kind: 'files'; readonly uris: readonly vscode.Uri[] }

interface ContextItem extends vscode.QuickPickItem {
  readonly pick?: ContextPick
}

/** Files are searched by the server as one types. */
async function pickContext({ hub }: Backend, directory: string): Promise<ContextPick | undefined> {
  const store = new DisposableStore()
  const picker = store.add(vscode.window.createQuickPick<ContextItem>())
  picker.title = vscode.l10n.t('Add context')
  picker.placeholder = vscode.l10n.t('Type to search files')
  const search = async (): Promise<void> => {
    const text = picker.value
    picker.busy = true
    const files = (await hub.connection?.findFiles(directory, text, shown).catch(() => undefined)) ?? []
    if (picker.value === text)
      picker.items = [...fixedItems(), ...files.map((path) => fileItem(path, directory))]
    picker.busy = false
  }
  let timer: NodeJS.Timeout | undefined
  store.add(
    picker.onDidChangeValue(() => {
      clearTimeout(timer)
      timer = setTimeout(() => void search(), delayMs)
    }),
  )
  picker.items = fixedItems()
  void search()
  return new Promise((resolve) => {
    store.add(
      picker.onDidAccept(() => {
        resolve(picker.selectedItems[0]?.pick)
        picker.hide()
      }),
    )
    store.add(
      picker.onDidHide(() => {
        resolve(undefined)
        store.dispose()
      }),
    )
    picker.show()
  })
}

function fixedItems(): ContextItem[] {
  const editor = vscode.window.activeTextEditor ?? vscode.window.activeNotebookEditor
  if (!editor) return []
  return [
    {
      label: `$(selection) ${vscode.l10n.t('Selection of the editor')}`,
      pick: { kind: 'selection' },
      alwaysShow: true,
    },
  ]
}

function fileItem(path: string, directory: string): ContextItem {
  const uri = vscode.Uri.file(absolutePath(path, directory))
  return {
    label: path.endsWith('/') ? `$(folder) ${path}` : `$(file) ${path}`,
    pick: { kind: 'files', uris: [uri] },
    alwaysShow: true,
  }
}
