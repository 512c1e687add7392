import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { AlwaysAnswer } from './alwaysAnswers.ts'

/** One row of the view; commands of its menus get it as their argument. */
export interface ServerNode {
  readonly item: vscode.TreeItem
  readonly children?: () => Promise<readonly ServerNode[]>
  /** Set on a row that stands for an MCP server. */
  readonly mcpServer?: string
  /** What on the server the row stands for. */
  readonly target?: RowTarget
}

export interface RowTarget {
  readonly kind: 'shell' | 'worktree' | 'rule' | 'account'
  /** As the server names it; of a working copy its directory. */
  readonly id: string
  readonly label: string
}

/** What a row that a command was called for stands for, when it is of this kind. */
export function targetOf(value: unknown, kind: RowTarget['kind']): RowTarget | undefined {
  const isNode = typeof value === 'object' && value !== null && 'item' in value
  const target = isNode && 'target' in value ? (value.target as RowTarget | undefined) : undefined
  return target?.kind === kind ? target : undefined
}

export interface RowLook {
  /** The same after the view was drawn anew. */
  readonly id: string
  /** Name of a codicon. */
  readonly icon: string
  readonly label: string
  readonly description?: string
  /** Name of a theme colour for the icon. */
  readonly colour?: string
  readonly tooltip?: string
  /** What its menus go by. */
  readonly context?: string
  /** Its id and its arguments. */
  readonly command?: readonly [string, ...unknown[]]
}

/** A row without rows below it. */
export function row({
  id,
  icon,
  label,
  description = '',
  colour,
  tooltip,
  context,
  command,
}: RowLook): ServerNode {
  const item = new vscode.TreeItem(label)
  item.id = id
  item.description = description
  item.iconPath = new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour))
  item.tooltip = tooltip ?? [label, description].filter((part) => part !== '').join(' · ')
  item.contextValue = context ?? 'row'
  if (command) item.command = { title: label, command: command[0], arguments: command.slice(1) }
  return { item }
}

/** A row whose rows are read when it is opened; a failure, or that there is nothing (`otherwise`), is a row of its own. */
export function section(
  look: RowLook & { readonly otherwise?: string },
  read: () => Promise<readonly ServerNode[]> | readonly ServerNode[],
): ServerNode {
  const { item } = row({ ...look, context: `section.${look.context ?? look.id}` })
  item.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed
  const children = async (): Promise<readonly ServerNode[]> => {
    try {
      const rows = await read()
      if (rows.length > 0) return rows
      return [row({ id: `${look.id}.none`, icon: 'dash', label: look.otherwise ?? vscode.l10n.t('None') })]
    } catch (error) {
      return [failure(`${look.id}.failed`, error)]
    }
  }
  return { item, children }
}

/** What a click on a row opens: the configuration, at a word of it. */
export function edit(word?: string): readonly [string, ...unknown[]] {
  return ['opencodeSessions.openConfiguration', ...(word === undefined ? [] : [word])]
}

function failure(id: string, error: unknown): ServerNode {
  const { message, place } = toErrorInfo(error)
  const look = { id, icon: 'error', label: message, colour: 'problemsErrorIcon.foreground' }
  return row(place === undefined ? look : { ...look, command: edit() })
}

/** What the rows of a folder are made from. */
export interface ServerPlace {
  readonly connection: Connection
  readonly directory: string
  readonly answers: readonly AlwaysAnswer[]
}
