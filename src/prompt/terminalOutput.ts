import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Attachment } from './attachment.ts'
import { textAttachment, textLimit } from './textPart.ts'

/** Text of a terminal, with the chip that sends it. */
export interface TerminalText {
  readonly text: string
  readonly attachment: Attachment
}

interface Execution {
  readonly command: string
  output: string
  exitCode: number | undefined
}

/**
 * The last command of each terminal with what it printed, as VS Code's shell integration tells. Terminals
 * without it, and commands that began before us, are not known.
 */
export class TerminalOutput implements Disposable {
  readonly #store = new DisposableStore()
  readonly #last = new Map<vscode.Terminal, Execution>()

  constructor() {
    this.#store.add(
      vscode.window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
        const entry: Execution = { command: execution.commandLine.value, output: '', exitCode: undefined }
        this.#last.set(terminal, entry)
        void collect(execution, entry)
      }),
    )
    this.#store.add(
      vscode.window.onDidEndTerminalShellExecution(({ terminal, exitCode }) => {
        const entry = this.#last.get(terminal)
        if (entry) entry.exitCode = exitCode
      }),
    )
    this.#store.add(vscode.window.onDidCloseTerminal((terminal) => this.#last.delete(terminal)))
  }

  /** The command line whose output `attachment` would give; undefined when none is known. */
  get lastCommand(): string | undefined {
    return this.#current()?.command
  }

  /** As `text`, the chip alone. */
  async attachment(): Promise<Attachment> {
    return (await this.text()).attachment
  }

  /**
   * The last command of the active terminal and its output.
   *
   * @throws OpencodeError `not-found`
   */
  async text(): Promise<TerminalText> {
    const execution = this.#current()
    if (!execution) {
      throw new OpencodeError(
        'not-found',
        vscode.l10n.t('No command of the terminal is known. Select its text and add the selection instead.'),
      )
    }
    const { command, exitCode } = execution
    const isActive =
      vscode.window.activeTerminal && this.#last.get(vscode.window.activeTerminal) === execution
    // VS Code may have told nothing of a command that was over at once, although it knows what that printed.
    const isMissed = execution.output === '' && exitCode !== undefined && isActive === true
    const missed = isMissed ? await copied('workbench.action.terminal.copyLastCommandOutput') : undefined
    const output = missed ?? execution.output
    const end = exitCode === undefined ? '' : `\n[exit code ${exitCode}]`
    const text = `$ ${command}\n${plain(output)}${end}\n`
    const label = vscode.l10n.t('Output of {0}', firstWord(command))
    const chip = { kind: 'terminal', label, detail: command, name: 'terminal.txt', text } as const
    return { text, attachment: textAttachment(chip) }
  }

  dispose(): void {
    this.#store.dispose()
    this.#last.clear()
  }

  #current(): Execution | undefined {
    const { activeTerminal } = vscode.window
    const own = activeTerminal && this.#last.get(activeTerminal)
    return own ?? [...this.#last.values()].at(-1)
  }
}

/**
 * What is selected in the active terminal; undefined when nothing is. VS Code lets nobody read it but by the clipboard,
 * whose content is put back.
 */
export async function terminalSelection(): Promise<TerminalText | undefined> {
  const text = await copied('workbench.action.terminal.copySelection')
  if (text === undefined || text.trim() === '') return undefined
  const label = vscode.l10n.t('Selection of the terminal')
  const detail = text.slice(0, 300)
  const chip = { kind: 'terminal', label, detail, name: 'terminal-selection.txt', text } as const
  return { text, attachment: textAttachment(chip) }
}

/** The error of a terminal without a selection. */
export function nothingSelected(): OpencodeError {
  return new OpencodeError(
    'invalid-argument',
    vscode.l10n.t('Nothing is selected in the terminal. Select some of its text first.'),
  )
}

/** What a command of VS Code puts into the clipboard, whose content is put back; undefined when it puts nothing there. */
async function copied(command: string): Promise<string | undefined> {
  const { clipboard } = vscode.env
  const before = await clipboard.readText()
  const mark = `opencode-sessions ${Date.now()}`
  await clipboard.writeText(mark)
  try {
    await vscode.commands.executeCommand(command)
    await sleep(50)
    const text = await clipboard.readText()
    return text === mark ? undefined : text
  } finally {
    await clipboard.writeText(before)
  }
}

async function collect(execution: vscode.TerminalShellExecution, entry: Execution): Promise<void> {
  for await (const data of execution.read()) entry.output = (entry.output + data).slice(-2 * textLimit)
}

function firstWord(command: string): string {
  return command.trim().split(/\s+/, 2).join(' ').slice(0, 40)
}

/** Without colours, cursor movements and the marks of the shell integration. */
function plain(output: string): string {
  return output
    .replaceAll(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replaceAll(/\u001b\[[\d;?<>=]*[ -/]*[@-~]/g, '')
    .replaceAll(/\u001b[=>()][A-Z0-9]?/g, '')
    .replaceAll(/\r+\n/g, '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n')
    .trim()
}
