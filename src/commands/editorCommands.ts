import * as vscode from 'vscode'
import { activeFolder, filePath } from '../platform/folders.ts'
import type { Attachment, PromptTarget } from '../prompt/attachment.ts'
import { fileAttachments } from '../prompt/filePart.ts'
import { changesAttachment, fileChangesAttachment } from '../prompt/changes.ts'
import { attachmentsOf, valuesOf } from '../prompt/subject.ts'
import type { Place } from '../prompt/subject.ts'
import { variablesOf } from '../prompt/template.ts'
import type { TemplateName } from '../prompt/template.ts'
import { filled, soundTemplate } from '../prompt/templates.ts'
import type { TerminalOutput } from '../prompt/terminalOutput.ts'
import type { ChatSession } from '../views/chat/chatSession.ts'
import { promptTarget } from '../views/composer/promptTarget.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import {
  changedFilesOf,
  filesOf,
  isStaged,
  isTerminal,
  placeOf,
  problemPlace,
  repositoryOf,
  terminalPlace,
} from './editor/editorPlaces.ts'
import { pickChangesOf } from './editor/pickChanges.ts'

type Name = keyof typeof commandIds

/** What goes from the editor into the chat. Each looks at the editor first: what follows may take its time. */
export const editorCommands = {
  addSelection: {
    async run(context, args) {
      const place = await placeFor(context, args)
      await addToDraft(context, ({ target }) => attachmentsOf(place, target))
    },
  },
  addFile: {
    async run(context, args) {
      const files = filesOf(args)
      const { chat, target } = await receiver(context)
      const { attachments, failure } = await fileAttachments(files, target)
      context.services.drafts.add(chat.draftKey, attachments)
      chat.focus()
      if (failure !== undefined) throw failure
    },
  },
  addChanges: {
    async run(context, args) {
      const files = changedFilesOf(args).map(filePath)
      await addToDraft(context, async ({ target: { directory } }) => {
        if (files.length > 0) return [await fileChangesAttachment(files, directory, isStaged(args))]
        const picked = await pickChangesOf(repositoryOf(args), directory)
        const denied = context.services.settings.deniedFiles.value
        return picked ? [await changesAttachment(directory, picked.set, denied, picked.paths)] : []
      })
    },
  },
  addTerminalSelection: {
    async run(context) {
      const place = await terminalPlace(outputsOf(context))
      await addToDraft(context, ({ target }) => attachmentsOf(place, target))
    },
  },
  ask: {
    async run(context, args) {
      const place = await placeFor(context, args)
      checkTemplate(context, 'ask')
      const question = await askFor(
        vscode.l10n.t('Ask OpenCode'),
        vscode.l10n.t('What do you want to know or have done?'),
      )
      if (question) await sendTemplate(context, 'ask', place, question)
    },
  },
  explainSelection: {
    async run(context, args) {
      const place = await placeFor(context, args)
      await sendTemplate(context, place.kind === 'problems' ? 'explainProblem' : 'explain', place)
    },
  },
  writeTests: templateCommand('tests'),
  writeDocs: templateCommand('docs'),
  refactor: {
    async run(context, args) {
      const place = await placeFor(context, args)
      checkTemplate(context, 'refactor')
      const input = await askFor(vscode.l10n.t('Refactor'), vscode.l10n.t('What should become better?'))
      if (input) await sendTemplate(context, 'refactor', place, input)
    },
  },
  fixProblem: {
    async run(context, args) {
      const place = await placeFor(context, args)
      if (place.kind === 'output') await sendTemplate(context, 'fixOutput', place)
      else await sendTemplate(context, 'fix', problemPlace(place))
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

function templateCommand(name: TemplateName): CommandSpec {
  return { run: async (context, args) => sendTemplate(context, name, await placeFor(context, args)) }
}

async function placeFor(context: CommandContext, args: readonly unknown[]): Promise<Place> {
  return isTerminal(args[0]) ? terminalPlace(outputsOf(context)) : placeOf(args)
}

function outputsOf({ services }: CommandContext): TerminalOutput {
  return services.composer.mentions.terminal
}

/** Before the user is asked for words that a broken template would lose. */
function checkTemplate({ services }: CommandContext, name: TemplateName): void {
  soundTemplate(services.settings.prompts.value, name)
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
    return [filled(template, { ...values, input }), attachments]
  })
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
