/** Something that `@` can bring into a prompt; the host keeps what it stands for. */
export interface Mention {
  /** Known to the host until another chat's search or some hundred later results push it out. */
  readonly id: string
  readonly kind: ContextItem['kind']
  readonly label: string
  /** Where it is, or what it holds. */
  readonly description?: string
  /** The word that stands for it in the text, with its `@`. */
  readonly token: string
  /** Which characters of the label the search found. */
  readonly matches?: readonly number[]
}

export interface MentionAnswer {
  readonly mentions: readonly Mention[]
  /** Git-ignored files were left out and can be asked for. */
  readonly hasIgnored: boolean
}

/** What `/` offers. */
export interface SlashCommand {
  readonly name: string
  readonly description?: string
  /** `own`: runs a command of this extension; the others are run by the server. */
  readonly source: 'own' | 'command' | 'skill' | 'mcp'
}

/** A prompt that waits for the run to end. */
export interface QueuedPrompt {
  readonly id: string
  readonly text: string
  readonly items: readonly ContextItem[]
}

/** The prompts that wait in a session, in the order of sending. */
export interface PromptQueueState {
  readonly prompts: readonly QueuedPrompt[]
  /** Why nothing is sent although nothing runs; undefined while all is well. */
  readonly paused?: string
}

export type PromptMode = 'text' | 'shell'

/** A text that starts with `!` is a command line for the server's shell. */
export function promptMode(text: string): PromptMode {
  return text.startsWith('!') ? 'shell' : 'text'
}

/** The command line behind `!`. */
export function shellLine(text: string): string {
  return text.slice(1).trim()
}

/** `/name arguments` at the start of a text; undefined for other texts and for paths. */
export function readSlash(text: string): { readonly name: string; readonly arguments: string } | undefined {
  const found = /^\/([^\s/][^\s]*)(?:\s+([\s\S]*))?$/.exec(text)
  return found?.[1] === undefined ? undefined : { name: found[1], arguments: (found[2] ?? '').trim() }
}

/** Pasted text beyond either of these is folded into a chip. */
const foldedPaste = { characters: 4_000, lines: 60 }

export function isLargePaste(text: string): boolean {
  return (
    text.length > foldedPaste.characters || text.split('\n', foldedPaste.lines + 1).length > foldedPaste.lines
  )
}

/** "812 B", "3.4 KB", "1.2 MB": of 1024 bytes each. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const kilo = bytes / 1024
  if (kilo < 1024) return `${kilo < 10 ? kilo.toFixed(1) : kilo.toFixed(0)} KB`
  return `${(kilo / 1024).toFixed(1)} MB`
}

/** A context chip; its content stays on the host. */
export interface ContextItem {
  readonly id: string
  readonly kind:
    | 'file'
    | 'selection'
    | 'symbol'
    | 'problem'
    | 'image'
    | 'pdf'
    | 'folder'
    | 'cell'
    | 'terminal'
    | 'changes'
    | 'session'
    | 'agent'
    | 'paste'
  /** E.g. `add.ts:3–9`. */
  readonly label: string
  /** For the tooltip: path, language, symbol, "unsaved". */
  readonly detail: string
  /** Bytes of what it brings along; absent where nobody can know, e.g. for folders. */
  readonly size?: number
  /** The word in the text that stands for it, e.g. `@add.ts`. */
  readonly mention?: string
  /** It went along before in this session and has not changed: only its name will be sent. */
  readonly isKnown?: boolean
  /** Why it may no longer be what the user meant; shown on the chip. */
  readonly stale?: string
  /** The selection of the active editor, put here by a setting: nothing to send alone. */
  readonly isLive?: boolean
}
