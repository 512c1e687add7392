import * as vscode from 'vscode'
import { isRecord } from '../platform/storage.ts'
import type { StoredValue } from '../platform/storage.ts'
import { Emitter } from '../util/event.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { ApiError } from './apiError.ts'

export type Consent = 'allowed' | 'denied'

/**
 * Which extensions the user lets use OpenCode. The id is what the extension says of itself: all extensions
 * share one process, so this tells the user who asks, and is no wall against one that lies.
 */
export class Consents implements Disposable {
  readonly #stored: StoredValue
  readonly #asking = new Map<string, Promise<boolean>>()
  readonly #onDidDeny = new Emitter<string>()
  /** Fires with the id of an extension whose access was taken away. */
  readonly onDidDeny = this.#onDidDeny.event

  constructor(stored: StoredValue) {
    this.#stored = stored
  }

  /** What was decided so far, by extension id. */
  get all(): Readonly<Record<string, Consent>> {
    const value = this.#stored.get()
    if (!isRecord(value)) return {}
    const known = Object.entries(value).filter(([, each]) => each === 'allowed' || each === 'denied')
    return Object.fromEntries(known) as Record<string, Consent>
  }

  async set(extension: string, consent: Consent | undefined): Promise<void> {
    const { [extension]: _, ...others } = this.all
    await this.#stored.set(consent === undefined ? others : { ...others, [extension]: consent })
    if (consent !== 'allowed') this.#onDidDeny.fire(extension)
  }

  /**
   * Asks the user when nothing was decided yet; once, however many ask at the same time.
   *
   * @throws ApiError `untrusted`, `consent-denied`
   */
  async check(extension: string): Promise<void> {
    checkTrust()
    const known = this.all[extension]
    if (known === 'allowed') return
    if (known === undefined && (await this.#askOnce(extension))) return
    const message = `The user does not want ${extension} to use OpenCode. "OpenCode: Manage Extension Access…" changes that.`
    throw new ApiError('consent-denied', message)
  }

  dispose(): void {
    this.#onDidDeny.dispose()
  }

  #askOnce(extension: string): Promise<boolean> {
    const asking = this.#asking.get(extension)
    if (asking) return asking
    const asked = this.#ask(extension).finally(() => this.#asking.delete(extension))
    this.#asking.set(extension, asked)
    return asked
  }

  /** Closing the question decides nothing for the next time. */
  async #ask(extension: string): Promise<boolean> {
    const allow = vscode.l10n.t('Allow')
    const deny = vscode.l10n.t("Don't Allow")
    const question = vscode.l10n.t('Let the extension {0} use OpenCode?', displayName(extension))
    const detail = vscode.l10n.t(
      'It could run prompts in your workspace, answer what their agents ask, and read and delete sessions. You can take this back with "OpenCode: Manage Extension Access…".',
    )
    const picked = await vscode.window.showWarningMessage(question, { modal: true, detail }, allow, deny)
    if (picked === allow) await this.set(extension, 'allowed')
    if (picked === deny) await this.set(extension, 'denied')
    return picked === allow
  }
}

/** @throws ApiError `untrusted` */
export function checkTrust(): void {
  if (vscode.workspace.isTrusted) return
  throw new ApiError('untrusted', 'This workspace is in Restricted Mode: OpenCode is not used in it.')
}

/** `Reviewer (acme.reviewer)` */
export function displayName(extension: string): string {
  const manifest: unknown = vscode.extensions.getExtension(extension)?.packageJSON
  const name = isRecord(manifest) ? manifest['displayName'] : undefined
  return typeof name === 'string' ? `${name} (${extension})` : extension
}
