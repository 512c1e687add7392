import * as vscode from 'vscode'
import type {
  ExecutionCallbacks,
  ExecutionRequest,
  ExecutionResult,
  OpencodeSessionsApi,
  OpencodeSessionsExports,
} from '../../api/index.d.ts'

/** What our own tests look into; an extension of yours needs none of it. */
export interface ExampleReviewer {
  readonly opencode: OpencodeSessionsExports
  readonly api: OpencodeSessionsApi
  review(request: ExecutionRequest): Promise<Review>
}

export interface Review {
  readonly result: ExecutionResult
  /** What the callbacks told, in order. */
  readonly told: readonly string[]
}

/** Gets the API of Sessions for OpenCode and offers a command that uses it. */
export async function activate(context: vscode.ExtensionContext): Promise<ExampleReviewer> {
  const id = 'opencode-sessions.opencode-sessions'
  const extension = vscode.extensions.getExtension<OpencodeSessionsExports>(id)
  if (!extension) throw new Error(`${id} is not installed.`)
  const opencode = await extension.activate()
  const api = opencode.getAPI(1, { extension: context.extension.id })
  const review = (request: ExecutionRequest): Promise<Review> => runReview(api, request)
  context.subscriptions.push(
    vscode.commands.registerCommand('exampleReviewer.review', () => reviewOpenFile(api)),
  )
  return { opencode, api, review }
}

async function reviewOpenFile(api: OpencodeSessionsApi): Promise<string | undefined> {
  const document = vscode.window.activeTextEditor?.document
  if (!document) return undefined
  const parts = [{ type: 'file', path: document.uri.fsPath }] as const
  const { text } = await api.executeAndWait({ prompt: 'Review this file.', parts, timeout: 300_000 })
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text }))
  return text
}

/** Allows shell commands, refuses everything else, and notes what it is told. */
async function runReview(api: OpencodeSessionsApi, request: ExecutionRequest): Promise<Review> {
  const told: string[] = []
  const callbacks: ExecutionCallbacks = {
    onStatus: ({ state }) => void told.push(`status ${state}`),
    onText: ({ delta }) => void told.push(`text ${delta}`),
    onTool: ({ name, status }) => void told.push(`tool ${name} ${status}`),
    onPermission: ({ action }) => {
      told.push(`permission ${action}`)
      return action === 'bash' || action === 'shell' ? 'once' : 'reject'
    },
    onCompletion: () => void told.push('completion'),
    onError: ({ code }) => void told.push(`error ${code}`),
  }
  return { result: await api.executeAndWait(request, callbacks), told }
}
