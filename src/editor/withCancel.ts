import * as vscode from 'vscode'

/** Runs something with a notification that can cancel it. */
export async function withCancel<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification
  return vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
    const stop = new AbortController()
    const subscription = token.onCancellationRequested(() => stop.abort())
    try {
      return await work(stop.signal)
    } finally {
      subscription.dispose()
    }
  })
}
