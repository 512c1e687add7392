import * as vscode from 'vscode'
import type { Disposable } from '../util/lifecycle.ts'
import { Redactor } from './redactor.ts'

const recentLimit = 200

/**
 * The extension's log, shown in the Output panel. Every line passes the redactor, so a secret that is
 * known here cannot reach it. Lines start with their area: `server`, `client`, `sync`, `chat`, `page`.
 */
export class Log implements Disposable {
  readonly redactor = new Redactor()
  readonly #channel = vscode.window.createOutputChannel('OpenCode', { log: true })

  readonly #recent: string[] = []
  #container: vscode.OutputChannel | undefined
  #server: vscode.OutputChannel | undefined

  /** The newest lines of "info" and above, without secrets, oldest first; each with its time of day. */
  get recent(): readonly string[] {
    return this.#recent
  }

  /** What servers print that run as processes of ours, in a channel of its own. */
  output(line: string): void {
    this.#serverChannel.appendLine(this.redactor.redact(line))
  }

  showServer(): void {
    this.#serverChannel.show(true)
  }

  get #serverChannel(): vscode.OutputChannel {
    this.#server ??= vscode.window.createOutputChannel('OpenCode Server', 'log')
    return this.#server
  }

  /** What containers of ours and the builds of their images print, in a channel of its own. */
  container(line: string): void {
    this.#containerChannel.appendLine(this.redactor.redact(line))
  }

  showContainer(): void {
    this.#containerChannel.show(true)
  }

  get #containerChannel(): vscode.OutputChannel {
    this.#container ??= vscode.window.createOutputChannel('OpenCode Container', 'log')
    return this.#container
  }

  /** For texts that cost something to make: they are asked for only while the user looks at this level. */
  trace(message: () => string): void {
    if (this.#channel.logLevel !== vscode.LogLevel.Trace) return
    this.#channel.trace(this.redactor.redact(message()))
  }

  debug(message: string): void {
    this.#channel.debug(this.redactor.redact(message))
  }

  info(message: string): void {
    this.#channel.info(this.#keep('info', message))
  }

  warn(message: string): void {
    this.#channel.warn(this.#keep('warning', message))
  }

  error(message: string, error?: unknown): void {
    const cause = error === undefined ? '' : `: ${describe(error)}`
    this.#channel.error(this.#keep('error', message + cause))
  }

  show(): void {
    this.#channel.show(true)
  }

  dispose(): void {
    this.#channel.dispose()
    this.#container?.dispose()
    this.#server?.dispose()
  }

  /** Returns the line as it may be shown. */
  #keep(level: string, message: string): string {
    const line = this.redactor.redact(message)
    this.#recent.push(`${new Date().toISOString().slice(11, 23)} [${level}] ${line}`)
    if (this.#recent.length > recentLimit) this.#recent.shift()
    return line
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
