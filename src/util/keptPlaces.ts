/**
 * Keeps the rows of an open list where they are, whatever changes in them: VS Code tells a choice by its place in the
 * list, and by then the list may have been drawn anew. A row is the same as long as its key is. What comes later comes
 * behind; what is gone stays as it was.
 */
export class KeptPlaces<Row> {
  readonly #keyOf: (row: Row) => string
  #rows: readonly Row[] = []

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf
  }

  /** Takes over what is known now, and gives the rows in the order to show them in. */
  update(rows: readonly Row[]): readonly Row[] {
    const now = new Map(rows.map((row) => [this.#keyOf(row), row]))
    const kept = this.#rows.map((row) => now.get(this.#keyOf(row)) ?? row)
    const known = new Set(kept.map(this.#keyOf))
    this.#rows = [...kept, ...rows.filter((row) => !known.has(this.#keyOf(row)))]
    return this.#rows
  }
}
