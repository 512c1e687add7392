import type { SessionID } from '../../opencode/ids.ts'
import type { UnknownChange } from '../../review/reviewLedger.ts'
import type { ServerChange } from '../../review/serverChanges.ts'
import type { FileNode } from './fileNesting.ts'
import type { PendingFile } from './reviewState.ts'
import type { SessionServerChanges } from './serverReview.ts'

/** One node of the view; commands of its menus get it as their argument. */
export type ChangeNode =
  | {
      readonly kind: 'session'
      readonly sessionID: SessionID
      readonly directory: string
      readonly files: readonly PendingFile[]
    }
  | {
      readonly kind: 'folder'
      readonly path: string
      readonly name: string
      readonly children: readonly FileNode[]
    }
  | { readonly kind: 'file'; readonly file: PendingFile }
  | {
      readonly kind: 'unknown'
      readonly sessionID: SessionID
      readonly directory: string
      readonly change: UnknownChange
    }
  /** On another machine; see `ServerReview`. */
  | { readonly kind: 'serverSession'; readonly changes: SessionServerChanges }
  | { readonly kind: 'serverFile'; readonly change: ServerChange; readonly directory: string }

/** The files that a node stands for. */
export function filesOfNode(node: ChangeNode): readonly PendingFile[] {
  if (node.kind === 'session') return node.files
  if (node.kind === 'file') return [node.file]
  return node.kind === 'folder' ? node.children.flatMap((child) => filesOfNode(toNode(child))) : []
}

/** The member that tells each kind of node from other things of VS Code that have a kind. */
const members: Readonly<Record<ChangeNode['kind'], string>> = {
  session: 'files',
  folder: 'children',
  file: 'file',
  unknown: 'change',
  serverSession: 'changes',
  serverFile: 'change',
}

/** What VS Code hands to a command from a menu of this view. */
export function isChangeNode(value: unknown): value is ChangeNode {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  const member = Object.entries(members).find(([kind]) => kind === value.kind)?.[1]
  return member !== undefined && member in value
}

export function toNode(node: FileNode): ChangeNode {
  return node.kind === 'file' ? { kind: 'file', file: node.file } : node
}
