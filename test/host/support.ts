import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'
import type { Exports, TestSeam } from '../../src/extension.ts'
import type { Backend } from '../../src/views/backend/backends.ts'

/** The extension as it runs in this host. */
export async function activated(): Promise<TestSeam> {
  const extension = vscode.extensions.getExtension<Exports>('opencode-sessions.opencode-sessions')
  assert.ok(extension, 'The extension is not installed.')
  const { testSeam: seam } = await extension.activate()
  assert.ok(seam, 'The extension does not know that it is tested.')
  return seam
}

/** The server of the project's folder. */
export function backendOf({ backends }: Pick<TestSeam['services'], 'backends'>): Backend {
  return backends.for()
}

export function projectUri(name = ''): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]
  assert.ok(folder, 'The test host has no folder open.')
  return vscode.Uri.joinPath(folder.uri, name)
}

export async function until(what: string, condition: () => unknown, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (await condition()) return
    await sleep(50)
  }
  throw new Error(`Waited in vain: ${what}.`)
}

/** The prompts that the scripted model of the project has got, files and all; the newest last. */
async function askedOfModel(): Promise<readonly string[]> {
  const text = Buffer.from(await vscode.workspace.fs.readFile(projectUri('opencode.json'))).toString()
  const url = /"baseURL":\s*"([^"]+)"/.exec(text)?.[1]
  assert.ok(url, 'The project names no scripted model.')
  const answer = await fetch(`${url}/requests`)
  const requests = (await answer.json()) as readonly { readonly kind: string; readonly prompt: string }[]
  return requests.flatMap(({ kind, prompt }) => (kind === 'chat' ? [prompt] : []))
}

/** Waits for the prompt of the model that holds some words. */
export async function reached(words: string): Promise<string> {
  let found: string | undefined
  await until(`the model is asked: ${words}`, async () => {
    found = (await askedOfModel()).findLast((prompt) => prompt.includes(words))
    return found !== undefined
  })
  return found ?? ''
}

export async function openEditor(uri: vscode.Uri): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false })
}

/** Takes back what a test typed, so that no editor is left unsaved. */
export async function closeEditors(): Promise<void> {
  while (vscode.window.activeTextEditor?.document.isDirty === true) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors')
}
