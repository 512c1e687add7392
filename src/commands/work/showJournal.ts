import * as vscode from 'vscode'
import type { JournalEntry, SessionJournal } from '../../client/sessionJournal.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Services } from '../../views/services.ts'

/** Shows the course of a session as a document, one line for each thing that happened; it can be saved from there. */
export async function showJournal(
  { documents }: Pick<Services, 'documents'>,
  journal: SessionJournal,
  sessionID: SessionID,
): Promise<void> {
  const title = vscode.l10n.t('Reading the log of the session…')
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true }
  const entries = await vscode.window.withProgress(options, (_, token) => {
    const stop = new AbortController()
    token.onCancellationRequested(() => stop.abort())
    return journal.read(sessionID, stop.signal)
  })
  await documents.openText(`${sessionID}.jsonl`, entries.map(lineOf).join('\n'))
}

/** Number and time stand first, so that a line can be found again. */
function lineOf({ number, time, type, data }: JournalEntry): string {
  const at = time === undefined ? {} : { time: new Date(time).toISOString() }
  return JSON.stringify({ number, ...at, type, data })
}
