import * as vscode from 'vscode'
import type { CommandContext } from '../commands/commandSpec.ts'
import { ChatPanels } from '../views/chat/chatPanel.ts'
import { Chats } from '../views/chat/chats.ts'
import { ChatView } from '../views/chat/chatView.ts'
import { ActiveSelection } from '../views/composer/activeSelection.ts'
import { DoctorPanel } from '../views/doctor/doctorPanel.ts'
import type { Services } from '../views/services.ts'
import { SessionTerminals } from '../views/sessions/sessionTerminals.ts'
import { StatusBar } from '../views/statusBar.ts'
import { WaitingCount, notifyWaiting, watchFolders } from '../views/waiting.ts'
import type { Platform } from './platform.ts'

type ChatCommands = Pick<CommandContext, 'chats' | 'view' | 'panels' | 'terminals' | 'doctor'>

export interface ChatParts extends ChatCommands {
  /** Whether the user looks at a chat. */
  readonly isInSight: () => boolean
}

/** The chats in side bar and tabs, the status bar, the Doctor's page, and what tells of requests that wait. */
export function createChats(platform: Platform, services: Services): ChatParts {
  const { context, store, settings, stored, developmentRoot } = platform
  const { backends } = services
  const waiting = store.add(new WaitingCount(backends))
  const chats = store.add(new Chats(services))
  const view = store.add(new ChatView({ chats, waiting, stored: stored('chatView') }))
  const panels = store.add(new ChatPanels(chats, context.extensionUri))
  store.add(new StatusBar({ backends, chats, waiting }))
  store.add(watchFolders(backends))
  store.add(new ActiveSelection(chats, services))
  const reveal = async (): Promise<void> => (await view.reveal()).revealRequest()
  const isInSight = (): boolean => chats.isAnyVisible && vscode.window.state.focused
  store.add(notifyWaiting({ waiting, settings, isInSight, open: reveal }))
  const { version } = context.extension.packageJSON as { readonly version?: unknown }
  return {
    chats,
    view,
    panels,
    terminals: store.add(new SessionTerminals()),
    doctor: store.add(new DoctorPanel({ services, developmentRoot, extensionVersion: String(version) })),
    isInSight,
  }
}
