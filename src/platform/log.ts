import * as vscode from 'vscode'
import type { Disposable } from '../util/lifecycle.ts'
import { Redactor } from './redactor.ts'

/**
 * The extension's log, shown in the Output panel. Every line passes the redactor, so a secret that is
 * known here cannot reach it. Lines start with their area: `server`, `client`, `sync`, `chat`, `page`.
 */
export class Log implements Disposable {
  readonly redactor = new Redactor()
  readonly #channel = vscode.window.createOutputChannel('OpenCode', { log: true })

  #container: vscode.OutputChannel | undefined

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

  debug(message: string): void {
    this.#channel.debug(this.redactor.redact(message))
  }

  info(message: string): void {
    this.#channel.info(this.redactor.redact(message))
  }

  warn(message: string): void {
    this.#channel.warn(this.redactor.redact(message))
  }

  error(message: string, error?: unknown): void {
    const cause = error === undefined ? '' : `: ${describe(error)}`
    this.#channel.error(this.redactor.redact(message + cause))
  }

  show(): void {
    this.#channel.show(true)
  }

  dispose(): void {
    this.#channel.dispose()
    this.#container?.dispose()
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
