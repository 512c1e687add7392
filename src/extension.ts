import { join } from 'node:path'
import { homedir } from 'node:os'
import * as vscode from 'vscode'
import type { OpencodeSessionsExports } from '../api/index.d.ts'
import { ApiError } from './api/apiError.ts'
import { Consents } from './api/consents.ts'
import { Executions } from './api/executions.ts'
import { createExports } from './api/exports.ts'
import type { CommandContext } from './commands/commandSpec.ts'
import { registerCommands } from './commands/index.ts'
import { CommitMessages } from './editor/commitMessage.ts'
import { InlineAsks } from './editor/inlineAsks.ts'
import { OneOffs } from './editor/oneOffs.ts'
import { Reviews } from './editor/reviews.ts'
import { BlobStore } from './platform/blobs.ts'
import { Credentials } from './platform/credentials.ts'
import { Log } from './platform/log.ts'
import { Notify } from './platform/notify.ts'
import { Settings } from './platform/settings.ts'
import { StoredValue } from './platform/storage.ts'
import { createLauncher } from './profiles/launchers/index.ts'
import { localProgram } from './profiles/program.ts'
import type { LauncherContext } from './profiles/launchers/index.ts'
import { ServerProfiles } from './profiles/serverProfiles.ts'
import { DisposableStore } from './util/lifecycle.ts'
import { Backends } from './views/backends.ts'
import type { BackendsOptions } from './views/backends.ts'
import { ChatPanels } from './views/chatPanel.ts'
import type { ChatPlace } from './views/chatSession.ts'
import { Chats } from './views/chats.ts'
import { ChatView } from './views/chatView.ts'
import { Choices } from './views/choices.ts'
import { ActiveSelection } from './views/composer/activeSelection.ts'
import { ComposerParts } from './views/composer/composerParts.ts'
import { EditDesk } from './views/desk/editDesk.ts'
import { noticeConflicts } from './views/desk/conflictNotices.ts'
import { FollowMode } from './views/desk/followMode.ts'
import { Manners } from './views/desk/manners.ts'
import { ProposalOpener } from './views/desk/proposalOpener.ts'
import { EditorTools } from './views/editorTools/editorTools.ts'
import { IsolatedSessions } from './views/isolation/isolatedSessions.ts'
import { DiffDocuments } from './views/diffDocuments.ts'
import { DoctorPanel } from './views/doctor/doctorPanel.ts'
import { Drafts } from './views/drafts.ts'
import { PromptHistory } from './views/promptHistory.ts'
import { ChangesTree } from './views/review/changesTree.ts'
import { Review } from './views/review/review.ts'
import { ReviewEditors } from './views/review/reviewEditors.ts'
import type { Services } from './views/services.ts'
import { AlwaysAnswers } from './views/server/alwaysAnswers.ts'
import { ServerTree } from './views/server/serverTree.ts'
import { SessionBrowser } from './views/sessions/sessionBrowser.ts'
import type { SessionBrowserOptions } from './views/sessions/sessionBrowser.ts'
import { SessionTerminals } from './views/sessionTerminals.ts'
import { StatusBar } from './views/statusBar.ts'
import { CodeProposals } from './views/transcript/codeBlocks.ts'
import { PictureFiles } from './views/transcript/pictureFiles.ts'
import { TranscriptDocuments } from './views/transcript/transcriptDocuments.ts'
import { transcriptFiles } from './views/transcript/transcriptFiles.ts'
import { WaitingCount, notifyWaiting, watchFolders } from './views/waiting.ts'

/** What host tests look into. */
export interface TestSeam {
  readonly context: vscode.ExtensionContext
  readonly services: Services
  readonly chats: Chats
  readonly view: ChatView
  readonly credentials: Credentials
  readonly consents: Consents
  readonly executions: Executions
  readonly doctor: DoctorPanel
  readonly reviews: Reviews
  readonly inline: InlineAsks
}

/** What `activate` returns: the API, and in a test host what its tests look into. */
export interface Exports extends OpencodeSessionsExports {
  readonly testSeam?: TestSeam
}

let end: (() => Promise<void>) | undefined

/**
 * Builds and connects everything. Nothing is started and nothing is sent before a chat is shown, a command
 * is run or another extension asks. Gives its parts away to tests in an extension host only.
 */
export function activate(context: vscode.ExtensionContext): Exports {
  const store = new DisposableStore()
  context.subscriptions.push(store)
  const stored = (key: string): StoredValue => new StoredValue(context.workspaceState, key)
  const { extensionUri } = context
  const log = store.add(new Log())
  const settings = store.add(new Settings())
  const credentials = store.add(new Credentials(context.secrets, log.redactor))
  const profiles = store.add(new ServerProfiles({ picks: stored('profiles') }))
  store.add(profiles.onDidRemove((id) => void credentials.forget(id)))
  const launcher = launcherMaker(context, { settings, credentials, log })
  const backends = store.add(new Backends({ settings, credentials, log, stored, profiles, launcher }))
  const services = createServices(context, store, { settings, credentials, log, backends, profiles })
  const waiting = store.add(new WaitingCount(backends))
  const chats = store.add(new Chats(services))
  const view = store.add(new ChatView({ chats, waiting, stored: stored('chatView') }))
  const panels = store.add(new ChatPanels(chats, extensionUri))
  store.add(new StatusBar({ backends, chats, waiting }))
  store.add(watchFolders(backends))
  const sessions = createSessionParts(context, store, { services, chats, view, waiting })
  const consents = store.add(new Consents(new StoredValue(context.globalState, 'consents')))
  const executions = store.add(joinExecutions(consents))
  const doctor = store.add(new DoctorPanel({ services, ...program(context) }))
  const editor = createEditorParts(store, { services, view, executions })
  const parts = { services, chats, view, credentials, consents, doctor, ...editor }
  store.add(registerCommands({ ...parts, panels, ...sessions }))
  const tools = store.add(createEditorTools(services))
  end = async () => {
    const leave = async (): Promise<void> => {
      await Promise.all([executions.close(), tools.close()])
      await backends.leave()
    }
    await Promise.all([services.drafts.flush(), services.review.flush(), leave()])
  }
  const exported = createExports({ services, consents, executions })
  if (context.extensionMode !== vscode.ExtensionMode.Test) return exported
  return { ...exported, testSeam: { ...parts, context, executions } }
}

/** What VS Code knows, for the agents of this window. */
function createEditorTools({ backends, settings, log, notify }: Services): EditorTools {
  return new EditorTools({
    backends,
    settings,
    log,
    warn: (message) => notify.warn(message),
    unreachable: (name) =>
      vscode.l10n.t(
        'The server "{0}" cannot ask VS Code anything: it runs where this machine\'s loopback cannot be reached.',
        name,
      ),
  })
}

/** What every chat is built on. */
function createServices(
  context: vscode.ExtensionContext,
  store: DisposableStore,
  parts: Pick<LauncherContext, 'settings' | 'credentials' | 'log'> & Pick<Services, 'backends' | 'profiles'>,
): Services {
  const { settings, log, backends, profiles } = parts
  const { extensionUri } = context
  const stored = (key: string): StoredValue => new StoredValue(context.workspaceState, key)
  const storedForAll = (key: string): StoredValue => new StoredValue(context.globalState, key)
  const storage = context.storageUri ?? context.globalStorageUri
  const blobs = new BlobStore(join(storage.fsPath, 'attachments'), ['drafts', 'queue'])
  const drafts = store.add(new Drafts(stored('drafts'), blobs))
  const documents = store.add(new DiffDocuments())
  return {
    extensionUri,
    backends,
    profiles,
    isolation: store.add(createIsolation(context, backends, parts)),
    choices: new Choices(stored('choices')),
    drafts,
    composer: store.add(new ComposerParts({ drafts, backends, blobs, stored, storedForAll, log })),
    history: new PromptHistory(stored('history')),
    documents,
    answers: store.add(new AlwaysAnswers()),
    pictures: new PictureFiles(storage.fsPath),
    desk: store.add(
      new EditDesk({ backends, documents, backupFolder: join(storage.fsPath, 'unsaved'), log }),
    ),
    review: store.add(new Review({ backends, log, stored, storage: storage.fsPath })),
    code: store.add(new CodeProposals(documents)),
    quietRuns: new Set(),
    transcripts: store.add(new TranscriptDocuments(backends, transcriptFiles(storage))),
    settings,
    notify: new Notify(log),
    log,
  }
}

interface ForSessions {
  readonly services: Services
  readonly chats: Chats
  readonly view: ChatView
  readonly waiting: WaitingCount
}

/** The session browser, what is told of sessions, what opens them elsewhere, and what comes to a chat by itself. */
function createSessionParts(
  context: vscode.ExtensionContext,
  store: DisposableStore,
  { services, chats, view, waiting }: ForSessions,
): Pick<CommandContext, 'browser' | 'serverTree' | 'terminals' | 'program' | 'review' | 'changes'> {
  const { backends, settings, quietRuns: quiet } = services
  store.add(new ActiveSelection(chats, services))
  const reveal = async (): Promise<void> => (await view.reveal()).revealRequest()
  const isInSight = (): boolean => chats.isAnyVisible && vscode.window.state.focused
  store.add(notifyWaiting({ waiting, settings, isInSight, open: reveal }))
  const stored = (key: string): StoredValue => new StoredValue(context.workspaceState, key)
  const folder = context.globalStorageUri.fsPath
  const pins = new StoredValue(context.globalState, 'pinnedSessions')
  const open: SessionBrowserOptions['open'] = async (sessionID, directory) =>
    (await view.reveal()).show({ sessionID, directory })
  const manners = store.add(new Manners())
  const { desk, notify, log } = services
  store.add(new FollowMode({ chats, settings, manners }))
  store.add(new ProposalOpener({ proposals: desk.proposals, chats, settings, manners, log }))
  store.add(noticeConflicts({ conflicts: desk.conflicts, isInSight, notify }))
  return {
    ...createReviewParts(store, services, chats),
    browser: store.add(new SessionBrowser({ backends, chats, settings, quiet, stored, pins, folder, open })),
    serverTree: store.add(new ServerTree({ backends, chats, answers: services.answers })),
    terminals: store.add(new SessionTerminals()),
    program: (profile) =>
      localProgram(profile.kind === 'managed' ? profile : {}, {
        settings,
        developmentRoot: developmentRoot(context),
      }),
  }
}

/** What OpenCode does in editors and in the source control view. */
function createEditorParts(
  store: DisposableStore,
  { services, view, executions }: Pick<ForSessions, 'services' | 'view'> & { executions: Executions },
): Pick<CommandContext, 'commitMessages' | 'reviews' | 'inline'> {
  const oneOffs = new OneOffs(services, executions)
  const open = async (place: ChatPlace): Promise<void> => (await view.reveal()).show(place)
  return {
    commitMessages: new CommitMessages(services, oneOffs),
    reviews: store.add(new Reviews(services, oneOffs, open)),
    inline: store.add(new InlineAsks(services, oneOffs, open)),
  }
}

/** What shows changes that wait for a decision. */
function createReviewParts(
  store: DisposableStore,
  { review, backends }: Services,
  chats: Chats,
): Pick<CommandContext, 'review' | 'changes'> {
  store.add(new ReviewEditors(review))
  return { review, changes: store.add(new ChangesTree({ review, chats, backends })) }
}

/** Who may not use OpenCode any more does not go on with it. */
function joinExecutions(consents: Consents): Executions {
  const executions = new Executions()
  consents.onDidDeny((extension) => {
    void executions.endAll(new ApiError('consent-denied', 'The user took the access back.'), extension)
  })
  return executions
}

function createIsolation(
  context: vscode.ExtensionContext,
  backends: Backends,
  parts: Pick<LauncherContext, 'settings' | 'credentials' | 'log'>,
): IsolatedSessions {
  const { extensionUri, globalStorageUri: storageUri } = context
  const places = { extensionUri, storageUri, developmentRoot: developmentRoot(context) }
  return new IsolatedSessions({ backends, context: { ...parts, ...places } })
}

/** VS Code waits five seconds at the most. */
export async function deactivate(): Promise<void> {
  const timeout = new Promise<void>((resolve) => setTimeout(resolve, 4_000))
  await Promise.race([end?.(), timeout])
}

/** What the launchers of all kinds are made with. */
function launcherMaker(
  extension: vscode.ExtensionContext,
  parts: Pick<LauncherContext, 'settings' | 'credentials' | 'log'>,
): BackendsOptions['launcher'] {
  const { extensionUri, globalStorageUri: storageUri } = extension
  const shared = { ...parts, extensionUri, storageUri, developmentRoot: developmentRoot(extension) }
  return (profile, folder) => createLauncher(profile, { ...shared, folder: folder ?? homedir() })
}

function program(context: vscode.ExtensionContext): {
  readonly developmentRoot: string | undefined
  readonly extensionVersion: string
} {
  const extensionVersion = String((context.extension.packageJSON as { version?: unknown }).version)
  return { developmentRoot: developmentRoot(context), extensionVersion }
}

/** Where a packaged program may be found while the extension is being developed. */
function developmentRoot({ extensionUri, extensionMode }: vscode.ExtensionContext): string | undefined {
  return extensionMode === vscode.ExtensionMode.Production ? undefined : extensionUri.fsPath
}
