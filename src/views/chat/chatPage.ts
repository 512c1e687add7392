import type * as vscode from 'vscode'
import type { Log } from '../../platform/log.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import type { ChatAction } from '../../protocol/chat.ts'
import type { Handlers, HostMethods, WebviewMethods } from '../../protocol/methods.ts'
import { RpcChannel } from '../../protocol/rpc.ts'
import { checkHostParams } from '../../protocol/schema.ts'
import { isAbort, toErrorInfo } from '../../opencode/errors.ts'
import { Emitter } from '../../util/event.ts'
import type { Event } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { webviewHtml, webviewRoots } from '../webviewHtml.ts'

/** A side bar view or an editor tab, as far as a page in it is concerned. */
export interface PageFrame {
  readonly webview: vscode.Webview
  readonly place: 'view' | 'panel'
  readonly isVisible: () => boolean
  readonly onDidChangeVisibility: Event<boolean>
}

/** One webview with its channel. What is asked of a page that is not loaded yet waits until it is. */
export class ChatPage implements Disposable {
  readonly #frame: PageFrame
  readonly #store = new DisposableStore()
  readonly #onDidChangeVisibility = this.#store.add(new Emitter<boolean>())
  readonly onDidChangeVisibility = this.#onDidChangeVisibility.event
  #channel: RpcChannel<HostMethods, WebviewMethods> | undefined
  #isAlive = false
  #afterLoad: (() => void)[] = []

  constructor(frame: PageFrame) {
    this.#frame = frame
    this.#store.add(
      frame.onDidChangeVisibility((isVisible) => {
        if (!isVisible) this.#isAlive = false
        this.#onDidChangeVisibility.fire(isVisible)
      }),
    )
  }

  get isVisible(): boolean {
    return this.#frame.isVisible()
  }

  /** Loads the page; `handlers` answer it from its first message on. */
  load(
    handlers: Handlers<HostMethods>,
    options: { readonly extensionUri: vscode.Uri; readonly log: Log },
  ): void {
    const { webview, place } = this.#frame
    const { extensionUri, log } = options
    const onError = (method: string, error: unknown): void => {
      if (!isAbort(error)) log.warn(`page: ${method} failed: ${toErrorInfo(error).message}`)
    }
    const transport = {
      post: (message: unknown) => void webview.postMessage(message),
      listen: (listener: (message: unknown) => void) => webview.onDidReceiveMessage(listener),
    }
    this.#channel = this.#store.add(new RpcChannel(transport, handlers, { check: checkHostParams, onError }))
    webview.options = { enableScripts: true, localResourceRoots: [...webviewRoots(extensionUri)] }
    webview.html = webviewHtml(webview, extensionUri, place)
  }

  /** Called when the page has opened the chat: it now hears what it is told. */
  loaded(): void {
    this.#isAlive = true
    const waiting = this.#afterLoad
    this.#afterLoad = []
    for (const run of waiting) run()
  }

  changed(revision: number, actions: readonly ChatAction[]): void {
    this.#channel?.notify('chat/changed', { revision, actions })
  }

  /** Tells the page something once it is there to hear it. */
  tell<K extends keyof WebviewMethods & string>(method: K, params: WebviewMethods[K]['params']): void {
    this.#whenLoaded(() => this.#channel?.notify(method, params as never))
  }

  dispose(): void {
    // A page that is taken away cannot say that it lost the keyboard.
    setContextKey('isChatFocused', false)
    this.#store.dispose()
  }

  #whenLoaded(run: () => void): void {
    if (this.#isAlive) run()
    else this.#afterLoad = [run]
  }
}
