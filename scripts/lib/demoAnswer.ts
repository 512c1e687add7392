import type { Action, Step, ToolCall } from './modelScript.ts'
import { withoutDirectives } from './modelScript.ts'
import type { ChatMessage, ModelRequest } from './modelRequest.ts'

/**
 * What the offline demo answers to a prompt without directives: words about changing something show an
 * edit with a permission and a diff, words about running show a shell command, anything else is talk.
 */
export function demoSteps(call: ModelRequest): readonly Step[] {
  const prompt = withoutDirectives(call.prompt)
  const typed = typedText(call.body.messages).toLowerCase()
  const offered = new Set(call.body.tools?.map((tool) => tool.function?.name))
  if (/\b(edit|change|fix|write|add|create|file|refactor|rename)\b/.test(typed) && offered.has('edit'))
    return editing(call, prompt)
  if (/\b(run|test|build|shell|command|list|bash)\b/.test(typed) && offered.has('bash')) return running()
  return talking(typed)
}

const pace: readonly Action[] = [
  { type: 'delay', ms: 18 },
  { type: 'chunk', characters: 6 },
]

function step(reason: string, text: string, tools: readonly ToolCall[] = []): Step {
  const actions: Action[] = [...pace]
  if (reason !== '') actions.push({ type: 'reason', text: reason })
  if (text !== '') actions.push({ type: 'text', text })
  return { actions, tools }
}

function tool(name: string, input: Readonly<Record<string, unknown>>): ToolCall {
  return { name, input: JSON.stringify(input) }
}

function running(): readonly Step[] {
  return [
    step(
      'A command is needed. I ask for permission first.',
      'I will look around with a small shell command.\n\n',
      [
        tool('bash', {
          command: 'git log --oneline -n 3; ls',
          description: 'Show the last commits and the files',
        }),
      ],
    ),
    step('', 'That is what the folder holds. Nothing was changed.\n'),
  ]
}

function editing(call: ModelRequest, prompt: string): readonly Step[] {
  const attached = attachedLine(prompt)
  const change = attached ? replacement(attached) : newNote(call)
  return [
    step(
      'The user wants a change. I make a small one and ask before I write.',
      'I suggest this change:\n\n',
      [change],
    ),
    step(
      '',
      'The change is in place. Use **Open diff** on the card above to look at it, or undo it with *Revert*.\n',
    ),
  ]
}

interface AttachedLine {
  readonly path: string
  readonly line: string
}

/** The first line with text of a file that came with the prompt, the way the server writes files into it. */
function attachedLine(prompt: string): AttachedLine | undefined {
  const path = /"filePath":\s*"((?:[^"\\]|\\.)+)"/.exec(prompt)?.[1]
  const line = /^\s*\d+[:|]\s?(.*\S.*)$/m.exec(prompt)?.[1]
  return path !== undefined && line !== undefined ? { path, line } : undefined
}

function replacement({ path, line }: AttachedLine): ToolCall {
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  const mark = /\.(py|rb|sh|ya?ml|toml)$/.test(path) ? '#' : '//'
  return tool('edit', {
    filePath: path,
    oldString: line,
    newString: `${indent}${mark} Reviewed with OpenCode.\n${line}`,
  })
}

function newNote(call: ModelRequest): ToolCall {
  const directory = workingDirectory(call.body.messages)
  const lines = [
    '# Notes',
    '',
    'Written by the scripted model, to show a permission and a diff.',
    '',
    '- streaming',
    '- tools',
    '- diffs',
    '',
  ]
  return tool('write', {
    filePath: directory === undefined ? 'NOTES.md' : `${directory}/NOTES.md`,
    content: lines.join('\n'),
  })
}

function workingDirectory(messages: readonly ChatMessage[]): string | undefined {
  for (const message of messages) {
    const text = typeof message.content === 'string' ? message.content : ''
    const found = /Working directory: (.+)/.exec(text)?.[1]
    if (found !== undefined) return found.trim()
  }
  return undefined
}

/** The last user message without what the server put in it (file contents, reminders). */
function typedText(messages: readonly ChatMessage[]): string {
  const content = messages.findLast((message) => message.role === 'user')?.content
  if (content === undefined || content === null) return ''
  return typeof content === 'string' ? content : (content[0]?.text ?? '')
}

function talking(typed: string): readonly Step[] {
  const greeting = /\b(hello|hi|hey)\b/.test(typed) ? 'Hello! ' : ''
  const text = [
    `${greeting}I am the **scripted model**: no language model is behind this answer, and nothing left this machine.`,
    '',
    'Try one of these prompts:',
    '',
    '| Prompt | What it shows |',
    '| --- | --- |',
    '| `Add a file with notes` | an edit, a permission, a diff |',
    '| `Run a command` | a shell command with a permission |',
    '| `[[lorem:500]]` | a long answer |',
    '',
    'Code comes with highlighting:',
    '',
    '```ts',
    'export function greet(name: string): string {',
    '  return `Hello, ${name}!`',
    '}',
    '```',
    '',
  ]
  return [step('The user talks to me. I explain what I am.', text.join('\n'))]
}
