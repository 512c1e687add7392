import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { TranscriptFiles } from './transcriptDocuments.ts'

/** More than this many transcripts are not kept; the oldest goes. */
const keptFiles = 50

/** Keeps the last known transcripts below the extension's storage. What cannot be kept is not worth an error. */
export function transcriptFiles(storageUri: vscode.Uri): TranscriptFiles {
  const folder = vscode.Uri.joinPath(storageUri, 'transcripts')
  const fileOf = (sessionID: SessionID): vscode.Uri =>
    vscode.Uri.joinPath(folder, `${sessionID.replace(/\W/g, '')}.md`)
  return {
    async read(sessionID) {
      try {
        return new TextDecoder().decode(await vscode.workspace.fs.readFile(fileOf(sessionID)))
      } catch {
        return undefined
      }
    },
    async write(sessionID, text) {
      try {
        await vscode.workspace.fs.createDirectory(folder)
        await vscode.workspace.fs.writeFile(fileOf(sessionID), new TextEncoder().encode(text))
        await dropOldest(folder)
      } catch {
        return
      }
    },
  }
}

async function dropOldest(folder: vscode.Uri): Promise<void> {
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name)
  if (names.length <= keptFiles) return
  const uris = names.map((name) => vscode.Uri.joinPath(folder, name))
  const times = await Promise.all(uris.map(async (uri) => (await vscode.workspace.fs.stat(uri)).mtime))
  const oldest = uris[times.indexOf(Math.min(...times))]
  if (oldest) await vscode.workspace.fs.delete(oldest)
}
