import * as vscode from 'vscode'
import { formatBytes } from '../protocol/composer.ts'
import type { Prompt, PromptPart } from '../session/model.ts'

/** How a prompt will reach the server, for people: every part in its order, with its content. */
export async function describePrompt(prompt: Prompt): Promise<string> {
  const parts = await Promise.all(prompt.parts.map((part, index) => describePart(part, index + 1)))
  const { model, run } = prompt
  const facts = [
    run?.kind === 'shell' && `The server's shell runs: ${run.line}`,
    run?.kind === 'command' &&
      `The server's command /${run.name} with the arguments: ${run.arguments || '(none)'}`,
    prompt.agent && `Agent: ${prompt.agent}`,
    model && `Model: ${model.providerID}/${model.modelID}${model.variant ? ` (${model.variant})` : ''}`,
  ]
  const head = ['# What will be sent', ...facts.filter(Boolean), 'Ids are made at the moment of sending.']
  return `${[...head, ...parts].join('\n\n')}\n`
}

async function describePart(part: PromptPart, number: number): Promise<string> {
  switch (part.type) {
    case 'text': {
      const size = formatBytes(Buffer.byteLength(part.text))
      const note = part.synthetic === true ? ', for the model only' : ''
      return `## ${number}. Text (${size}${note})\n\n${fenced(part.text)}`
    }
    case 'agent':
      return `## ${number}. Agent ${part.name}`
    case 'inline': {
      const bytes = Buffer.from(part.base64, 'base64')
      const head = `## ${number}. ${part.name} (${part.mime}, ${formatBytes(bytes.byteLength)})`
      const origin = part.path === undefined ? [] : [`From ${part.path}${linesOf(part)}`]
      const isText = part.mime.startsWith('text/')
      return [head, ...origin, isText ? fenced(bytes.toString()) : 'Goes along as it is.'].join('\n\n')
    }
    case 'file': {
      const head = `## ${number}. ${part.name}${linesOf(part)} (${part.mime})`
      const text = part.mime === 'text/plain' ? await readLines(part.path, part.lines) : undefined
      const note = `The server reads ${part.path} from its own disk when the prompt arrives.`
      return [head, note, ...(text === undefined ? [] : ['At the moment it would read:', fenced(text)])].join(
        '\n\n',
      )
    }
  }
}

type Lines = { readonly start: number; readonly end: number } | undefined

function linesOf({ lines }: { readonly lines?: Lines }): string {
  return lines ? `, lines ${lines.start}–${lines.end}` : ''
}

async function readLines(path: string, lines: Lines): Promise<string | undefined> {
  try {
    const text = Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.file(path))).toString()
    return lines
      ? text
          .split('\n')
          .slice(lines.start - 1, lines.end)
          .join('\n')
      : text
  } catch {
    return undefined
  }
}

/** A fence longer than any inside. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`
}
