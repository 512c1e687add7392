import type * as vscode from 'vscode'

/** One value in a Memento. What it reads is unknown: it may have been written by an older version. */
export class StoredValue {
  readonly #memento: vscode.Memento
  readonly #key: string

  constructor(memento: vscode.Memento, key: string) {
    this.#memento = memento
    this.#key = key
  }

  get(): unknown {
    return this.#memento.get(this.#key)
  }

  async set(value: unknown): Promise<void> {
    await this.#memento.update(this.#key, value)
  }
}

/** Whether a stored value is an object whose fields can be looked at. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
