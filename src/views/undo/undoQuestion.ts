import * as vscode from 'vscode'
import type { UndoReach } from '../../client/history.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import type { DiffDocuments } from '../diffDocuments.ts'
import type { PreviewFile } from './undoPreview.ts'

/** All that somebody should know before files are touched. */
export interface UndoFindings {
  readonly directory: string
  readonly files: readonly PreviewFile[]
  /** Absolute paths of files with unsaved text in an editor. */
  readonly unsaved: readonly string[]
  /** Absolute paths of files that the agent wrote and that stay as they are. */
  readonly kept: readonly string[]
  readonly reach: UndoReach
  /** The server's files are not on this machine, so nothing could be compared. */
  readonly isElsewhere: boolean
  /** The words of the whole turn go, but files of its earlier steps stay. */
  readonly isWidened: boolean
}

export interface UndoQuestion {
  readonly title: string
  /** The button that does it. */
  readonly confirm: string
  readonly findings: UndoFindings
}

const shownFiles = 10

/** Whether there is anything that one has to be asked about. */
export function isHarmless({ files, kept }: UndoFindings): boolean {
  return files.length === 0 && kept.length === 0
}

/**
 * Asks in a modal dialog that lists what will change; "Show changes" opens both sides first and asks again beside
 * them. False: nothing is to be done.
 */
export async function askUndo(question: UndoQuestion, documents: DiffDocuments): Promise<boolean> {
  const { title, confirm, findings } = question
  const show = vscode.l10n.t('Show Changes')
  const visible = findings.files.filter(({ sides }) => sides !== undefined)
  const buttons = visible.length > 0 ? [confirm, show] : [confirm]
  const options = { modal: true, detail: undoDetail(findings) }
  const picked = await vscode.window.showWarningMessage(title, options, ...buttons)
  if (picked !== show) return picked === confirm
  const name = vscode.l10n.t('What the undo changes')
  await documents.openMany(
    name,
    visible.map(({ path, sides }) => ({ path, now: sides?.now, then: sides?.then })),
  )
  const isWanted = await askBesideChanges(title, confirm)
  await documents.closeMany(name)
  return isWanted
}

/** A list that stays open while one reads the changes below it. */
async function askBesideChanges(title: string, confirm: string): Promise<boolean> {
  const items = [
    { label: `$(discard) ${confirm}` },
    { label: `$(close) ${vscode.l10n.t('Keep everything')}` },
  ]
  const picked = await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true })
  return picked === items[0]
}

/** The body of the dialog: the files with their lines, then what to beware of. */
function undoDetail(findings: UndoFindings): string {
  return [
    ...fileLines(findings),
    ...warning(
      vscode.l10n.t('Unsaved in an editor, which will no longer fit the file:'),
      findings.unsaved,
      findings.directory,
    ),
    ...warning(
      vscode.l10n.t('Changed since OpenCode wrote them; these later changes are lost:'),
      findings.files.filter(({ isChangedSince }) => isChangedSince).map(({ path }) => path),
      findings.directory,
    ),
    ...keptLines(findings),
    ...(findings.isWidened
      ? [
          '',
          vscode.l10n.t(
            'The whole turn leaves the conversation, but files that its earlier steps changed stay as they are.',
          ),
        ]
      : []),
    ...(findings.isElsewhere && findings.files.length > 0
      ? ['', vscode.l10n.t('The server keeps its files on another machine, so they could not be compared.')]
      : []),
  ].join('\n')
}

function fileLines({ files, directory }: UndoFindings): readonly string[] {
  if (files.length === 0) return [vscode.l10n.t('No file on disk is changed.')]
  const head =
    files.length === 1
      ? vscode.l10n.t('One file on disk is changed:')
      : vscode.l10n.t('{0} files on disk are changed:', files.length)
  const lines = files.slice(0, shownFiles).map((file) => `• ${lineOf(file, directory)}`)
  return [head, ...lines, ...more(files.length)]
}

function lineOf({ path, effect, additions, deletions }: PreviewFile, directory: string): string {
  const name = shortName(path, directory)
  const counts = [additions > 0 ? `+${additions}` : '', deletions > 0 ? `−${deletions}` : '']
  const words = counts.filter((word) => word !== '').join(' ')
  if (effect === 'deleted') return vscode.l10n.t('{0} is deleted', name)
  if (effect === 'created') return vscode.l10n.t('{0} comes back ({1})', name, words)
  return words === '' ? name : `${name}  ${words}`
}

function keptLines({ kept, reach, directory }: UndoFindings): readonly string[] {
  if (kept.length === 0) return []
  return warning(whyKept(reach), kept, directory)
}

function whyKept(reach: UndoReach): string {
  if (reach.kind === 'files')
    return vscode.l10n.t(
      'Stay as they are, because they are outside of this folder, git ignores them, or they are too large:',
    )
  return reach.reason === 'no-git'
    ? vscode.l10n.t('Stay as they are, because OpenCode restores files only inside a git repository:')
    : vscode.l10n.t('Stay as they are, because snapshots are turned off in the OpenCode configuration:')
}

function warning(head: string, paths: readonly string[], directory: string): readonly string[] {
  if (paths.length === 0) return []
  const lines = paths.slice(0, shownFiles).map((path) => `• ${shortName(path, directory)}`)
  return ['', head, ...lines, ...more(paths.length)]
}

function more(count: number): readonly string[] {
  return count > shownFiles ? [vscode.l10n.t('• … and {0} more', count - shownFiles)] : []
}
