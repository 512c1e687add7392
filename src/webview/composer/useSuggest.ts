import { useEffect, useRef, useState } from 'preact/hooks'
import type { Mention, SlashCommand } from '../../protocol/composer.ts'
import { fuzzyMatch } from '../../util/fuzzy.ts'
import type { AppContext } from '../app.ts'
import { insertAt, triggerAt } from './trigger.ts'
import type { Trigger } from './trigger.ts'
import type { TextKey } from './recall.ts'

/** One row of the list. */
export interface Suggestion {
  readonly key: string
  readonly icon: string
  readonly label: string
  readonly description?: string
  readonly matches?: readonly number[]
  readonly pick: () => void
}

export interface SuggestState {
  readonly label: string
  readonly rows: readonly Suggestion[]
  readonly active: number
  readonly isLoading: boolean
}

export interface Suggest {
  /** Undefined while nothing is being looked for. */
  readonly state: SuggestState | undefined
  /** Call after every change of text or caret. */
  readonly update: () => void
  /** Whether the key was for the list. */
  readonly onKey: (event: TextKey) => boolean
  readonly close: () => void
  readonly setActive: (index: number) => void
}

type Input = { readonly current: HTMLTextAreaElement | null }

interface Found {
  readonly trigger: Trigger
  readonly rows: readonly Suggestion[]
  readonly isLoading: boolean
}

const debounceMs = 60

export const suggestIcons: Readonly<Record<Mention['kind'], string>> = {
  file: 'file',
  selection: 'selection',
  symbol: 'symbol-method',
  problem: 'warning',
  image: 'file-media',
  pdf: 'file-pdf',
  folder: 'folder',
  cell: 'notebook',
  terminal: 'terminal',
  changes: 'git-compare',
  session: 'comment-discussion',
  agent: 'agent',
  paste: 'clippy',
}

const sourceIcons: Readonly<Record<SlashCommand['source'], string>> = {
  own: 'symbol-event',
  command: 'terminal-cmd',
  skill: 'mortar-board',
  mcp: 'plug',
}

/** The list that `@` and `/` open: what is in it, and the keys that move in it. */
export function useSuggest(app: AppContext, input: Input): Suggest {
  const [found, setFound] = useState<Found>()
  const [active, setActive] = useState(0)
  const dismissed = useRef<number>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const turn = useRef(0)
  /** Enter came before the rows that belong to what is typed: it means the first of them. */
  const isPicking = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  const close = (): void => {
    turn.current++
    isPicking.current = false
    clearTimeout(timer.current)
    setFound(undefined)
  }
  const replace = (trigger: Trigger, word: string): void => {
    const next = insertAt(app.store.text.value, trigger, word)
    close()
    put(input.current, next)
    app.actions.type(next.text)
  }
  const look = async (trigger: Trigger, withIgnored: boolean): Promise<void> => {
    const mine = ++turn.current
    const parts = { app, trigger, replace, more: () => void look(trigger, true) }
    const rows = trigger.kind === 'mention' ? await mentionRows(parts, withIgnored) : await slashRows(parts)
    if (mine !== turn.current) return
    if (isPicking.current && rows[0]) {
      rows[0].pick()
      return
    }
    setActive(0)
    setFound(rows.length === 0 && trigger.kind === 'slash' ? undefined : { trigger, rows, isLoading: false })
  }
  const update = (): void => {
    const trigger = readTrigger(input.current)
    if (trigger?.start !== dismissed.current) dismissed.current = undefined
    if (!trigger || dismissed.current !== undefined) return close()
    if (found && isSame(found.trigger, trigger)) return
    turn.current++
    isPicking.current = false
    setFound({ trigger, rows: found?.rows ?? [], isLoading: true })
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void look(trigger, false), found ? debounceMs : 0)
  }
  const label = found?.trigger.kind === 'mention' ? 'Context' : 'Commands'
  const state = found && { label, rows: found.rows, active, isLoading: found.isLoading }
  const onKey = (event: TextKey): boolean => {
    if (!found) return false
    if (event.key === 'Escape') {
      dismissed.current = found.trigger.start
      close()
      return true
    }
    if (found.isLoading && isPick(event)) {
      isPicking.current = true
      return true
    }
    return moveOrPick(event, { rows: found.rows, active, setActive })
  }
  return { state, update, onKey, close, setActive }
}

interface List {
  readonly rows: readonly Suggestion[]
  readonly active: number
  readonly setActive: (index: number) => void
}

function moveOrPick(event: TextKey, { rows, active, setActive }: List): boolean {
  const row = rows[active]
  if (!row || event.shiftKey) return false
  const step = stepOf(event.key)
  if (step !== undefined) setActive((active + step + rows.length) % rows.length)
  else if (isPick(event)) row.pick()
  else return false
  return true
}

function isPick({ key, shiftKey }: TextKey): boolean {
  return !shiftKey && (key === 'Enter' || key === 'Tab')
}

/** At once, so that what is typed next lands behind the word. */
function put(area: HTMLTextAreaElement | null, next: ReturnType<typeof insertAt>): void {
  if (!area) return
  area.value = next.text
  area.setSelectionRange(next.caret, next.caret)
}

function readTrigger(area: HTMLTextAreaElement | null): Trigger | undefined {
  if (!area || area.selectionStart !== area.selectionEnd) return undefined
  return triggerAt(area.value, area.selectionStart)
}

function isSame(left: Trigger, right: Trigger): boolean {
  return left.start === right.start && left.query === right.query
}

function stepOf(key: string): number | undefined {
  if (key === 'ArrowDown') return 1
  return key === 'ArrowUp' ? -1 : undefined
}

interface RowParts {
  readonly app: AppContext
  readonly trigger: Trigger
  readonly replace: (trigger: Trigger, word: string) => void
  readonly more: () => void
}

async function mentionRows(parts: RowParts, withIgnored: boolean): Promise<readonly Suggestion[]> {
  const { app, trigger, replace } = parts
  const { mentions, hasIgnored } = await app.actions.searchMentions(trigger.query, withIgnored)
  const rows = mentions.map(({ id, kind, token, ...rest }): Suggestion => ({
    ...rest,
    key: id,
    icon: suggestIcons[kind],
    pick: () => {
      replace(trigger, token)
      void app.actions.pickMention(id)
    },
  }))
  if (!hasIgnored) return rows
  return [
    ...rows,
    { key: 'ignored', icon: 'search', label: 'Search ignored files too', pick: () => parts.more() },
  ]
}

async function slashRows({ app, trigger, replace }: RowParts): Promise<readonly Suggestion[]> {
  const commands = await app.actions.slashCommands()
  return commands
    .flatMap((command) => {
      const match = fuzzyMatch(trigger.query, command.name)
      return match ? [{ command, match }] : []
    })
    .sort((left, right) => right.match.score - left.match.score)
    .map(({ command, match }): Suggestion => ({
      key: command.name,
      icon: sourceIcons[command.source],
      label: `/${command.name}`,
      ...(command.description === undefined ? {} : { description: command.description }),
      matches: match.positions.map((at) => at + 1),
      pick: () => {
        if (command.source !== 'own') return replace(trigger, `/${command.name}`)
        replace(trigger, '')
        app.actions.type(app.store.text.value.trimStart())
        void app.actions.runSlash(command.name)
      },
    }))
}
