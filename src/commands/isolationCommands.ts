import { join } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, isAbort, toErrorInfo } from '../opencode/errors.ts'
import { branchSlug } from '../server/isolation/buildTree.ts'
import type { Task } from '../tasks/task.ts'
import { pickOnly, pickStart, pickTask } from '../views/isolation/isolationPickers.ts'
import type { StartChoice, TaskAction } from '../views/isolation/isolationPickers.ts'
import { pickDirectory } from './chatCommands.ts'
import type { commandIds } from './commandIds.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Sessions on files of their own, and the ways of their changes back to the user's. */
export const isolationCommands = {
  newIsolatedSession: { run: (context) => newIsolatedSession(context) },
  showIsolatedSessions: { run: (context) => showIsolatedSessions(context) },
  reviewIsolatedChanges: {
    run: (context) => withTask(context, vscode.l10n.t('Review Isolated Changes'), review),
  },
  bringIsolatedChangesBack: {
    run: (context) => withTask(context, vscode.l10n.t('Bring Isolated Changes Back'), bringBack),
  },
  discardIsolatedSession: {
    run: (context) => withTask(context, vscode.l10n.t('Discard Isolated Session'), discard),
  },
} satisfies Partial<Record<Name, CommandSpec>>

async function newIsolatedSession(context: CommandContext): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new OpencodeError(
      'untrusted',
      vscode.l10n.t('This workspace is in Restricted Mode. Trust it before OpenCode works in it.'),
    )
  }
  const folder = await pickDirectory()
  const choice = folder === undefined ? undefined : await pickStart()
  if (folder === undefined || !choice) return
  const task = await startTask(context, folder, choice)
  if (!task) return
  context.panels.open({ sessionID: undefined, directory: task.directory }).focus()
  const lacks = task.record.lacks.map((lack) =>
    lack === 'lfs' ? vscode.l10n.t('the contents of Git LFS files') : vscode.l10n.t('submodules'),
  )
  if (lacks.length > 0) {
    const text = vscode.l10n.t('The isolated session does not have: {0}.', lacks.join(', '))
    void vscode.window.showInformationMessage(text)
  }
}

/** Undefined when the user called it off; nothing of it is left then, nor when it fails. */
function startTask(
  { services }: CommandContext,
  folder: string,
  choice: StartChoice,
): Thenable<Task | undefined> {
  const title = vscode.l10n.t('Starting an isolated session')
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true }
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController()
    token.onCancellationRequested(() => controller.abort())
    const { signal } = controller
    let task: Task | undefined
    try {
      progress.report({ message: vscode.l10n.t('copying the files') })
      task = await services.isolation.tasks.create({ folder, ...choice, signal })
      progress.report({
        message:
          choice.kind === 'container'
            ? vscode.l10n.t('starting its container')
            : vscode.l10n.t('starting its server'),
      })
      await task.start(signal)
      return task
    } catch (error) {
      await task
        ?.delete()
        .catch((failed: unknown) => services.log.warn(`task: ${toErrorInfo(failed).message}`))
      if (isAbort(error)) return undefined
      throw error
    }
  })
}

async function showIsolatedSessions(context: CommandContext): Promise<void> {
  const { tasks } = context.services.isolation
  if (tasks.all.length === 0) return offerNew()
  const picked = await pickTask(tasks.all)
  if (picked) await actions[picked.action](context, picked.task)
}

const actions: Readonly<Record<TaskAction, (context: CommandContext, task: Task) => Promise<void>>> = {
  open,
  review,
  bringBack,
  discard,
  stop: (_, task) => task.stop(),
}

/** The isolated session of the chat in sight, else the one that the user picks. */
async function withTask(
  context: CommandContext,
  title: string,
  run: (context: CommandContext, task: Task) => Promise<void>,
): Promise<void> {
  const { isolation } = context.services
  const inSight =
    context.chats.active?.isVisible === true ? isolation.at(context.chats.active.directory) : undefined
  if (!inSight && isolation.tasks.all.length === 0) return offerNew()
  const task = inSight ?? (await pickOnly(isolation.tasks.all, title))
  if (task) await run(context, task)
}

async function offerNew(): Promise<void> {
  const create = vscode.l10n.t('New Isolated Session…')
  const text = vscode.l10n.t('There is no isolated session in this workspace.')
  if ((await vscode.window.showInformationMessage(text, create)) !== create) return
  await vscode.commands.executeCommand('opencodeSessions.newIsolatedSession')
}

/** Goes to the tab that shows it, else opens one with its latest session. */
async function open({ panels, services }: CommandContext, task: Task): Promise<void> {
  if (panels.reveal(task.directory)) return
  await services.backends.for(task.directory).access.ensure()
  const sessions = await task.backend.server.connection?.listSessions({
    directory: task.directory,
    roots: true,
  })
  const latest = sessions?.toSorted((a, b) => b.updated - a.updated)[0]
  panels.open({ sessionID: latest?.id, directory: task.directory }).focus()
}

async function review({ services }: CommandContext, task: Task): Promise<void> {
  if ((await services.isolation.review(task)) > 0) return
  void vscode.window.showInformationMessage(
    vscode.l10n.t('The isolated session {0} has changed nothing yet.', task.branch),
  )
}

async function bringBack(context: CommandContext, task: Task): Promise<void> {
  const items = [
    {
      label: `$(git-branch) ${vscode.l10n.t('As a branch')}`,
      detail: vscode.l10n.t('Your files stay as they are; merge or compare the branch whenever you like.'),
      run: asBranch,
    },
    {
      label: `$(files) ${vscode.l10n.t('Into my files')}`,
      detail: vscode.l10n.t('Merged with what you have changed since; nothing is staged or committed.'),
      run: asPatch,
    },
  ]
  const title = vscode.l10n.t('Bring back the changes of {0}', task.branch)
  const picked = await vscode.window.showQuickPick(items, { title })
  if (picked && (await picked.run(context, task))) await offerDiscard(context, task)
}

async function asBranch({ services, chats }: CommandContext, task: Task): Promise<boolean> {
  const session =
    services.isolation.at(chats.active?.directory) === task ? chats.active?.state.session : undefined
  const title = session && !session.session.untitled ? session.session.title : ''
  const slug = branchSlug(title)
  const branch = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the branch'),
    value: task.record.broughtAs?.branch ?? (slug === '' ? task.branch : `opencode/${slug}`),
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A branch needs a name.') : undefined),
  })
  if (branch === undefined) return false
  const message = title === '' ? vscode.l10n.t('Changes of an isolated session') : title
  const brought = await task.finish({ as: 'branch', message, branch: branch.trim() })
  if (brought.as === 'branch') {
    services.notify.done(vscode.l10n.t('Branch {0}, new commits: {1}', brought.branch, brought.commits))
  }
  return true
}

async function asPatch({ services }: Pick<CommandContext, 'services'>, task: Task): Promise<boolean> {
  const plan = await task.planPatch()
  try {
    if (plan.files.length === 0) {
      services.notify.done(vscode.l10n.t('Your files have all of these changes already.'))
      return true
    }
    const dirty = dirtyDocuments(task, plan.files)
    if (dirty.length > 0) {
      // What is not saved is not part of the plan, so all begins again after it.
      return (await savesFirst(dirty)) ? await asPatch({ services }, task) : false
    }
    const apply = vscode.l10n.t('Change files')
    const look = vscode.l10n.t('Review first')
    const count = plan.files.length
    const question =
      count === 1
        ? vscode.l10n.t('Change one of your files?')
        : vscode.l10n.t('Change {0} of your files?', count)
    const answer = await vscode.window.showWarningMessage(
      question,
      { modal: true, detail: listed(plan.files) },
      apply,
      look,
    )
    if (answer === look) await services.isolation.review(task)
    if (answer !== apply) return false
    await plan.apply()
    services.notify.done(
      count === 1 ? vscode.l10n.t('One file was changed') : vscode.l10n.t('{0} files were changed', count),
    )
    return true
  } finally {
    await plan.dispose()
  }
}

function dirtyDocuments(task: Task, files: readonly string[]): readonly vscode.TextDocument[] {
  const paths = new Set(files.map((file) => join(task.record.root, ...file.split('/'))))
  return vscode.workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && paths.has(uri.fsPath))
}

async function savesFirst(dirty: readonly vscode.TextDocument[]): Promise<boolean> {
  const save = vscode.l10n.t('Save and go on')
  const names = dirty.map(({ uri }) => vscode.workspace.asRelativePath(uri))
  const isOne = names.length === 1
  const question = isOne
    ? vscode.l10n.t('Save {0} first?', names.join())
    : vscode.l10n.t('Save {0} files first?', names.length)
  const detail = isOne
    ? vscode.l10n.t('It has unsaved changes and would be changed too.')
    : vscode.l10n.t('They have unsaved changes and would be changed too:\n{0}', listed(names))
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, save)) !== save) return false
  const saved = await Promise.all(dirty.map((document) => document.save()))
  return saved.every((isSaved) => isSaved)
}

const shownNames = 12

function listed(names: readonly string[]): string {
  const more = names.length - shownNames
  const shown = more > 0 ? [...names.slice(0, shownNames), vscode.l10n.t('… and {0} more', more)] : names
  return shown.join('\n')
}

async function offerDiscard(context: CommandContext, task: Task): Promise<void> {
  const yes = vscode.l10n.t('Discard session')
  const text = vscode.l10n.t(
    'The changes of {0} are back. Its session is kept until you discard it.',
    task.branch,
  )
  void vscode.window.showInformationMessage(text, yes).then((answer) => {
    if (answer === yes) return remove(context, task)
    return undefined
  })
  return Promise.resolve()
}

async function discard(context: CommandContext, task: Task): Promise<void> {
  const count = await task.changes().then(
    ({ files }) => files.length,
    () => 0,
  )
  const yes = vscode.l10n.t('Discard')
  const question = vscode.l10n.t('Discard the isolated session {0}?', task.branch)
  const detail =
    count === 0
      ? vscode.l10n.t('Its messages are gone for good.')
      : vscode.l10n.t('Its messages and the changes it made are gone for good (files changed: {0}).', count)
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return
  await remove(context, task)
}

async function remove({ panels, services }: CommandContext, task: Task): Promise<void> {
  panels.close(task.directory)
  const title = vscode.l10n.t('Discarding {0}', task.branch)
  await vscode.window
    .withProgress({ location: vscode.ProgressLocation.Window, title }, () => task.delete())
    .then(undefined, (error: unknown) => services.notify.error(error))
}
