import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { realDirectory } from '../platform/folders.ts'
import { hiddenText } from '../prompt/attachment.ts'
import { changesToSend } from '../prompt/changes.ts'
import type { GivenChanges } from '../prompt/changes.ts'
import { currentBranch, git } from '../prompt/git.ts'
import type { TemplateValues } from '../prompt/template.ts'
import { filled, soundTemplate } from '../prompt/templates.ts'
import type { PromptPart } from '../session/model.ts'
import type { Services } from '../views/services.ts'
import { cleanMessage } from './cleanMessage.ts'
import type { GitRepository } from './gitExtension.ts'
import { directoryOf, pickRepository } from './gitExtension.ts'
import type { OneOffs } from './oneOffs.ts'
import { withCancel } from './withCancel.ts'

/** Writes commit messages into the box of the source control view, one at a time for each repository. */
export class CommitMessages {
  readonly #services: Services
  readonly #oneOffs: OneOffs
  readonly #running = new Set<string>()
  /** What was written into the box of a repository last. */
  readonly #written = new Map<string, string>()

  constructor(services: Services, oneOffs: OneOffs) {
    this.#services = services
    this.#oneOffs = oneOffs
  }

  /**
   * Of what is staged, else of all changes. A text of the user's in the box is never replaced unasked.
   *
   * @throws OpencodeError `template-invalid`, `no-repository`, `not-found` without changes, or what the run ended with
   */
  async write(sourceControl?: unknown): Promise<void> {
    const template = soundTemplate(this.#services.settings.prompts.value, 'commitMessage')
    const repository = await pickRepository(sourceControl)
    const root = repository?.rootUri.fsPath
    if (!repository || root === undefined || this.#running.has(root)) return
    this.#running.add(root)
    try {
      const message = await withCancel(vscode.l10n.t('Writing a commit message…'), (signal) =>
        this.#ask(repository, template, signal),
      )
      await this.#fill(repository, message)
    } finally {
      this.#running.delete(root)
    }
  }

  /** The session is deleted once its answer is used; one without an answer stays to be looked at. */
  async #ask(repository: GitRepository, template: string, signal: AbortSignal): Promise<string> {
    const root = await realDirectory(repository.rootUri.fsPath)
    const changes = await stagedElseAll(root, this.#services.settings.deniedFiles.value)
    const directory = directoryOf(root, this.#services)
    const { text, sessionID } = await this.#oneOffs.run({
      directory,
      text: filled(template, await valuesOf(root, repository, changes)),
      parts: await partsOf(root, repository, changes),
      title: vscode.l10n.t('Commit message'),
      tools: 'none',
      signal,
    })
    const message = cleanMessage(text)
    if (message !== '') {
      await this.#oneOffs.forget(directory, sessionID)
      return message
    }
    throw new OpencodeError(
      'bad-response',
      vscode.l10n.t('The answer holds no commit message. It stands in the session "Commit message".'),
    )
  }

  async #fill({ rootUri, inputBox }: GitRepository, message: string): Promise<void> {
    const key = rootUri.toString()
    const isFree = inputBox.value.trim() === '' || inputBox.value === this.#written.get(key)
    const replace = (): void => {
      inputBox.value = message
      this.#written.set(key, message)
    }
    if (isFree) {
      replace()
      return
    }
    const [yes, copy] = [vscode.l10n.t('Replace'), vscode.l10n.t('Copy')]
    const question = vscode.l10n.t('The message box holds a text of yours. OpenCode suggests: {0}', message)
    const picked = await vscode.window.showInformationMessage(question, yes, copy)
    if (picked === yes) replace()
    if (picked === copy) await vscode.env.clipboard.writeText(message)
  }
}

async function stagedElseAll(root: string, denied: readonly string[]): Promise<GivenChanges> {
  const isStaged = Boolean(await git(root, ['diff', '--cached', '--name-only']))
  const changes = await changesToSend(root, isStaged ? 'staged' : 'unstaged', denied, 'own')
  if (changes) return changes
  if (isStaged) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t(
        'All that is staged is private by the setting {0}.',
        'opencodeSessions.context.neverAttach',
      ),
    )
  }
  throw new OpencodeError('not-found', vscode.l10n.t('There is nothing to commit in this repository.'))
}

async function valuesOf(
  root: string,
  { inputBox }: GitRepository,
  { text }: GivenChanges,
): Promise<TemplateValues> {
  const branch = await currentBranch(root)
  return { diff: text, input: inputBox.value, ...(branch === undefined ? {} : { branch }) }
}

async function partsOf(
  root: string,
  { inputBox }: GitRepository,
  { part }: GivenChanges,
): Promise<readonly PromptPart[]> {
  const subjects = (await git(root, ['log', '-10', '--format=%s']))?.trim()
  const begun = inputBox.value.trim()
  return [
    part,
    ...(subjects ? [hiddenText(`The last commits of this repository:\n${subjects}`)] : []),
    ...(begun === '' ? [] : [hiddenText(`The user has begun to write this message:\n${begun}`)]),
  ]
}
