import { basename } from 'node:path'
import { createPatch } from 'diff'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { settledOpenings } from '../../protocol/desk.ts'
import type { EditSettlement } from '../../protocol/desk.ts'
import { isMoved, risksNow } from './proposal.ts'
import type { Proposal, ProposedFile } from './proposal.ts'
import type { Proposals } from './proposals.ts'
import { mergeLabels } from './proposals.ts'
import type { TextBackups } from './textBackups.ts'
import { hasSameLines, mergeTexts } from './textMerge.ts'
import { currentText, editorUri, moveText, openDocument, refused, writeText } from './texts.ts'

const longestPatch = 4_000

export interface SettleParts {
  readonly proposals: Proposals
  readonly backups: TextBackups
}

/**
 * Settles an edit that waits by doing something ourselves. OpenCode takes no changed proposal: what it asked for is
 * rejected, with words that tell the agent what stands in the file now. The run goes on.
 *
 * @throws OpencodeError `conflict` with what is left to do; nothing was answered then
 */
export async function settleEdit(
  proposal: Proposal,
  how: EditSettlement,
  { proposals, backups }: SettleParts,
): Promise<void> {
  const message =
    how === 'redo'
      ? await saveFirst(proposal, backups)
      : await writeOurs(proposal, how, { proposals, backups })
  await reject(proposal, message)
}

/**
 * Puts away every text that an allowed edit will overwrite, on the disk or in the end.
 *
 * @throws OpencodeError `conflict` when a file was changed without the user having been told of it
 */
export async function beforeAllow(proposal: Proposal, { proposals, backups }: SettleParts): Promise<void> {
  const known = proposals.guards.find(({ requestID }) => requestID === proposal.request.id)?.risks ?? []
  const risks = await proposals.lookCloser(proposal)
  for (const { path } of risks) {
    const text = await currentText(editorUri(path))
    if (text !== undefined) await backups.keep(path, text)
  }
  const news = risks.find(({ path }) => !known.some((risk) => risk.path === path))
  if (!news) return
  const name = basename(news.path)
  throw new OpencodeError(
    'conflict',
    vscode.l10n.t('{0} was changed after this edit was worked out. Choose what to do with it.', name),
  )
}

async function saveFirst(proposal: Proposal, backups: TextBackups): Promise<string> {
  const risks = await risksNow(proposal)
  for (const { uri, source } of proposal.files) {
    for (const document of new Set([openDocument(source), openDocument(uri)])) {
      if (document?.isDirty !== true) continue
      await backups.keep(document.uri.fsPath, document.getText())
      if (!(await document.save())) throw refused(document.uri)
    }
  }
  const names = (risks.length > 0 ? risks : proposal.files).map(({ path }) => path).join(', ')
  return (
    `${settledOpenings.saved} in ${names} that this edit does not know of; it is saved now. ` +
    'Nothing of this edit was written. Read the file again and repeat the edit on top of it.'
  )
}

async function writeOurs(
  proposal: Proposal,
  how: Exclude<EditSettlement, 'redo'>,
  { proposals, backups }: SettleParts,
): Promise<string> {
  const texts = await Promise.all(proposal.files.map((file) => ourText(file, how, proposals)))
  if (texts.some(({ conflicts }) => conflicts > 0)) {
    for (const { file, now, text } of texts) await proposals.offer(file, now, text)
    await proposals.show(proposal)
    throw new OpencodeError(
      'conflict',
      vscode.l10n.t(
        'You and OpenCode changed the same lines. Settle the marked places in the diff, then apply your version.',
      ),
    )
  }
  for (const { file, text } of texts) {
    const now = openDocument(file.source)
    if (now?.isDirty === true) await backups.keep(now.uri.fsPath, now.getText())
    await writeText(file.source, text, file.encoding)
    if (isMoved(file)) await moveText(file.source, file.uri)
  }
  const names = proposal.files.map(({ path }) => path).join(', ')
  return [
    `${settledOpenings.joined} and saved the result in ${names}.`,
    'The edit is done: do not repeat it. Read the file before you change it again.',
    ...texts.flatMap(({ file, text }) => whatDiffers(file, text)),
  ].join(' ')
}

interface OurText {
  readonly file: ProposedFile
  /** What the user has at this moment. */
  readonly now: string
  readonly text: string
  readonly conflicts: number
}

/** The user may have gone on typing since the diff was opened: that is joined as well. */
async function ourText(file: ProposedFile, how: 'merge' | 'mine', proposals: Proposals): Promise<OurText> {
  const now = (await currentText(file.source)) ?? ''
  const changed = how === 'mine' ? proposals.textOf(file) : undefined
  const texts =
    changed === undefined || !file.shown
      ? { base: file.base ?? '', mine: now, theirs: file.after ?? '' }
      : { base: file.shown.mine, mine: now, theirs: changed }
  const { text, conflicts } = mergeTexts(texts, mergeLabels())
  return { file, now, text, conflicts: conflicts + (hasMarks(text) ? 1 : 0) }
}

function hasMarks(text: string): boolean {
  const { mine, theirs } = mergeLabels()
  return text.includes(`<<<<<<< ${mine}`) || text.includes(`>>>>>>> ${theirs}`)
}

function whatDiffers({ path, after }: ProposedFile, text: string): readonly string[] {
  if (after === undefined || hasSameLines(after, text)) return []
  const sides = [after, text].map((side) => side.replaceAll('\r\n', '\n'))
  const patch = createPatch(basename(path), sides[0] ?? '', sides[1] ?? '', 'proposed', 'saved')
  return patch.length > longestPatch ? [] : [`What the file holds beyond the proposal:\n${patch}`]
}

async function reject({ request, backend }: Proposal, message: string): Promise<void> {
  const connection = await backend.access.ensure()
  if (await connection.replyPermission(request, 'reject', message)) return
  throw new OpencodeError(
    'conflict',
    vscode.l10n.t('Somebody else answered this request meanwhile. Look at the file before you go on.'),
  )
}
