import * as vscode from 'vscode'
import { pathsOf } from '../client/paths/mappedConnection.ts'
import type { PathMap } from '../client/paths/pathMap.ts'
import { OpencodeError } from '../opencode/errors.ts'
import { filePath } from '../platform/folders.ts'
import { hiddenText, lineLabel } from '../prompt/attachment.ts'
import type { Attachment } from '../prompt/attachment.ts'
import { shortName } from '../prompt/documentPlace.ts'
import { rangeAttachment } from '../prompt/selectionPart.ts'
import { changesToSend } from '../prompt/changes.ts'
import type { ChangeSet, GivenChanges } from '../prompt/changes.ts'
import { currentBranch } from '../prompt/git.ts'
import { filled, soundTemplate } from '../prompt/templates.ts'
import { promptTarget } from '../views/composer/promptTarget.ts'
import type { Services } from '../views/services.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { findingsFormat, readFindings } from './findings.ts'
import type { OneOffs } from './oneOffs.ts'
import { ReviewComments } from './reviewComments.ts'
import type { Review, StandingFinding } from './reviewComments.ts'
import { readReviewed } from './reviewedFiles.ts'
import type { ReviewedFiles } from './reviewedFiles.ts'
import { withCancel } from './withCancel.ts'
import { withoutPictures } from './withoutPictures.ts'

/** Which changes are to be reviewed. */
export interface ReviewScope {
  readonly directory: string
  readonly set: ChangeSet | 'uncommitted'
  /** For the title of the session. */
  readonly label: string
  /** Absolute; all changed files when left out. */
  readonly paths?: readonly string[]
}

/** Reviews of changes as of a pull request: asked in sessions of their own, answered as comments at the lines. */
export class Reviews implements Disposable {
  readonly comments = new ReviewComments()
  readonly #services: Services
  readonly #oneOffs: OneOffs
  readonly #open: (review: Review) => Promise<void>
  /** Findings that an answer is on its way for. */
  readonly #asked = new Set<vscode.CommentThread>()

  /** `open` shows the session of a review. */
  constructor(services: Services, oneOffs: OneOffs, open: (review: Review) => Promise<void>) {
    this.#services = services
    this.#oneOffs = oneOffs
    this.#open = open
  }

  /** @throws OpencodeError `template-invalid`, `not-found` without changes, or what the run ended with */
  async review(scope: ReviewScope): Promise<void> {
    const { settings } = this.#services
    const template = soundTemplate(settings.prompts.value, 'review')
    const { directory, set, label, paths } = scope
    const changes = await changesToSend(directory, set, settings.deniedFiles.value, paths)
    if (!changes) throw new OpencodeError('not-found', vscode.l10n.t('There are no such changes any more.'))
    const title = vscode.l10n.t('Review: {0}', label)
    const toHost = (path: string): string => this.#pathsOf(directory).toHost(path)
    const reviewed = await readReviewed(changes.text, set, { directory, toHost })
    const answer = await withCancel(vscode.l10n.t('Reviewing: {0}…', label), async (signal) =>
      this.#oneOffs.run({
        directory,
        text: await fill(template, directory, changes),
        parts: [changes.part, hiddenText(findingsFormat)],
        title,
        tools: 'reading',
        signal,
      }),
    )
    await this.#show({ directory, sessionID: answer.sessionID }, answer.text, reviewed)
  }

  /** Asks on in the session of a review; the answer comes below the finding. */
  async reply(thread: vscode.CommentThread, question: string): Promise<void> {
    const placed = this.comments.find(thread)
    if (!placed || question.trim() === '' || this.#asked.has(thread)) return
    this.#asked.add(thread)
    const { directory, sessionID } = placed
    this.comments.say(thread, vscode.l10n.t('You'), question)
    const change = this.comments.say(thread, 'OpenCode', vscode.l10n.t('*Working…*'))
    try {
      const { text } = await this.#oneOffs.run({
        directory,
        text: question,
        parts: [hiddenText(`The user asks about this finding:\n${describe(placed)}`)],
        sessionID,
        title: '',
        tools: 'reading',
        onText: (each) => change(withoutPictures(each)),
      })
      change(withoutPictures(text))
    } catch (error) {
      change(vscode.l10n.t('*No answer: {0}*', error instanceof Error ? error.message : String(error)))
      throw error
    } finally {
      this.#asked.delete(thread)
    }
  }

  /** What is sent to have a finding mended, with its lines where they still are; undefined for a thread that is none. */
  async toFix(
    thread: vscode.CommentThread,
  ): Promise<{ readonly text: string; readonly attachments: readonly Attachment[] } | undefined> {
    const placed = this.comments.find(thread)
    if (!placed) return undefined
    const { finding, directory, anchor } = placed
    const file = shortName(filePath(thread.uri), directory)
    const text = vscode.l10n.t('Fix what a review found in {0}: {1}', file, finding.message)
    const document = await Promise.resolve(vscode.workspace.openTextDocument(thread.uri)).catch(
      () => undefined,
    )
    if (!document || anchor.isGone === true) return { text, attachments: [] }
    const { start, end } = anchor.lines
    const range = document.validateRange(new vscode.Range(start - 1, 0, end - 1, Number.MAX_SAFE_INTEGER))
    const target = promptTarget(this.#services.backends.for(directory), directory)
    return { text, attachments: [await rangeAttachment(document, range, target)] }
  }

  dispose(): void {
    this.comments.dispose()
  }

  #pathsOf(directory: string): PathMap {
    return pathsOf(this.#services.backends.for(directory).server.connection)
  }

  async #show(review: Review, text: string, reviewed: ReviewedFiles): Promise<void> {
    const { notify } = this.#services
    const openSession = vscode.l10n.t('Open session')
    const open = (): Promise<void> => this.#open(review)
    const answer = readFindings(text)
    if (answer.kind === 'unreadable') {
      const message = vscode.l10n.t(
        'The review holds no findings that can be shown at their lines. Its words stand in the session.',
      )
      return void notify.offer(message, openSession, open)
    }
    const unplaced = await this.comments.show(review, answer.findings, reviewed)
    const lost = unplaced.length + answer.dropped
    if (lost > 0) {
      const message = vscode.l10n.t(
        '{0} of {1} findings name no line that exists. They stand in the session.',
        lost,
        answer.findings.length + answer.dropped,
      )
      void notify.offer(message, openSession, open)
    }
    if (answer.findings.length === 0 && lost === 0) notify.done(vscode.l10n.t('The review found nothing.'))
    await this.#reveal()
  }

  /** The first finding, in sight; the others stand in VS Code's list of comments. */
  async #reveal(): Promise<void> {
    const [first] = this.comments.threads
    if (!first) return
    const selection = first.range && new vscode.Range(first.range.start, first.range.start)
    await vscode.window.showTextDocument(first.uri, { preview: true, ...(selection ? { selection } : {}) })
  }
}

async function fill(template: string, directory: string, changes: GivenChanges): Promise<string> {
  const branch = await currentBranch(directory)
  const values = { diff: changes.text, ...(branch === undefined ? {} : { branch }) }
  return filled(template, values)
}

function describe({ finding, anchor: { lines, isGone } }: StandingFinding): string {
  const { file, line, endLine, message } = finding
  const now = isGone === true ? 'gone' : `lines ${lineLabel(lines)}`
  return `${file}, lines ${lineLabel({ start: line, end: endLine })} of what was reviewed, by now ${now}: ${message}`
}
