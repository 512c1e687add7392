import { randomUUID } from 'node:crypto'
import { OpencodeError } from '../../opencode/errors.ts'
import * as vscode from 'vscode'
import type { Attachment } from '../../prompt/attachment.ts'
import { foldersOf } from '../../prompt/fileIndex.ts'
import type { FileIndex } from '../../prompt/fileIndex.ts'
import type { TerminalOutput } from '../../prompt/terminalOutput.ts'
import type { Mention, MentionAnswer } from '../../protocol/composer.ts'
import { fuzzyMatch } from '../../util/fuzzy.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Backend } from '../backend/backend.ts'
import { promptTarget } from './promptTarget.ts'
import {
  agentCandidates,
  changeCandidates,
  editorCandidates,
  relativeCandidate,
  sessionCandidates,
  symbolCandidates,
} from './mentionSources.ts'
import type { Candidate } from './mentionSources.ts'

const shown = 40
const keptCandidates = 500
const sessionsShown = 30
const digestMessages = 100
const symbolsFrom = 2

/** What mentions are made of, shared by all chats of a window. */
export interface MentionParts {
  readonly files: FileIndex
  readonly terminal: TerminalOutput
  /** Globs of files that go along when they are picked one by one, and not otherwise. */
  readonly denied: () => readonly string[]
}

/** A chat as far as something is looked for in it. */
export interface SearchingChat {
  readonly backend: Backend
  readonly sessionID: SessionID | undefined
  /** @throws OpencodeError `no-folder` */
  needDirectory(): string
}

/** Finds what `@` may stand for in one chat, and keeps what was found until it is picked. */
export class MentionSearch {
  readonly #chat: SearchingChat
  readonly #parts: MentionParts
  readonly #found = new Map<string, Candidate>()

  constructor(chat: SearchingChat, parts: MentionParts) {
    this.#chat = chat
    this.#parts = parts
  }

  async search(query: string, withIgnored: boolean): Promise<MentionAnswer> {
    const directory = this.#chat.needDirectory()
    const candidates = await this.#candidates(directory, query, withIgnored)
    const ranked = rank(query, candidates)
    return {
      mentions: ranked.map(({ candidate, matches }) => this.#keep(candidate, matches)),
      hasIgnored: !withIgnored && query.trim() !== '',
    }
  }

  /**
   * Makes what was picked; its first chip carries the word that stands for it in the text.
   *
   * @throws OpencodeError `not-found` when the search is too long ago
   */
  async pick(id: string): Promise<readonly Attachment[]> {
    const candidate = this.#found.get(id)
    if (!candidate) {
      throw new OpencodeError('not-found', vscode.l10n.t('This is not known any more. Search for it again.'))
    }
    const attachments = await candidate.make()
    return attachments.map((attachment, index) =>
      index === 0 ? { ...attachment, item: { ...attachment.item, mention: candidate.token } } : attachment,
    )
  }

  async #candidates(directory: string, query: string, withIgnored: boolean): Promise<readonly Candidate[]> {
    const { backend } = this.#chat
    const target = promptTarget(backend, directory)
    const denied = this.#parts.denied()
    const isLong = query.trim().length >= symbolsFrom
    const [files, changes, symbols] = await Promise.all([
      this.#files(directory, query, withIgnored),
      changeCandidates(directory, denied),
      isLong ? symbolCandidates(query, target) : [],
    ])
    return [
      ...editorCandidates(target, this.#parts.terminal, denied),
      ...changes,
      ...agentCandidates(backend.catalogs.get(directory)),
      ...files.map((path) => relativeCandidate(path, target)),
      ...symbols,
      ...this.#sessions(directory),
    ]
  }

  async #files(directory: string, query: string, withIgnored: boolean): Promise<readonly string[]> {
    if (query.trim() === '') return []
    const { files } = this.#parts
    const known = await files.files(directory)
    const more = withIgnored ? await files.ignored(directory, query) : []
    const all = [...new Set([...known, ...more])]
    return [...foldersOf(all), ...all]
  }

  #sessions(directory: string): readonly Candidate[] {
    const { hub } = this.#chat.backend
    const sessions = hub
      .sessions(directory)
      .map(({ session }) => session)
      .filter(
        ({ id, parentID, archived }) => !parentID && archived === undefined && id !== this.#chat.sessionID,
      )
      .slice(0, sessionsShown)
    return sessionCandidates(sessions, async ({ id }) => {
      if (!hub.connection) throw new OpencodeError('not-running', vscode.l10n.t('The server is not running.'))
      return (await hub.connection.readMessages(id, digestMessages)).messages
    })
  }

  #keep(candidate: Candidate, matches: readonly number[]): Mention {
    const id = randomUUID()
    this.#found.set(id, candidate)
    if (this.#found.size > keptCandidates) {
      for (const old of [...this.#found.keys()].slice(0, shown)) this.#found.delete(old)
    }
    const { kind, label, description, token } = candidate
    return {
      id,
      kind,
      label,
      token,
      ...(description === undefined ? {} : { description }),
      ...(matches.length > 0 ? { matches } : {}),
    }
  }
}

interface Ranked {
  readonly candidate: Candidate
  readonly score: number
  /** Characters of the label. */
  readonly matches: readonly number[]
}

/** The best fits first; each thing once. Without a query the sources' own order stays. */
function rank(query: string, candidates: readonly Candidate[]): readonly Ranked[] {
  const seen = new Set<string>()
  const ranked: Ranked[] = []
  for (const candidate of candidates) {
    const match = fuzzyMatch(query, candidate.text)
    if (!match || seen.has(`${candidate.kind} ${candidate.token}`)) continue
    seen.add(`${candidate.kind} ${candidate.token}`)
    const offset = candidate.text.length - candidate.label.length
    const matches = match.positions.map((at) => at - offset).filter((at) => at >= 0)
    ranked.push({ candidate, score: match.score + candidate.weight * 8, matches })
  }
  const isEmpty = query.trim() === ''
  const sorted = isEmpty ? ranked : ranked.sort((left, right) => right.score - left.score)
  return sorted.slice(0, shown)
}
