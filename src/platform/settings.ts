import * as vscode from 'vscode'
import { Emitter } from '../util/event.ts'
import type { Event } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'

const section = 'opencodeSessions'

/** One setting as a value that can be watched. Values of a wrong type count as the default. */
export interface ConfigValue<T> {
  readonly value: T
  readonly onDidChange: Event<T>
}

/**
 * The typed settings of this extension. VS Code itself drops workspace values of the restricted ones
 * while the workspace is not trusted.
 */
export class Settings implements Disposable {
  readonly #store = new DisposableStore()
  readonly serverPath = this.#watch('server.path', readText, '')
  readonly serverEnvironment = this.#watch('server.environment', readTextMap, {})
  readonly serverShared = this.#watch('server.shared', readFlag, true)
  /** Whether an OpenCode 2 is started by us (`own`) or the user's background service is used (`service`). */
  readonly openCode2 = this.#watch('server.openCode2', readText, 'own')
  readonly serverAutoStart = this.#watch('server.autoStart', readFlag, true)
  /** Whether the diff of an edit opens when its permission is asked for. */
  readonly openProposals = this.#watch('edits.openProposals', readFlag, true)
  /** Whether editors show what the agent reads and edits. */
  readonly follow = this.#watch('edits.follow', readFlag, false)
  /** Whether agents may ask VS Code what it knows. */
  readonly editorTools = this.#watch('editorTools.enabled', readFlag, false)
  /** How many isolated sessions may run at once. */
  readonly isolationLimit = this.#watch('isolation.limit', readCount, 3)
  readonly proxy = this.#watch('network.proxy', readText, '')
  readonly caFile = this.#watch('network.caFile', readText, '')
  readonly notifyWhenWaiting = this.#watch('chat.notifyWhenWaiting', readFlag, true)
  readonly notifyWhenFinished = this.#watch('chat.notifyWhenFinished', readFlag, true)
  readonly notifyWhenFailed = this.#watch('chat.notifyWhenFailed', readFlag, true)

  /** The prompts of menus and commands by their names; unchecked. */
  readonly prompts = this.#watch('prompts', readTextMap, {})
  readonly codeLens = this.#watch('editor.codeLens', readFlag, false)
  /** Whether the selection goes along with prompts by itself. */
  readonly attachesSelection = this.#watch('context.attachSelection', readFlag, false)
  /** Globs of files whose content never goes along by itself. */
  readonly deniedFiles = this.#watch('context.neverAttach', readTexts, [])

  /** The proxy of this extension, else VS Code's own; undefined for a direct connection. */
  get effectiveProxy(): string | undefined {
    const own = this.proxy.value
    if (own) return own
    const http = vscode.workspace.getConfiguration('http')
    if (http.get('proxySupport') === 'off') return undefined
    return readText(http.get('proxy')) || undefined
  }

  dispose(): void {
    this.#store.dispose()
  }

  #watch<T>(key: string, read: (value: unknown) => T | undefined, otherwise: T): ConfigValue<T> {
    const current = (): T => {
      const settings = vscode.workspace.getConfiguration(section)
      return read(settings.get(key)) ?? read(settings.inspect(key)?.defaultValue) ?? otherwise
    }
    const emitter = this.#store.add(new Emitter<T>())
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${section}.${key}`)) emitter.fire(current())
      }),
    )
    return {
      get value() {
        return current()
      },
      onDidChange: emitter.event,
    }
  }
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined
}

function readFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function readTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
}

function readTextMap(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(entries)
}
