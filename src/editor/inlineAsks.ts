import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, isAbort, toErrorInfo } from '../opencode/errors.ts'
import { setContextKey } from '../platform/contextKeys.ts'
import { realDirectory } from '../platform/folders.ts'
import { hiddenText } from '../prompt/attachment.ts'
import { fileAttachment } from '../prompt/filePart.ts'
import { rangeAttachment, linesOf } from '../prompt/selectionPart.ts'
import { valuesOf } from '../prompt/subject.ts'
import { symbolAt } from '../prompt/symbols.ts'
import { variablesOf } from '../prompt/template.ts'
import { filled, soundTemplate } from '../prompt/templates.ts'
import type { PromptPart } from '../session/model.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { promptTarget } from '../views/composer/promptTarget.ts'
import type { Services } from '../views/services.ts'
import { inlineFormat, previewOf, readReplacement, remarkOf } from './inlineAnswer.ts'
import { InlineThread } from './inlineThread.ts'
import { movedUri } from './movedUri.ts'
import type { OneOffs } from './oneOffs.ts'
import type { Review } from './reviewComments.ts'
import { withoutPictures } from './withoutPictures.ts'

const author = 'OpenCode'

/**
 * Questions at the cursor: asked in a zone below the lines, answered there with the change, which touches the document
 * only when it is accepted. Each has a session of its own that is kept.
 */
export class InlineAsks implements Disposable {
  readonly #services: Services
  readonly #oneOffs: OneOffs
  readonly #open: (place: Review) => Promise<void>
  readonly #store = new DisposableStore()
  readonly #controller: vscode.CommentController
  readonly #threads = new Map<vscode.CommentThread, InlineThread>()

  /** `open` shows the session of a question. */
  constructor(services: Services, oneOffs: OneOffs, open: (place: Review) => Promise<void>) {
    this.#services = services
    this.#oneOffs = oneOffs
    this.#open = open
    const name = vscode.l10n.t('OpenCode inline')
    this.#controller = this.#store.add(
      vscode.comments.createCommentController('opencodeSessions.inline', name),
    )
    this.#controller.options = { placeHolder: vscode.l10n.t('Ask on: what should be different?') }
    const { workspace } = vscode
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0) return
        for (const own of this.#threads.values()) if (own.document === document) own.follow(contentChanges)
      }),
    )
    this.#store.add(
      workspace.onDidOpenTextDocument((document) => {
        for (const own of this.#of(document.uri)) own.reopen(document)
      }),
    )
    this.#store.add(workspace.onDidRenameFiles(({ files }) => this.#move(files)))
  }

  /** The newest question that still stands. */
  get last(): InlineThread | undefined {
    return [...this.#threads.values()].at(-1)
  }

  /** Opens the zone at the selection, or at the symbol or line of the cursor. */
  async start({ document, selection }: vscode.TextEditor): Promise<InlineThread> {
    const directory = await this.#directoryOf(document)
    const lines = linesOf(await rangeFor(document, selection))
    const range = document.validateRange(
      new vscode.Range(lines.start - 1, 0, lines.end - 1, Number.MAX_SAFE_INTEGER),
    )
    const thread = this.#controller.createCommentThread(document.uri, range, [])
    const own = new InlineThread(thread, document, lines, directory)
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded
    this.#threads.set(thread, own)
    setContextKey('hasInlineQuestion', true)
    return own
  }

  /** What was written into a new zone. */
  async askFirst(comment: unknown): Promise<void> {
    const own = [...this.#threads.values()].find((each) => each.holds(comment))
    const { body } = Object(comment) as Partial<vscode.Comment>
    if (own) await this.ask(own.thread, typeof body === 'string' ? body : (body?.value ?? ''))
  }

  /** @throws OpencodeError what the run ended with; it stands in the zone as well */
  async ask(thread: unknown, question: string): Promise<void> {
    const own = this.#threads.get(thread as vscode.CommentThread)
    if (!own || own.isWorking || question.trim() === '') return
    const template = soundTemplate(this.#services.settings.prompts.value, 'inline')
    own.stop = new AbortController()
    own.sayOwn(question)
    own.setState('working')
    const change = own.say(author, vscode.l10n.t('*Working…*'))
    try {
      await open(own)
      const range = own.ask()
      const { text, sessionID } = await this.#oneOffs.run({
        directory: own.directory,
        ...(await this.#promptOf(own, { range, question, template })),
        ...(own.sessionID === undefined ? {} : { sessionID: own.sessionID }),
        title: vscode.l10n.t('Inline: {0}', question.split('\n', 1)[0]?.slice(0, 80) ?? ''),
        tools: 'reading',
        signal: own.stop.signal,
        onText: (each) => change(withoutPictures(each)),
      })
      own.sessionID = sessionID
      this.#answer(own, text, change)
    } catch (error) {
      own.setState('answered')
      change(isAbort(error) ? vscode.l10n.t('*Stopped.*') : `*${toErrorInfo(error).message}*`)
      throw error
    } finally {
      own.stop = undefined
    }
  }

  /**
   * Puts the proposal in the place of the lines, as one step that one undo takes back. Lines that changed since they
   * were asked about are left alone: the change is shown in a diff then, with a button that applies it.
   *
   * @throws OpencodeError `not-found` before a change is proposed, `conflict` when the document cannot be changed
   */
  async accept(thread: unknown): Promise<void> {
    const own = this.#find(thread)
    const { proposal } = own
    if (proposal === undefined) {
      throw new OpencodeError(
        'not-found',
        vscode.l10n.t('There is no change to accept yet. Wait for the answer.'),
      )
    }
    await open(own)
    const { range, document } = own
    if (!own.isAsAsked || !range) return this.#compare(own, proposal)
    const edit = new vscode.WorkspaceEdit()
    edit.replace(document.uri, range, proposal)
    if (!(await vscode.workspace.applyEdit(edit))) {
      const name = basename(document.uri.path)
      throw new OpencodeError('conflict', vscode.l10n.t('{0} cannot be changed. Is it read-only?', name))
    }
    this.discard(own.thread)
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(range.start, range.start) })
  }

  /** Closes the zone; the lines stay as they are, and so does the session. */
  discard(thread: unknown): void {
    const own = this.#find(thread)
    this.#threads.delete(own.thread)
    setContextKey('hasInlineQuestion', this.#threads.size > 0)
    own.dispose()
  }

  async openSession(thread: unknown): Promise<void> {
    const { directory, sessionID } = this.#find(thread)
    if (sessionID !== undefined) await this.#open({ directory, sessionID })
  }

  dispose(): void {
    for (const own of this.#threads.values()) own.dispose()
    this.#store.dispose()
  }

  #answer(own: InlineThread, text: string, change: (text: string) => void): void {
    const proposal = readReplacement(text, own.asked)
    if (proposal === undefined || proposal === own.asked.replaceAll('\r\n', '\n')) {
      own.setState('answered')
      return change(text.trim() === '' ? vscode.l10n.t('*Nothing is to be changed.*') : withoutPictures(text))
    }
    own.propose(proposal)
    const remark = withoutPictures(remarkOf(text))
    const fence = '`'.repeat(Math.max(3, longestTicks(proposal) + 1, longestTicks(own.asked) + 1))
    const diff = `${fence}diff\n${previewOf(own.asked, proposal)}\n${fence}`
    change([remark, diff].filter((part) => part !== '').join('\n\n'))
  }

  #of(uri: vscode.Uri): readonly InlineThread[] {
    return [...this.#threads.values()].filter(({ thread }) => thread.uri.toString() === uri.toString())
  }

  #move(files: readonly { readonly oldUri: vscode.Uri; readonly newUri: vscode.Uri }[]): void {
    for (const file of files) {
      for (const own of [...this.#threads.values()]) {
        const uri = movedUri(own.thread.uri, file)
        if (!uri) continue
        this.#threads.delete(own.thread)
        own.move(this.#controller.createCommentThread(uri, own.range ?? new vscode.Range(0, 0, 0, 0), []))
        this.#threads.set(own.thread, own)
        // VS Code may have opened the file by its new name already.
        const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString())
        if (document) own.reopen(document)
      }
    }
  }

  async #compare(own: InlineThread, proposal: string): Promise<void> {
    const { range, document, directory } = own
    const editor = await vscode.window.showTextDocument(document)
    if (range) editor.selection = new vscode.Selection(range.start, range.end)
    await this.#services.code.show({ code: proposal, path: undefined, directory })
  }

  /** The template makes the first prompt; what is asked on goes as it is. */
  async #promptOf(
    { document, directory, sessionID }: InlineThread,
    { range, question, template }: { range: vscode.Range; question: string; template: string },
  ): Promise<{ readonly text: string; readonly parts: readonly PromptPart[] }> {
    const target = promptTarget(this.#services.backends.for(directory), directory)
    const attachments = [await rangeAttachment(document, range, target)]
    const hasFile = document.uri.scheme === 'file' || document.uri.scheme === 'untitled'
    const file = hasFile ? (await fileAttachment(document.uri, target)).parts : []
    const selections = [new vscode.Selection(range.start, range.end)]
    const place = { kind: 'selections', document, selections } as const
    const values = await valuesOf(place, target, { used: variablesOf(template), attachments })
    return {
      text: sessionID === undefined ? filled(template, { ...values, input: question }) : question,
      parts: [...attachments.flatMap(({ parts }) => parts), ...file, hiddenText(inlineFormat)],
    }
  }

  async #directoryOf({ uri }: vscode.TextDocument): Promise<string> {
    const folder = vscode.workspace.getWorkspaceFolder(uri) ?? vscode.workspace.workspaceFolders?.[0]
    if (folder) return realDirectory(folder.uri.fsPath)
    throw new OpencodeError('no-folder', vscode.l10n.t('Open a folder first: OpenCode works inside one.'))
  }

  /** Of a thread, of a reply to it (what a button below hands over), else the newest one. */
  #find(given: unknown): InlineThread {
    const { thread = given } = Object(given) as { thread?: unknown }
    const own = this.#threads.get(thread as vscode.CommentThread) ?? this.last
    if (own) return own
    throw new OpencodeError('not-found', vscode.l10n.t('No question is open in an editor.'))
  }
}

/**
 * Has the file of a question open, so that its lines are known.
 *
 * @throws OpencodeError `not-found`
 */
async function open(own: InlineThread): Promise<void> {
  try {
    own.reopen(await vscode.workspace.openTextDocument(own.thread.uri))
  } catch (cause) {
    const name = basename(own.thread.uri.path)
    throw new OpencodeError('not-found', vscode.l10n.t('{0} does not exist.', name), { cause })
  }
}

async function rangeFor(document: vscode.TextDocument, selection: vscode.Selection): Promise<vscode.Range> {
  if (!selection.isEmpty) return selection
  const line = document.lineAt(selection.active.line)
  if (line.isEmptyOrWhitespace) return line.range
  return (await symbolAt(document, selection.active))?.range ?? line.range
}

function longestTicks(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
}
