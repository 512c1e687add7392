import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { SessionID } from '../opencode/ids.ts'
import { filePath } from '../platform/folders.ts'
import type { ReviewScope } from '../review/reviewedFile.ts'
import { editorUri } from '../views/desk/texts.ts'
import { filesOfNode, isChangeNode, toNode } from '../views/review/changeNode.ts'
import type { ChangeNode } from '../views/review/changeNode.ts'
import { nestFiles } from '../views/review/fileNesting.ts'
import { hunkAttachment } from '../views/review/hunkAttachment.ts'
import { placeAt, placesOf } from '../views/review/reviewPlaces.ts'
import type { PlacedHunk } from '../views/review/reviewPlaces.ts'
import type { PendingFile } from '../views/review/reviewState.ts'
import type { SessionServerChanges } from '../views/review/serverReview.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight, uriOf } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Deciding on what agents changed. */
export const changeCommands = {
  showChanges: {
    async run() {
      await vscode.commands.executeCommand('opencodeSessions.changes.focus')
    },
  },
  keepHunk: { run: (context, args) => decide(context, args, 'keep') },
  undoHunk: { run: (context, args) => decide(context, args, 'undo') },
  askAboutHunk: {
    async run(context, args) {
      const found = await placeOf(context, args)
      const pending = found?.place?.pending ?? found?.files[0]
      if (!pending) return
      const { scope } = context.review
      const chat = await chatInSight(context)
      const chip = hunkAttachment(pending, scope, found?.place?.hunk, chat.directory ?? pending.directory)
      context.services.drafts.add(chat.draftKey, [chip])
      chat.focus()
    },
  },
  nextHunk: { run: (context, args) => goToHunk(context, args, 1) },
  previousHunk: { run: (context, args) => goToHunk(context, args, -1) },
  keepFile: {
    async run(context, args) {
      const { decisions, scope } = context.review
      await decisions.keepFiles(await filesOf(context, args), scope)
    },
  },
  undoFile: {
    async run(context, args) {
      const { decisions, scope } = context.review
      await decisions.undoFiles(await filesOf(context, args), scope)
    },
  },
  mergeFile: {
    async run(context, args) {
      const { decisions, scope } = context.review
      for (const file of onePerPath(await filesOf(context, args))) await decisions.merge(file, scope)
    },
  },
  openChange: {
    async run(context, args) {
      const { documents, scope } = context.review
      const [node] = args
      if (isChangeNode(node) && node.kind === 'serverFile') return documents.openServer(node.change)
      const [file, ...more] = onePerPath(await filesOf(context, args))
      if (file && more.length === 0) return documents.open(file, scope)
      if (file) await documents.openAll([file, ...more], scope, titleOf(scope))
    },
  },
  openAllChanges: {
    async run(context, args) {
      const { documents, scope } = context.review
      const [node] = args
      const title = titleOf(scope)
      const server = isChangeNode(node) ? serverOf(node) : context.changes.serverChanges
      if (server) return documents.openAllServer(server[scope], title)
      const files = await allFiles(context, args)
      await documents.openAll(files, scope, title)
    },
  },
  keepAllChanges: {
    async run(context, args) {
      const { decisions, ledger, scope } = context.review
      const session = sessionOf(context, args)
      const unknown = session === undefined ? [] : (ledger.get(session)?.unknown ?? [])
      // What nobody can undo is agreed to as well; it may be all that there is.
      const files = await allFiles(context, args).catch((error: unknown) => {
        if (unknown.length === 0) throw error
        return []
      })
      await decisions.keepFiles(files, scope)
      if (session !== undefined) for (const { path } of unknown) ledger.dismiss(session, path)
    },
  },
  undoAllChanges: { run: (context, args) => undoAll(context, args) },
  showChangesOfTurn: { run: (context) => context.review.setScope('turn') },
  showChangesOfSession: { run: (context) => context.review.setScope('session') },
  addReviewComment: {
    async run({ review }, [reply]) {
      if (isReply(reply)) review.comments.add(reply)
      return Promise.resolve()
    },
  },
  removeReviewComment: {
    async run({ review }, [comment]) {
      if (isComment(comment)) review.comments.remove(comment)
      return Promise.resolve()
    },
  },
  sendReviewComments: {
    async run(context) {
      const { comments } = context.review
      const chat = await chatInSight(context)
      const text = await comments.toPrompt(chat.directory ?? '')
      if (text === undefined) return
      const { drafts } = context.services
      const words = [drafts.get(chat.draftKey).text, text].filter((part) => part !== '')
      drafts.write(chat.draftKey, words.join('\n\n'))
      comments.clear()
      chat.focus()
    },
  },
  dismissChange: {
    async run({ review }, [node]) {
      if (isChangeNode(node) && node.kind === 'unknown')
        review.ledger.dismiss(node.sessionID, node.change.path)
      return Promise.resolve()
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** Of the tree, of what a menu of files or a CodeLens belongs to, else of the active editor. */
async function filesOf(
  { review }: CommandContext,
  [given, selected]: readonly unknown[],
): Promise<PendingFile[]> {
  await review.state.refresh()
  if (isChangeNode(given)) return current(review, given)
  const own = uriOf(given) ?? vscode.window.activeTextEditor?.document.uri
  const uris = Array.isArray(selected) ? selected.flatMap((uri) => uriOf(uri) ?? []) : own ? [own] : []
  const files = uris.flatMap((uri) => review.state.filesBelow(filePath(uri), review.scope))
  // A folder and a file in it may be selected both.
  const once = new Map(files.map((file) => [`${file.sessionID} ${file.file.path}`, file]))
  if (once.size > 0) return [...once.values()]
  throw nothing()
}

function titleOf(scope: ReviewScope): string {
  return scope === 'turn'
    ? vscode.l10n.t('Changes of the Last Turn')
    : vscode.l10n.t('Changes of the Session')
}

function onePerPath(files: readonly PendingFile[]): readonly PendingFile[] {
  return files.filter(({ file }, index) => files.findIndex((each) => each.file.path === file.path) === index)
}

/** A node may be older than the last decision. */
function current(review: CommandContext['review'], node: ChangeNode): PendingFile[] {
  const files = filesOfNode(node).flatMap(
    ({ file, sessionID }) => review.state.file(file.path, review.scope, sessionID) ?? [],
  )
  if (files.length > 0) return files
  throw nothing()
}

async function allFiles(context: CommandContext, [node]: readonly unknown[]): Promise<PendingFile[]> {
  const { review, changes } = context
  await review.state.refresh()
  if (isChangeNode(node)) return current(review, node)
  if (changes.serverChanges) throw elsewhere()
  const { session } = changes
  const files = session === undefined ? [] : review.state.files(session, review.scope)
  if (files.length > 0) return [...files]
  throw nothing()
}

/** The session that all is kept of; undefined for a part of one. */
function sessionOf({ changes }: CommandContext, [node]: readonly unknown[]): SessionID | undefined {
  if (!isChangeNode(node)) return changes.serverChanges ? undefined : changes.session
  return node.kind === 'session' ? node.sessionID : undefined
}

async function undoAll(context: CommandContext, args: readonly unknown[]): Promise<void> {
  const { decisions, scope } = context.review
  const files = await allFiles(context, args)
  const title =
    files.length === 1
      ? vscode.l10n.t('Undo all changes of OpenCode in one file?')
      : vscode.l10n.t('Undo all changes of OpenCode in {0} files?', files.length)
  const detail = vscode.l10n.t('What you wrote in these files yourself stays.')
  const confirm = vscode.l10n.t('Undo All')
  if ((await vscode.window.showWarningMessage(title, { modal: true, detail }, confirm)) !== confirm) return
  await decisions.undoFiles(files, scope)
}

interface FilePlaces {
  /** In all sessions in which something of it waits. */
  readonly files: readonly PendingFile[]
  readonly places: readonly PlacedHunk[]
  /** Undefined for a file that is decided on as a whole. */
  readonly place: PlacedHunk | undefined
}

/**
 * A CodeLens names the place by its line in the agent's own text and the session; else the cursor tells. Undefined
 * for a CodeLens whose place was decided on while it was clicked.
 */
async function placeOf(context: CommandContext, args: readonly unknown[]): Promise<FilePlaces | undefined> {
  const files = await filesOf(context, args)
  const places = placesOf(files, context.review.scope)
  const [, line, session] = args
  if (typeof line !== 'number') {
    const cursor = vscode.window.activeTextEditor?.selection.active.line ?? 0
    return { files, places, place: placeAt(places, cursor) }
  }
  const place = places.find(({ hunk, pending }) => hunk.after.start === line && pending.sessionID === session)
  return place && { files, places, place }
}

async function decide(
  context: CommandContext,
  args: readonly unknown[],
  what: 'keep' | 'undo',
): Promise<void> {
  const { decisions, scope } = context.review
  const found = await placeOf(context, args)
  if (found?.place) await decisions[`${what}Hunk`](found.place, scope)
  else if (found) await decisions[`${what}Files`](found.files, scope)
}

async function goToHunk(context: CommandContext, args: readonly unknown[], step: 1 | -1): Promise<void> {
  const found = await placeOf(context, args)
  const [file] = found?.files ?? []
  if (!found || !file) return
  const { places, place } = found
  const editor = await vscode.window.showTextDocument(editorUri(file.file.path))
  const line = editor.selection.active.line
  const isNamed = typeof args[1] === 'number'
  const target =
    place && isNamed
      ? places.at((places.indexOf(place) + step) % places.length)
      : nextPlace(places, line, step)
  if (target) {
    reveal(editor, target)
    return
  }
  const next = nextFile(context, file, step)
  const nextEditor = next === file ? editor : await vscode.window.showTextDocument(editorUri(next.file.path))
  const there = placesOf(
    context.review.state.filesAt(next.file.path, context.review.scope),
    context.review.scope,
  )
  reveal(nextEditor, there.at(step === 1 ? 0 : -1))
}

function nextPlace(places: readonly PlacedHunk[], line: number, step: 1 | -1): PlacedHunk | undefined {
  return step === 1
    ? places.find(({ hunk }) => hunk.now.start > line)
    : places.findLast(({ hunk }) => hunk.now.start < line)
}

/** In the order of the tree; behind the last file comes the first one. Files without a text to show are left out. */
function nextFile({ review }: CommandContext, file: PendingFile, step: 1 | -1): PendingFile {
  const nodes = nestFiles(review.state.files(file.sessionID, review.scope), file.directory)
  const files = nodes.flatMap((node) => filesOfNode(toNode(node))).filter(({ now }) => now.kind === 'text')
  const index = files.findIndex((each) => each.file.path === file.file.path)
  return files.at((index + step) % files.length) ?? file
}

/** The top of a file that is new as a whole. */
function reveal(editor: vscode.TextEditor, place: PlacedHunk | undefined): void {
  const start = Math.min(place?.hunk.now.start ?? 0, editor.document.lineCount - 1)
  const position = new vscode.Position(start, 0)
  editor.selection = new vscode.Selection(position, position)
  editor.revealRange(
    new vscode.Range(position, position),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  )
}

function serverOf(node: ChangeNode): SessionServerChanges | undefined {
  return node.kind === 'serverSession' ? node.changes : undefined
}

function elsewhere(): OpencodeError {
  return new OpencodeError(
    'unsupported',
    vscode.l10n.t(
      'The server of this chat keeps its files on another machine, and can take back only whole prompts: use "Undo Last Prompt…".',
    ),
  )
}

function isReply(value: unknown): value is vscode.CommentReply {
  return typeof value === 'object' && value !== null && 'thread' in value && 'text' in value
}

function isComment(value: unknown): value is vscode.Comment {
  return typeof value === 'object' && value !== null && 'body' in value && 'author' in value
}

function nothing(): OpencodeError {
  return new OpencodeError('not-found', vscode.l10n.t('No change waits for a decision here.'))
}
