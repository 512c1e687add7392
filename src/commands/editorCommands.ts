import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { activeFolder } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from '../prompt/attachment.ts'
import { problemAttachments } from '../prompt/diagnosticsPart.ts'
import { fileAttachment } from '../prompt/filePart.ts'
import { changesAttachment, fileChangesAttachment } from '../prompt/git.ts'
import { attachmentsOf, valuesOf } from '../prompt/subject.ts'
import type { Place } from '../prompt/subject.ts'
import { fillTemplate, variablesOf } from '../prompt/template.ts'
import type { TemplateName, TemplateValues } from '../prompt/template.ts'
import { soundTemplate } from '../prompt/templates.ts'
import { terminalSelection } from '../prompt/terminalOutput.ts'
import type { ChatSession } from '../views/chat/chatSession.ts'
import { promptTarget } from '../views/composer/promptTarget.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight, uriOf } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { changedFilesOf, filesOf, placeOf } from './editor/editorPlaces.ts'
import { pickChanges } from './editor/pickChanges.ts'

type Name = keyof typeof commandIds

/** What goes from the editor into the chat. Each looks at the editor first: what follows may take its time. */
export const editorCommands = {
  addSelection: {
    async run(context, args) {
      const place = placeOf(args)
      await addToDraft(context, ({ target }) => attachmentsOf(place, target))
    },
  },
  addFile: {
    async run(context, args) {
      const files = filesOf(args)
      await addToDraft(context, ({ target }) => Promise.all(files.map((uri) => fileAttachment(uri, target))))
    },
  },
  addChanges: {
    async run(context, args) {
      const files = changedFilesOf(args).map(({ fsPath }) => fsPath)
      await addToDraft(context, async ({ target: { directory } }) => {
        if (files.length > 0) return [await fileChangesAttachment(files, directory)]
        const set = await pickChanges(directory)
        return set === undefined ? [] : [await changesAttachment(directory, set)]
      })
    },
  },
  addTerminalSelection: {
    async run(context) {
      const attachment = await terminalSelection()
      await addToDraft(context, () => Promise.resolve([attachment]))
    },
  },
  ask: {
    async run(context, args) {
      const place = placeOf(args)
      const question = await askFor(
        vscode.l10n.t('Ask OpenCode'),
        vscode.l10n.t('What do you want to know or have done?'),
      )
      if (question) await send(context, async ({ target }) => [question, await attachmentsOf(place, target)])
    },
  },
  explainSelection: templateCommand('explain'),
  writeTests: templateCommand('tests'),
  writeDocs: templateCommand('docs'),
  refactor: {
    async run(context, args) {
      const place = placeOf(args)
      soundTemplate(context.services.settings.prompts.value, 'refactor')
      const input = await askFor(vscode.l10n.t('Refactor'), vscode.l10n.t('What should become better?'))
      if (input) await sendTemplate(context, 'refactor', place, input)
    },
  },
  fixProblem: {
    async run(context, args) {
      const { document, range, diagnostics } = await problemPlace(args)
      const template = soundTemplate(context.services.settings.prompts.value, 'fix')
      await send(context, async ({ target }) => {
        const { attachments, values } = await problemAttachments(document, range, target, diagnostics)
        return [fill(template, values), attachments]
      })
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

function templateCommand(name: TemplateName): CommandSpec {
  return { run: (context, args) => sendTemplate(context, name, placeOf(args)) }
}

async function sendTemplate(
  context: CommandContext,
  name: TemplateName,
  place: Place,
  input = '',
): Promise<void> {
  const template = soundTemplate(context.services.settings.prompts.value, name)
  await send(context, async ({ target }) => {
    const attachments = await attachmentsOf(place, target)
    const values = await valuesOf(place, target, { used: variablesOf(template), attachments })
    return [fill(template, { ...values, input }), attachments]
  })
}

function fill(template: string, values: TemplateValues): string {
  return fillTemplate(template, values, vscode.l10n.t('(none)'))
}

/** A chat with what the makers of parts must know of it. */
interface Receiver {
  readonly chat: ChatSession
  readonly target: PromptTarget
}

async function receiver(context: CommandContext): Promise<Receiver> {
  const chat = await chatInSight(context)
  const directory = chat.directory ?? (await activeFolder()).directory
  return { chat, target: promptTarget(chat.backend, directory) }
}

async function addToDraft(
  context: CommandContext,
  make: (to: Receiver) => Promise<readonly Attachment[]>,
): Promise<void> {
  const to = await receiver(context)
  context.services.drafts.add(to.chat.draftKey, await make(to))
  to.chat.focus()
}

/** Sends at once; what stands in the composer stays there. */
async function send(
  context: CommandContext,
  make: (to: Receiver) => Promise<readonly [text: string, attachments: readonly Attachment[]]>,
): Promise<void> {
  const to = await receiver(context)
  await to.chat.send(...(await make(to)))
}

async function askFor(title: string, prompt: string): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({ title, prompt, ignoreFocusOut: true })
  return text?.trim()
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
