import * as vscode from 'vscode'
import { connect } from './client/connect.ts'
import type { Connection } from './client/connection.ts'
import { registerCommands } from './commands/index.ts'
import { ProviderKeys } from './commands/providerKeys.ts'
import { Credentials } from './platform/credentials.ts'
import { Log } from './platform/log.ts'
import { Notify } from './platform/notify.ts'
import { Settings } from './platform/settings.ts'
import { StoredValue } from './platform/storage.ts'
import { ServerManager } from './server/serverManager.ts'
import { Outbox } from './sync/outbox.ts'
import { SessionHub } from './sync/sessionHub.ts'
import { DisposableStore } from './util/lifecycle.ts'
import type { Disposable } from './util/lifecycle.ts'
import { Catalogs } from './views/catalogs.ts'
import { ChatPanels } from './views/chatPanel.ts'
import { Chats } from './views/chats.ts'
import { ChatView } from './views/chatView.ts'
import { Choices } from './views/choices.ts'
import { DiffDocuments } from './views/diffDocuments.ts'
import { Drafts } from './views/drafts.ts'
import { PromptHistory } from './views/promptHistory.ts'
import { ServerAccess } from './views/serverAccess.ts'
import { ServerTarget } from './views/serverTarget.ts'
import type { ServerTargetOptions } from './views/serverTarget.ts'
import type { Services } from './views/services.ts'
import { StatusBar } from './views/statusBar.ts'
import { WaitingCount, notifyWaiting, watchFolders } from './views/waiting.ts'

/** What host tests look into. */
export interface TestSeam {
  readonly context: vscode.ExtensionContext
  readonly services: Services
  readonly chats: Chats
  readonly view: ChatView
  readonly credentials: Credentials
  readonly providerKeys: ProviderKeys
}

let end: (() => Promise<void>) | undefined

/**
 * Builds and connects everything. Nothing is started and nothing is sent before a chat is shown. Gives
 * its parts away to tests in an extension host only.
 */
export function activate(context: vscode.ExtensionContext): TestSeam | undefined {
  const store = new DisposableStore()
  context.subscriptions.push(store)
  const stored = (key: string): StoredValue => new StoredValue(context.workspaceState, key)
  const { extensionUri } = context
  const log = store.add(new Log())
  const settings = store.add(new Settings())
  const credentials = store.add(new Credentials(context.secrets, log.redactor))
  const target = createTarget(context, { settings, credentials, log, stored: stored('server') })
  const server = store.add(createServer(target, log))
  const outbox = store.add(new Outbox(stored('outbox')))
  const hub = store.add(new SessionHub({ outbox, log }))
  const providerKeys = store.add(new ProviderKeys({ credentials, server, log }))
  store.add(join(server, hub, providerKeys))
  const drafts = store.add(new Drafts(stored('drafts')))
  const waiting = store.add(new WaitingCount(hub))
  const services: Services = {
    extensionUri,
    server,
    access: new ServerAccess(server, settings, () => providerKeys.withdraw()),
    hub,
    outbox,
    catalogs: store.add(new Catalogs(hub, log)),
    choices: new Choices(stored('choices')),
    drafts,
    history: new PromptHistory(stored('history')),
    documents: store.add(new DiffDocuments()),
    settings,
    notify: new Notify(log),
    log,
  }
  const chats = store.add(new Chats(services))
  const view = store.add(new ChatView({ chats, waiting, stored: stored('chatView') }))
  const panels = store.add(new ChatPanels(chats, extensionUri))
  store.add(new StatusBar(server, waiting))
  store.add(watchFolders(hub))
  const open = async (): Promise<void> => (await view.reveal()).revealRequest()
  store.add(notifyWaiting({ waiting, settings, isInSight: () => chats.isAnyVisible, open }))
  store.add(registerCommands({ services, chats, view, panels, credentials, target, providerKeys }))
  end = async () => {
    await Promise.all([drafts.flush(), providerKeys.withdraw(true).then(() => server.leave())])
  }
  const isTest = context.extensionMode === vscode.ExtensionMode.Test
  return isTest ? { context, services, chats, view, credentials, providerKeys } : undefined
}

/** VS Code waits five seconds at the most. */
export async function deactivate(): Promise<void> {
  const timeout = new Promise<void>((resolve) => setTimeout(resolve, 4_000))
  await Promise.race([end?.(), timeout])
}

function createTarget(
  { extensionUri, extensionMode, globalStorageUri }: vscode.ExtensionContext,
  parts: Pick<ServerTargetOptions, 'settings' | 'credentials' | 'log' | 'stored'>,
): ServerTarget {
  const isDeveloped = extensionMode !== vscode.ExtensionMode.Production
  const developmentRoot = isDeveloped ? extensionUri.fsPath : undefined
  return new ServerTarget({ ...parts, extensionUri, storageUri: globalStorageUri, developmentRoot })
}

function createServer(target: ServerTarget, log: Log): ServerManager {
  return new ServerManager({
    launcher: () => target.launcher(),
    connect: (endpoint, signal) => {
      log.redactor.add(endpoint.password, endpoint.username)
      return connect(endpoint, { log, signal })
    },
    log,
  })
}

/** Our keys come before the stream: the server reads them when a folder is used for the first time. */
function join(server: ServerManager, hub: SessionHub, providerKeys: ProviderKeys): Disposable {
  const store = new DisposableStore()
  let wasOnline = false
  const joinServer = async (connection: Connection | undefined): Promise<void> => {
    if (connection) await providerKeys.giveAll(connection)
    wasOnline = false
    hub.setConnection(server.connection)
  }
  store.add(server.onDidChangeConnection((connection) => void joinServer(connection)))
  store.add(
    hub.onDidChangeLink((link) => {
      // A stream that has never been up has not been lost either.
      wasOnline ||= link.kind === 'online'
      if (wasOnline) server.setLink(link)
    }),
  )
  return store
}
