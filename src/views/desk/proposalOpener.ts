import type { Log } from '../../platform/log.ts'
import type { Settings } from '../../platform/settings.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { RequestID } from '../../opencode/ids.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Chats } from '../chat/chats.ts'
import type { Manners } from './manners.ts'
import type { Proposals } from './proposals.ts'

export interface ProposalOpenerOptions {
  readonly proposals: Proposals
  readonly chats: Chats
  readonly settings: Settings
  readonly manners: Manners
  readonly log: Log
}

const againMs = 1_500

/** Shows the edit that the chat in sight asks about beside its question, without taking the focus. */
export class ProposalOpener implements Disposable {
  readonly #options: ProposalOpenerOptions
  readonly #store = new DisposableStore()
  readonly #seen = new Set<RequestID>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: ProposalOpenerOptions) {
    this.#options = options
    this.#store.add(options.proposals.onDidChange(() => void this.#look()))
    this.#store.add(options.chats.onDidChange(() => void this.#look()))
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  async #look(): Promise<void> {
    const { proposals, chats, settings, manners, log } = this.#options
    const chat = chats.active
    const id = chat?.isVisible === true ? chat.state.session?.requests[0]?.id : undefined
    const proposal = proposals.all.find(({ request }) => request.id === id)
    if (!proposal || this.#seen.has(proposal.request.id) || !settings.openProposals.value) return
    const place = manners.place()
    if (!place) {
      this.#lookLater()
      return
    }
    this.#seen.add(proposal.request.id)
    try {
      await proposals.show(proposal, place)
    } catch (error) {
      log.debug(`desk: a proposal could not be shown (${toErrorInfo(error).code})`)
    }
  }

  /** The user types just there; the request waits, and so can its diff. */
  #lookLater(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), againMs)
  }
}
