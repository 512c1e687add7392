import * as vscode from 'vscode'
import type { IsolationKind, TreeBase } from '../../server/isolation/treeRecord.ts'
import type { Task, TaskState } from '../../tasks/task.ts'
import { relativeTime } from '../relativeTime.ts'

export interface StartChoice {
  readonly kind: IsolationKind
  readonly base: TreeBase
}

/** Asks what an isolated session starts from, and whether its tools run in a container. */
export async function pickStart(): Promise<StartChoice | undefined> {
  const commit = vscode.l10n.t('From the last commit')
  const changes = vscode.l10n.t('With my uncommitted changes')
  const inside = vscode.l10n.t('Commands run in the container and see nothing else of this machine.')
  const outside = vscode.l10n.t('Commands run on this machine with your rights; only the files are apart.')
  const items: (vscode.QuickPickItem & { readonly choice?: StartChoice })[] = [
    separator(vscode.l10n.t('In a container')),
    { label: `$(vm) ${commit}`, detail: inside, choice: { kind: 'container', base: 'head' } },
    { label: `$(vm) ${changes}`, detail: inside, choice: { kind: 'container', base: 'changes-and-new' } },
    separator(vscode.l10n.t('Without a container')),
    { label: `$(folder) ${commit}`, detail: outside, choice: { kind: 'worktree', base: 'head' } },
    { label: `$(folder) ${changes}`, detail: outside, choice: { kind: 'worktree', base: 'changes-and-new' } },
  ]
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('New Isolated Session'),
    placeHolder: vscode.l10n.t(
      'Its files are a copy; nothing of yours changes until you bring its changes back',
    ),
  })
  return picked?.choice
}

export type TaskAction = 'open' | 'review' | 'bringBack' | 'stop' | 'discard'

interface TaskItem extends vscode.QuickPickItem {
  readonly task: Task
}

/** Lists isolated sessions; a button on a row does something else than opening it. */
export function pickTask(
  tasks: readonly Task[],
): Promise<{ readonly task: Task; readonly action: TaskAction } | undefined> {
  const picker = vscode.window.createQuickPick<TaskItem>()
  picker.title = vscode.l10n.t('Isolated Sessions')
  picker.placeholder = vscode.l10n.t('Open an isolated session')
  picker.matchOnDetail = true
  picker.items = tasks.map(toItem)
  return new Promise((resolve) => {
    const settle = (item: TaskItem | undefined, action: TaskAction): void => {
      resolve(item && { task: item.task, action })
      picker.hide()
    }
    picker.onDidAccept(() => settle(picker.selectedItems[0], 'open'))
    picker.onDidTriggerItemButton(({ item, button }) => settle(item, actionOf(button)))
    picker.onDidHide(() => {
      resolve(undefined)
      picker.dispose()
    })
    picker.show()
  })
}

/** Asks which isolated session is meant when the chat in sight is none. */
export async function pickOnly(tasks: readonly Task[], title: string): Promise<Task | undefined> {
  const items = tasks.map((task) => ({ ...toItem(task), buttons: [] }))
  return (await vscode.window.showQuickPick(items, { title }))?.task
}

function toItem(task: Task): TaskItem {
  const { record, state, branch } = task
  const words = [stateWord(state), relativeTime(record.created)]
  return {
    task,
    label: `$(${record.kind === 'container' ? 'vm' : 'folder'}) ${branch}`,
    description: words.join(' · '),
    detail: record.folder,
    buttons:
      state === 'running' ? Object.values(buttons) : [buttons.review, buttons.bringBack, buttons.discard],
  }
}

function stateWord(state: TaskState): string {
  return {
    stopped: vscode.l10n.t('stopped'),
    starting: vscode.l10n.t('starting'),
    running: vscode.l10n.t('running'),
    failed: vscode.l10n.t('failed'),
    deleted: vscode.l10n.t('deleted'),
  }[state]
}

const buttons = {
  review: button('diff-multiple', vscode.l10n.t('Review changes')),
  bringBack: button('git-merge', vscode.l10n.t('Bring changes back')),
  stop: button('debug-stop', vscode.l10n.t('Stop its server')),
  discard: button('trash', vscode.l10n.t('Discard')),
} satisfies Partial<Record<TaskAction, vscode.QuickInputButton>>

function actionOf(pressed: vscode.QuickInputButton): TaskAction {
  const found = Object.entries(buttons).find(([, known]) => known === pressed)
  return (found?.[0] ?? 'open') as TaskAction
}

function button(icon: string, tooltip: string): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon(icon), tooltip }
}

function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator }
}
