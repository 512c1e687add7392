import type { SessionID } from '../../opencode/ids.ts'
import { groupByFolder } from './grouping.ts'
import type { DateGroup, SessionRow } from './grouping.ts'

/** A line of a list: the head of a group, or a session. */
export type Line =
  | { readonly kind: 'head'; readonly group: DateGroup; readonly directory: string }
  | { readonly kind: 'row'; readonly row: SessionRow }

type Place = Extract<Line, { kind: 'head' }> | { readonly kind: 'row'; readonly id: SessionID }

/**
 * Keeps the lines of an open list where they are, whatever changes in them. VS Code tells a choice by its place in
 * the list, and by then the list may have been drawn anew. What comes later comes behind; what is gone stays as it was.
 */
export class RowPlaces {
  readonly #places: Place[] = []
  readonly #rows = new Map<SessionID, SessionRow>()

  get lines(): readonly Line[] {
    return this.#places.flatMap((place): readonly Line[] => {
      if (place.kind === 'head') return [place]
      const row = this.#rows.get(place.id)
      return row ? [{ kind: 'row', row }] : []
    })
  }

  has(id: SessionID): boolean {
    return this.#rows.has(id)
  }

  /** Takes over what is known of the sessions now; those that are new are put in order behind the others. */
  update(rows: readonly SessionRow[], folders: readonly string[], now: Date): void {
    const fresh = rows.filter(({ session }) => !this.#rows.has(session.id))
    for (const row of rows) this.#rows.set(row.session.id, row)
    for (const { directory, groups } of groupByFolder(fresh, folders, now)) {
      for (const { group, rows: own } of groups) {
        this.#places.push({ kind: 'head', group, directory })
        for (const { session } of own) this.#places.push({ kind: 'row', id: session.id })
      }
    }
  }

  clear(): void {
    this.#places.length = 0
    this.#rows.clear()
  }
}
