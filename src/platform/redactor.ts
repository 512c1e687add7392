const shortest = 6

/**
 * Takes known secrets out of texts. Each secret is also looked for in the forms in which it travels:
 * base64 of `user:password`, and percent-encoded.
 */
export class Redactor {
  readonly #secrets = new Map<string, readonly string[]>()

  /** Remembers a secret for the life of the window; very short ones would blank ordinary words. */
  add(secret: string, username = 'opencode'): void {
    if (secret.length < shortest) return
    const basic = Buffer.from(`${username}:${secret}`).toString('base64')
    this.#secrets.set(secret, [secret, basic, basic.replace(/=+$/, ''), encodeURIComponent(secret)])
  }

  redact(text: string): string {
    let result = text
    for (const forms of this.#secrets.values()) {
      for (const form of forms) result = result.replaceAll(form, '***')
    }
    return result.replace(/(authorization["']?\s*[:=]\s*["']?)(basic|bearer)\s+[\w.~+/=-]+/gi, '$1$2 ***')
  }
}
