import { basename, join } from 'node:path'
import * as vscode from 'vscode'
import type { Catalog } from '../../opencode/catalog.ts'
import { isDenied, isDeniedFile } from '../../platform/deniedFiles.ts'
import { filePath } from '../../platform/folders.ts'
import { agentAttachment } from '../../prompt/agentPart.ts'
import type { Attachment, PromptTarget } from '../../prompt/attachment.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import { fileAttachment, fileAttachments } from '../../prompt/filePart.ts'
import { changeLabel, changesAttachment, changeSets, describeChanges } from '../../prompt/changes.ts'
import { problemFiles, problemsAttachment } from '../../prompt/problemsPart.ts'
import { selectionAttachments } from '../../prompt/selectionPart.ts'
import { sessionAttachment } from '../../prompt/sessionDigest.ts'
import { nothingSelected, terminalSelection } from '../../prompt/terminalOutput.ts'
import type { TerminalOutput } from '../../prompt/terminalOutput.ts'
import { findSymbols, symbolAttachment } from '../../prompt/workspaceSymbols.ts'
import type { Mention } from '../../protocol/composer.ts'
import type { Message, Session } from '../../session/model.ts'

/** Something that can be mentioned, with the way to make it. */
export interface Candidate extends Omit<Mention, 'id' | 'matches'> {
  /** What a query is compared with; the label stands at its end. */
  readonly text: string
  /** Lifts it over others that fit as well. */
  readonly weight: number
  readonly make: () => Promise<readonly Attachment[]>
}

const symbolLimit = 20

/** What the editor shows: the selection, the open files, the problems, the terminal. */
export function editorCandidates(
  target: PromptTarget,
  terminal: TerminalOutput,
  denied: readonly string[],
): readonly Candidate[] {
  return [
    ...selectionCandidates(target),
    ...openFileCandidates(target, denied),
    ...problemCandidates(target),
    ...terminalCandidates(terminal),
  ]
}

function selectionCandidates(target: PromptTarget): readonly Candidate[] {
  const editor = vscode.window.activeTextEditor
  if (!editor && !vscode.window.activeNotebookEditor) return []
  const place = editor && shortName(filePath(editor.document.uri), target.directory)
  const lines = editor && `${editor.selection.start.line + 1}–${editor.selection.end.line + 1}`
  return [
    fixed('selection', vscode.l10n.t('Selection'), '@selection', {
      description: place === undefined ? '' : `${place}:${lines ?? ''}`,
      make: () => selectionAttachments(target),
    }),
  ]
}

/** All of them at once without private files: these want to be picked one by one. */
function openFileCandidates(target: PromptTarget, denied: readonly string[]): readonly Candidate[] {
  const uris = openUris()
  if (uris.length === 0) return []
  const open = uris.filter(({ fsPath }) => !isDenied(fsPath, denied))
  const all = fixed('file', vscode.l10n.t('Open editors'), '@editors', {
    description: vscode.l10n.t('{0} files', open.length),
    make: async () => {
      const isPrivate = await Promise.all(open.map((uri) => isDeniedFile(uri, denied)))
      const files = open.filter((_, index) => isPrivate[index] !== true)
      return (await fileAttachments(files, target)).attachments
    },
  })
  return [...(open.length > 1 ? [all] : []), ...uris.map((uri) => fileCandidate(uri, target, 12))]
}

/** A file by where it is. */
function fileCandidate(uri: vscode.Uri, target: PromptTarget, weight = 0): Candidate {
  const name = uri.scheme === 'file' ? shortName(filePath(uri), target.directory) : basename(uri.path)
  return pathCandidate(name, weight, () => fileAttachment(uri, target))
}

/** A file or a folder (with a slash at its end) by its relative path. */
export function relativeCandidate(path: string, target: PromptTarget): Candidate {
  const uri = vscode.Uri.file(join(target.directory, path))
  return pathCandidate(path, 0, () => fileAttachment(uri, target))
}

function pathCandidate(path: string, weight: number, make: () => Promise<Attachment>): Candidate {
  const isFolder = path.endsWith('/')
  const label = `${basename(path)}${isFolder ? '/' : ''}`
  const parent = path.slice(0, path.length - label.length).replace(/\/$/, '')
  return {
    kind: isFolder ? 'folder' : 'file',
    label,
    ...(parent === '' ? {} : { description: parent }),
    token: `@${path}`,
    text: path,
    weight: isFolder ? weight - 3 : weight,
    make: async () => [await make()],
  }
}

function problemCandidates(target: PromptTarget): readonly Candidate[] {
  const files = problemFiles(target.directory)
  const count = files.reduce((sum, { problems }) => sum + problems.length, 0)
  if (count === 0) return []
  const make = (name?: string) => () => Promise.resolve([problemsAttachment(target, name)])
  const all = fixed('problem', vscode.l10n.t('Problems'), '@problems', {
    description: vscode.l10n.t('{0} in {1} files', count, files.length),
    make: make(),
  })
  const each = files.slice(0, 20).map((file) => ({
    ...fixed('problem', vscode.l10n.t('Problems in {0}', basename(file.name)), `@problems:${file.name}`, {
      description: vscode.l10n.t('{0} problems', file.problems.length),
      make: make(file.name),
    }),
    weight: -5,
  }))
  return files.length > 1 ? [all, ...each] : [all]
}

function terminalCandidates(terminal: TerminalOutput): readonly Candidate[] {
  const { lastCommand } = terminal
  const output =
    lastCommand === undefined
      ? []
      : [
          fixed('terminal', vscode.l10n.t('Terminal output'), '@terminal', {
            description: lastCommand.slice(0, 60),
            make: async () => [await terminal.attachment()],
          }),
        ]
  if (vscode.window.terminals.length === 0) return output
  const selection = fixed('terminal', vscode.l10n.t('Terminal selection'), '@terminal-selection', {
    description: vscode.window.activeTerminal?.name ?? '',
    make: async () => {
      const selected = await terminalSelection()
      if (!selected) throw nothingSelected()
      return [selected.attachment]
    },
  })
  return [...output, selection]
}

/** What Git says has changed. */
export async function changeCandidates(
  directory: string,
  denied: readonly string[],
): Promise<readonly Candidate[]> {
  const found = await Promise.all(
    changeSets.map(async (set) => {
      const description = await describeChanges(directory, set)
      const make = async () => [await changesAttachment(directory, set, denied)]
      return description === undefined
        ? []
        : [fixed('changes', changeLabel(set), `@${set}-changes`, { description, make })]
    }),
  )
  return found.flat()
}

export async function symbolCandidates(query: string, target: PromptTarget): Promise<readonly Candidate[]> {
  const found = await findSymbols(target.directory, query, symbolLimit)
  return found.map((symbol) => ({
    kind: 'symbol' as const,
    label: symbol.name,
    description: symbol.description,
    token: `@${symbol.name}`,
    text: symbol.name,
    weight: 2,
    make: async () => [await symbolAttachment(symbol, target)],
  }))
}

/** The agents that work can be handed to. */
export function agentCandidates(catalog: Catalog | undefined): readonly Candidate[] {
  return (catalog?.agents ?? [])
    .filter(({ mode }) => mode !== 'primary')
    .map(({ name, description }) =>
      fixed('agent', name, `@${name}`, {
        description: description ?? vscode.l10n.t('Agent'),
        make: () => Promise.resolve([agentAttachment(name, description)]),
      }),
    )
}

export function sessionCandidates(
  sessions: readonly Session[],
  read: (session: Session) => Promise<readonly Message[]>,
): readonly Candidate[] {
  return sessions.map((session) => ({
    kind: 'session' as const,
    label: session.title,
    description: vscode.l10n.t('Session'),
    token: `@"${session.title.replaceAll('"', "'")}"`,
    text: session.title,
    weight: -8,
    make: async () => [sessionAttachment(session, await read(session))],
  }))
}

interface Rest {
  readonly description: string
  readonly make: () => Promise<readonly Attachment[]>
}

function fixed(kind: Mention['kind'], label: string, token: string, rest: Rest): Candidate {
  const { description, make } = rest
  return { kind, label, ...(description ? { description } : {}), token, text: label, weight: 6, make }
}

function openUris(): readonly vscode.Uri[] {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input))
  const uris = inputs.flatMap((input) =>
    input instanceof vscode.TabInputText ||
    input instanceof vscode.TabInputCustom ||
    input instanceof vscode.TabInputNotebook
      ? [input.uri]
      : [],
  )
  const files = uris.filter(({ scheme }) => scheme === 'file' || scheme === 'untitled')
  return [...new Map(files.map((uri) => [uri.toString(), uri])).values()]
}
