import { batch, signal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { SessionID } from '../opencode/ids.ts'
import { reduceChat } from '../protocol/chat.ts'
import type { ChatAction, ChatSnapshot, ChatState, Draft } from '../protocol/chat.ts'
import type { Host, PageState } from './host.ts'
import type { SearchQuery } from './search/matcher.ts'

const foldLimit = 200
const emptyDraftMs = 300

/**
 * The page's mirror of the chat. The host's snapshot and numbered actions are its only source; besides
 * it holds what the page alone knows: the text being typed, folds, small hints.
 */
export class ChatStore {
  readonly chat: Signal<ChatState | undefined> = signal(undefined)
  readonly text = signal('')
  readonly folds: Signal<Readonly<Record<string, boolean>>>
  /** A sentence about a call that failed, until the next one works or it is dismissed. */
  readonly callError: Signal<string | undefined> = signal(undefined)
  /** When the session on screen last changed by something that came from the server; epoch ms. */
  readonly lastChange = signal(Date.now())
  /** What is looked for in the transcript; undefined while the search bar is closed. */
  readonly search: Signal<SearchQuery | undefined> = signal(undefined)
  /** Said by the polite live region. */
  readonly announcement = signal('')
  readonly #host: Host
  #revision = -1
  #draftRevision: number | undefined
  #isSending = false
  /** Sends that the host has not answered yet, and from which session the last one went. */
  #inFlight = 0
  #sentFrom = ''
  #lastSearch: SearchQuery = { text: '', isRegex: false, isCaseSensitive: false }
  #page: PageState

  constructor(host: Host) {
    this.#host = host
    this.#page = host.getState()
    this.folds = signal(this.#page.folds ?? {})
  }

  get page(): PageState {
    return this.#page
  }

  open(snapshot: ChatSnapshot): void {
    this.#revision = snapshot.revision
    batch(() => {
      this.chat.value = snapshot.state
      this.lastChange.value = Date.now()
      this.#takeDraft(snapshot.state.draft)
    })
    this.#savePlace(snapshot.state)
  }

  /** Applies one numbered list. False: numbers are missing and the page must open again. */
  apply(revision: number, actions: readonly ChatAction[]): boolean {
    const state = this.chat.value
    if (!state || revision <= this.#revision) return state !== undefined
    if (revision !== this.#revision + 1) return false
    this.#revision = revision
    batch(() => {
      const next = actions.reduce(reduceChat, state)
      this.chat.value = next
      if (next.draft !== state.draft) this.#takeDraft(next.draft)
      if (next.session !== state.session) this.lastChange.value = Date.now()
    })
    this.#savePlace(this.chat.value ?? state)
    return true
  }

  setText(text: string): void {
    this.text.value = text
    this.#savePage({ draft: { sessionID: this.sessionKey, revision: this.#draftRevision ?? -1, text } })
  }

  /** The prompt left the composer: the empty draft that the host answers with must not eat new typing. */
  beginSend(): void {
    this.#isSending = true
    this.#inFlight++
    this.#sentFrom = this.sessionKey
    this.setText('')
  }

  /** The host has it; its empty draft comes with the next frame at the latest. */
  endSend(): void {
    setTimeout(() => this.#inFlight--, emptyDraftMs)
  }

  cancelSend(text: string): void {
    this.#inFlight--
    this.#isSending = false
    this.setText([text, this.text.value].filter((part) => part !== '').join('\n'))
  }

  /** Opens the search bar, or closes it. What was looked for last stands there again. */
  toggleSearch(isOpen: boolean): void {
    if (this.search.value) this.#lastSearch = this.search.value
    this.search.value = isOpen ? { ...this.#lastSearch } : undefined
  }

  isOpen(key: string, byDefault: boolean): boolean {
    return this.folds.value[key] ?? byDefault
  }

  setFold(key: string, isOpen: boolean): void {
    const entries = Object.entries({ ...this.folds.value, [key]: isOpen }).slice(-foldLimit)
    this.folds.value = Object.fromEntries(entries)
    this.#savePage({ folds: this.folds.value })
  }

  saveScroll(position: { readonly key: string; readonly offset: number } | undefined): void {
    this.#savePage({ scroll: position && { sessionID: this.sessionKey, ...position } })
  }

  get sessionKey(): string {
    return sessionIDOf(this.chat.value) ?? ''
  }

  #takeDraft(draft: Draft): void {
    const isFirst = this.#draftRevision === undefined
    if (draft.revision === this.#draftRevision) return
    this.#draftRevision = draft.revision
    if (draft.text === '' && this.#isEmptiedBySending()) {
      this.#isSending = false
      return
    }
    const spare = this.#page.draft
    const isSpareNewer =
      isFirst &&
      spare !== undefined &&
      // A higher one: the host went down before it could store the last drafts.
      spare.revision >= draft.revision &&
      spare.sessionID === this.sessionKey &&
      spare.text !== ''
    this.setText(isSpareNewer ? spare.text : draft.text)
  }

  /** Of several quick sends each one empties the draft, and none may eat what was typed since. */
  #isEmptiedBySending(): boolean {
    if (this.#isSending) return true
    return this.#inFlight > 0 && (this.#sentFrom === '' || this.#sentFrom === this.sessionKey)
  }

  #savePlace(state: ChatState): void {
    const place = { sessionID: sessionIDOf(state), directory: state.folder?.directory }
    if (place.sessionID === this.#page.sessionID && place.directory === this.#page.directory) return
    this.#savePage(place)
  }

  #savePage(part: PageState): void {
    this.#page = { ...this.#page, ...part }
    this.#host.setState(this.#page)
  }
}

/** Of the session that the chat is for, known or awaited. */
function sessionIDOf(chat: ChatState | undefined): SessionID | undefined {
  return chat?.session?.session.id ?? chat?.awaited
}
