import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import * as esbuild from 'esbuild'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { reduceChat } from '../../../src/protocol/chat.ts'
import type { ChatAction, ChatState } from '../../../src/protocol/chat.ts'
import type { Handlers, HostMethods, WebviewMethods } from '../../../src/protocol/methods.ts'
import { RpcChannel } from '../../../src/protocol/rpc.ts'
import type { SessionAction } from '../../../src/session/actions.ts'
import { toDisposable } from '../../../src/util/lifecycle.ts'
import { bodyClasses, themeCss } from './themes.ts'
import type { ThemeName } from './themes.ts'

const { leanMermaid } = createRequire(import.meta.url)('../../../scripts/lib/leanMermaid.cjs') as {
  leanMermaid: esbuild.Plugin
}
const root = fileURLToPath(new URL('../../..', import.meta.url))
const browserPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const flags = (
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync'
).split(' ')

/** The built page, served over HTTP under the policy that the extension sets, and a browser to show it. */
export interface Harness {
  readonly browser: Browser
  readonly origin: string
  /** Bytes of each built file. */
  readonly sizes: ReadonlyMap<string, number>
  /** Opens a page whose host answers with this state. */
  open(state: ChatState, options?: OpenOptions): Promise<ChatPage>
  dispose(): Promise<void>
}

export interface OpenOptions {
  readonly theme?: ThemeName
  readonly width?: number
  readonly height?: number
  readonly pageState?: unknown
  readonly handlers?: Partial<Handlers<HostMethods>>
  readonly reducedMotion?: boolean
}

export async function startHarness(): Promise<Harness> {
  const files = await bundle()
  const server = await serve(files)
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const browser = await chromium.launch({ executablePath: browserPath, args: flags })
  return {
    browser,
    origin,
    sizes: new Map([...files].map(([name, body]) => [name, body.length])),
    open: (state, options = {}) => openChat(browser, origin, state, options),
    async dispose() {
      await browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bundle(): Promise<Map<string, Buffer>> {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/webview/main.tsx', out: 'webview' }],
    chunkNames: 'webview-[name]-[hash]',
    bundle: true,
    minify: true,
    splitting: true,
    plugins: [leanMermaid],
    format: 'esm',
    target: ['es2023', 'chrome138'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: 'dist',
    write: false,
    logLevel: 'warning',
  })
  const files = new Map(
    result.outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)]),
  )
  for (const name of ['codicon.css', 'codicon.ttf']) {
    files.set(name, await readFile(path.join(root, 'node_modules/@vscode/codicons/dist', name)))
  }
  return files
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
  '.html': 'text/html; charset=utf-8',
}

async function serve(files: ReadonlyMap<string, Buffer>): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const name = url.pathname.slice(1)
    const theme = (url.searchParams.get('theme') ?? 'dark') as ThemeName
    const body = name === '' ? html(theme) : name === 'theme.css' ? themeCss(theme) : files.get(name)
    response.writeHead(body === undefined ? (name === 'favicon.ico' ? 204 : 404) : 200, {
      'content-type': types[path.extname(name) || '.html'] ?? '',
    })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function html(theme: ThemeName): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-test' 'self'`,
    `style-src 'self'`,
    `font-src 'self'`,
    `img-src 'self' data:`,
    `connect-src 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>OpenCode</title>
<link rel="stylesheet" href="theme.css?theme=${theme}">
<link rel="stylesheet" href="codicon.css">
<link rel="stylesheet" href="webview.css">
</head>
<body class="${bodyClasses[theme]}">
<div id="root"></div>
<script type="module" nonce="test" src="webview.js"></script>
</body>
</html>`
}

/** One open page and the scripted host at its other end. */
export class ChatPage {
  readonly page: Page
  readonly calls: { readonly method: string; readonly params: unknown }[] = []
  /** What the page threw, logged or broke of its policy; a test may look at it, `dispose` insists on none. */
  readonly errors: string[] = []
  pageState: unknown
  state: ChatState
  revision = 7
  handlers: Partial<Handlers<HostMethods>>
  #channel: RpcChannel<HostMethods, WebviewMethods> | undefined
  #receive: (message: unknown) => void = () => undefined

  constructor(page: Page, state: ChatState, options: OpenOptions) {
    this.page = page
    this.state = state
    this.handlers = options.handlers ?? {}
    this.pageState = options.pageState
  }

  async start(origin: string, theme: ThemeName): Promise<void> {
    this.page.on('pageerror', (error) => this.errors.push(String(error)))
    this.page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()))
    await this.page.exposeFunction('hostPost', (message: unknown) => this.#receive(message))
    await this.page.exposeFunction('hostSetState', (state: unknown) => (this.pageState = state))
    await this.page.addInitScript(
      ([state]) => {
        Object.assign(globalThis, {
          acquireVsCodeApi: () => ({
            postMessage: (message: unknown) => void Reflect.get(globalThis, 'hostPost')(message),
            getState: () => state,
            setState: (next: unknown) => void Reflect.get(globalThis, 'hostSetState')(next),
          }),
        })
      },
      [this.pageState] as const,
    )
    this.#openChannel()
    await this.page.goto(`${origin}/?theme=${theme}`)
    await this.page.locator('.chat, .skeleton').first().waitFor()
  }

  /** Reduces here and sends there, as the extension does once per frame. */
  async apply(...actions: readonly ChatAction[]): Promise<void> {
    this.state = actions.reduce(reduceChat, this.state)
    this.revision++
    await this.#channel?.call('chat/changed', { revision: this.revision, actions })
  }

  session(...actions: readonly SessionAction[]): Promise<void> {
    return this.apply(...actions.map((action) => ({ type: 'session', action }) as const))
  }

  /** Changes that never reach the page: the next list shows a gap. */
  lose(...actions: readonly ChatAction[]): void {
    this.state = actions.reduce(reduceChat, this.state)
    this.revision++
  }

  async notify<K extends keyof WebviewMethods & string>(
    method: K,
    params: WebviewMethods[K]['params'],
  ): Promise<void> {
    await this.#channel?.call(method, params as never)
  }

  callsOf(method: string): readonly unknown[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.params)
  }

  async waitForCall(method: string, count = 1): Promise<unknown> {
    for (let wait = 0; wait < 100; wait++) {
      const calls = this.callsOf(method)
      if (calls.length >= count) return calls[count - 1]
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    throw new Error(
      `${method} was not called; there were: ${this.calls.map((call) => call.method).join(', ')}`,
    )
  }

  async dispose(): Promise<void> {
    this.#channel?.dispose()
    await this.page.close()
  }

  #openChannel(): void {
    const handlers = new Proxy({} as Handlers<HostMethods>, {
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
      get: (_target, method) => (params: unknown) => this.#answer(String(method), params),
    })
    this.#channel = new RpcChannel<HostMethods, WebviewMethods>(
      {
        post: (message) =>
          void this.page.evaluate((data) => window.postMessage(data, '*'), message).catch(() => undefined),
        listen: (listener) => {
          this.#receive = listener
          return toDisposable(() => (this.#receive = () => undefined))
        },
      },
      handlers,
    )
  }

  #answer(method: string, params: unknown): unknown {
    this.calls.push({ method, params })
    if (method === 'log/error') this.errors.push(JSON.stringify(params))
    const own = Reflect.get(this.handlers, method) as ((params: unknown) => unknown) | undefined
    if (own) return own(params)
    if (method === 'chat/open') return { revision: this.revision, state: this.state }
    if (method === 'prompt/historyList') return []
    return undefined
  }
}

async function openChat(
  browser: Browser,
  origin: string,
  state: ChatState,
  options: OpenOptions,
): Promise<ChatPage> {
  const { theme = 'dark', width = 420, height = 800, reducedMotion = false } = options
  const page = await browser.newPage({
    viewport: { width, height },
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  })
  const chat = new ChatPage(page, state, options)
  await chat.start(origin, theme)
  return chat
}
