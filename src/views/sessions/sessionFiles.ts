import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { SessionDocument } from '../../client/history.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { isRecord } from '../../platform/storage.ts'
import type { LocalProgram } from '../../profiles/program.ts'
import { foreignEnvironment } from '../../server/environment.ts'
import { runProgram } from '../../server/process/runProgram.ts'
import { sessionToMarkdown } from '../../session/markdown.ts'
import type { Message, Session } from '../../session/model.ts'

const page = 500
const importTimeoutMs = 5 * 60_000

/** Asks for a place and writes the session there: Markdown to read, or JSON that `opencode import` takes. */
export async function exportSession(connection: Connection, session: Session): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(session.directory)
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export Session'),
    defaultUri: vscode.Uri.joinPath(folder, `${fileName(session.title)}.md`),
    filters: {
      [vscode.l10n.t('Markdown, to read')]: ['md'],
      [vscode.l10n.t('JSON, for opencode import')]: ['json'],
    },
  })
  if (!target) return
  const isJson = target.path.toLowerCase().endsWith('.json')
  const text = await (isJson ? jsonOf(connection, session) : markdownOf(connection, session))
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text))
  const open = vscode.l10n.t('Open')
  const done = vscode.l10n.t('Exported to {0}.', basename(target.path))
  if ((await vscode.window.showInformationMessage(done, open)) === open)
    await vscode.commands.executeCommand('vscode.open', target)
}

async function jsonOf(connection: Connection, session: Session): Promise<string> {
  const { document } = await connection.history.exportSession(session.id)
  return `${JSON.stringify(document, null, 2)}\n`
}

export async function markdownOf(connection: Connection, session: Session): Promise<string> {
  const messages = await readAll(connection, session.id)
  const date = new Intl.DateTimeFormat(vscode.env.language, { dateStyle: 'long', timeStyle: 'short' })
  const exported = vscode.l10n.t('OpenCode session of {0}', date.format(session.created))
  return sessionToMarkdown({ session, messages }, { exported })
}

async function readAll(connection: Connection, sessionID: SessionID): Promise<readonly Message[]> {
  const pages: (readonly Message[])[] = []
  let older: string | undefined
  do {
    const next = await connection.readMessages(sessionID, page, older)
    pages.unshift(next.messages)
    older = next.messages.length === 0 ? undefined : next.older
  } while (older !== undefined)
  return pages.flat()
}

function fileName(title: string): string {
  const name = title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-+|-+$/g, '')
  return name.slice(0, 60) || 'session'
}

/**
 * Asks for a file that was exported and gives its session to the server of this machine, as a copy where the server
 * has it already. Undefined when the user thought better of it.
 *
 * @throws OpencodeError `invalid-argument`, `launch-failed`
 */
export async function importSession(options: {
  readonly connection: Connection
  /** Takes the file in where the server has no way to. */
  readonly program: LocalProgram
  readonly directory: string
}): Promise<SessionID | undefined> {
  const { connection, program, directory } = options
  const [source] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Import Session'),
      filters: { [vscode.l10n.t('Exported session')]: ['json'] },
    })) ?? []
  if (!source) return undefined
  const document = readDocument(await vscode.workspace.fs.readFile(source))
  const isKnown = await hasSession(connection, document)
  const copy = vscode.l10n.t('Import as Copy')
  const question = vscode.l10n.t('This server has the session already. Import a copy of it?')
  if (isKnown && (await vscode.window.showInformationMessage(question, { modal: true }, copy)) !== copy)
    return undefined
  const wanted = isKnown ? connection.history.copyOf(document) : document
  if (connection.history.importSession) {
    const { id: taken } = await connection.history.importSession(wanted, directory)
    return taken
  }
  await runImport(program, wanted, directory)
  const { id } = wanted.info
  return isSessionID(id) ? id : undefined
}

async function hasSession(connection: Connection, { info }: SessionDocument): Promise<boolean> {
  const { id } = info
  if (!isSessionID(id)) throw notExported()
  return connection.getSession(id).then(
    () => true,
    (error: unknown) => {
      if (error instanceof OpencodeError && error.code === 'not-found') return false
      throw error
    },
  )
}

async function runImport(program: LocalProgram, document: SessionDocument, cwd: string): Promise<void> {
  const { path, searchPath } = await program.binary()
  const folder = await mkdtemp(join(tmpdir(), 'opencode-import-'))
  try {
    const file = join(folder, `${randomUUID()}.json`)
    await writeFile(file, JSON.stringify(document), { mode: 0o600 })
    const env = {
      ...foreignEnvironment(program.env),
      ...(searchPath === undefined ? {} : { PATH: searchPath }),
    }
    const { code, stderr, stdout } = await runProgram(path, ['import', file], {
      env,
      cwd,
      timeoutMs: importTimeoutMs,
    })
    if (code === 0) return
    const said = (stderr || stdout).trim().split('\n').at(-1) ?? ''
    throw new OpencodeError('launch-failed', vscode.l10n.t('OpenCode did not take the file: {0}', said))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function readDocument(bytes: Uint8Array): SessionDocument {
  const value = parse(new TextDecoder().decode(bytes))
  if (!isRecord(value)) throw notExported()
  const { info, messages } = value
  if (!isRecord(info) || !Array.isArray(messages) || !messages.every(isRecord)) throw notExported()
  return { info, messages }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notExported()
  }
}

function notExported(): OpencodeError {
  return new OpencodeError(
    'invalid-argument',
    vscode.l10n.t(
      'This file is no exported session. Choose a JSON file that OpenCode or this extension exported.',
    ),
  )
}
