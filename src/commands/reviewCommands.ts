import { basename, dirname } from 'node:path'
import * as vscode from 'vscode'
import { directoryOf } from '../editor/gitExtension.ts'
import type { ReviewScope } from '../editor/reviews.ts'
import { activeFolder, filePath, knownFolders, realDirectory } from '../platform/folders.ts'
import { changeLabel } from '../prompt/changes.ts'
import { isWithin } from '../util/paths.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { isStaged, repositoryOf, reviewedFilesOf } from './editor/editorPlaces.ts'
import { pickChangesOf } from './editor/pickChanges.ts'

type Name = keyof typeof commandIds

/** Commit messages and reviews: what OpenCode has to say in VS Code's own places. */
export const reviewCommands = {
  generateCommitMessage: {
    run: ({ commitMessages }, [sourceControl]) => commitMessages.write(sourceControl),
  },
  reviewChanges: {
    async run(context, args) {
      const scope = await scopeOf(context, args)
      if (scope) await context.reviews.review(scope)
    },
  },
  replyToFinding: {
    async run({ reviews }, [reply]) {
      const { thread, text } = Object(reply) as Partial<vscode.CommentReply>
      if (thread && text !== undefined) await reviews.reply(thread, text)
    },
  },
  fixFinding: {
    async run(context, [thread]) {
      const prompt = await context.reviews.toFix(thread as vscode.CommentThread)
      if (!prompt) return
      const chat = await chatInSight(context)
      await chat.send(prompt.text, prompt.attachments)
    },
  },
  dismissFinding: {
    async run({ reviews }, [thread]) {
      if (reviews.comments.find(thread)) reviews.comments.dismiss(thread as vscode.CommentThread)
      return Promise.resolve()
    },
  },
  clearFindings: {
    async run({ reviews }) {
      reviews.comments.clear()
      return Promise.resolve()
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** What the source control view or a list of files hands over, else what the user picks; undefined when that is nothing. */
async function scopeOf(
  { chats, services }: CommandContext,
  args: readonly unknown[],
): Promise<ReviewScope | undefined> {
  const paths = await Promise.all(reviewedFilesOf(args).map((uri) => realDirectory(filePath(uri))))
  const [first] = paths
  if (first !== undefined) return fileScope(first, paths, isStaged(args) ? 'staged' : 'uncommitted')
  const repository = repositoryOf(args)
  const directory =
    repository === undefined
      ? (chats.active?.directory ?? (await activeFolder()).directory)
      : directoryOf(await realDirectory(repository), services)
  const picked = await pickChangesOf(repository, directory)
  return (
    picked && {
      directory,
      set: picked.set,
      label: changeLabel(picked.set),
      ...(picked.paths ? { paths: picked.paths } : {}),
    }
  )
}

function fileScope(first: string, paths: readonly string[], set: ReviewScope['set']): ReviewScope {
  const folder = knownFolders().find(({ directory }) => isWithin(first, directory))
  const directory = folder?.directory ?? dirname(first)
  const label = paths.length === 1 ? basename(first) : vscode.l10n.t('{0} files', paths.length)
  return { directory, set, label, paths }
}
