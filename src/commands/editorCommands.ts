import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { activeFolder } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from '../prompt/attachment.ts'
import { problemAttachments } from '../prompt/diagnosticsPart.ts'
import { fileAttachment } from '../prompt/filePart.ts'
import { selectionAttachments } from '../prompt/selectionPart.ts'
import { promptTarget } from '../views/promptTarget.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight, uriOf } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** What goes from the editor into the chat. */
export const editorCommands = {
  addSelection: {
    async run(context) {
      await addToDraft(context, await selectionAttachments(await targetOf(context)))
    },
  },
  addFile: {
    async run(context, args) {
      const target = await targetOf(context)
      await addToDraft(context, await Promise.all(filesOf(args).map((uri) => fileAttachment(uri, target))))
    },
  },
  explainSelection: {
    async run(context) {
      const attachments = await selectionAttachments(await targetOf(context))
      await ask(
        context,
        vscode.l10n.t('Explain this code: what it does, how, and what to watch out for.'),
        attachments,
      )
    },
  },
  fixProblem: {
    async run(context, args) {
      const { document, range, diagnostics } = await problemPlace(args)
      const { text, attachments } = await problemAttachments(
        document,
        range,
        await targetOf(context),
        diagnostics,
      )
      await ask(context, text, attachments)
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

async function addToDraft(context: CommandContext, attachments: readonly Attachment[]): Promise<void> {
  const chat = await chatInSight(context)
  context.services.drafts.add(chat.draftKey, attachments)
  chat.focus()
}

/** Sends at once; what stands in the composer stays there. */
async function ask(context: CommandContext, text: string, attachments: readonly Attachment[]): Promise<void> {
  const chat = await chatInSight(context)
  await chat.send(text, attachments)
}

async function targetOf({ chats, services }: CommandContext): Promise<PromptTarget> {
  const directory = chats.active?.directory ?? (await activeFolder()).directory
  return promptTarget(services.backends.for(directory), directory)
}

/** Explorer and tabs hand over the clicked file and all selected ones; else the active editor counts. */
function filesOf([clicked, selected]: readonly unknown[]): readonly vscode.Uri[] {
  const many = Array.isArray(selected) ? selected.map(uriOf).filter((uri) => uri !== undefined) : []
  const one = uriOf(clicked) ?? vscode.window.activeTextEditor?.document.uri ?? activeTabUri()
  const files = many.length > 0 ? many : one ? [one] : []
  if (files.length > 0) return files
  throw new OpencodeError('invalid-argument', vscode.l10n.t('No file is open. Pick one in the explorer.'))
}

/** Images and notebooks are no text editors. */
function activeTabUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input
  if (input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputNotebook) return input.uri
  return undefined
}

interface ProblemPlace {
  readonly document: vscode.TextDocument
  readonly range: vscode.Range
  readonly diagnostics?: readonly vscode.Diagnostic[]
}

async function problemPlace([uri, problems]: readonly unknown[]): Promise<ProblemPlace> {
  const given = uriOf(uri)
  const diagnostics = Array.isArray(problems) ? problems.filter(isDiagnostic) : []
  const [first] = diagnostics
  if (given && first) {
    return { document: await vscode.workspace.openTextDocument(given), range: first.range, diagnostics }
  }
  const editor = vscode.window.activeTextEditor
  if (editor) return { document: editor.document, range: editor.selection }
  throw new OpencodeError(
    'invalid-argument',
    vscode.l10n.t('There is no text editor. Open the file that has the problem.'),
  )
}

function isDiagnostic(value: unknown): value is vscode.Diagnostic {
  return typeof value === 'object' && value !== null && 'range' in value && 'message' in value
}
