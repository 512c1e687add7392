import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'
import { toSessionID } from '../../src/opencode/ids.ts'
import type { Session } from '../../src/session/model.ts'
import { SessionNews } from '../../src/sync/index/sessionNews.ts'
import { Emitter } from '../../src/util/event.ts'
import { SeenFiles } from '../../src/views/sessions/seenFiles.ts'
import { SessionMarks } from '../../src/views/sessions/sessionMarks.ts'
import { SessionNotices } from '../../src/views/sessions/sessionNotices.ts'
import type { SessionNoticesOptions } from '../../src/views/sessions/sessionNotices.ts'
import { notifyWaiting } from '../../src/views/waiting.ts'
import { until } from './support.ts'

const directory = '/p'
const sessionID = toSessionID('ses_notice')
const childID = toSessionID('ses_child')

describe('What ends in the background', () => {
  let folder: string
  let said: string[]
  let answer: string | undefined
  let restore: () => void

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'seen-'))
    said = []
    answer = undefined
    restore = listen((text) => {
      said.push(text)
      return answer
    })
  })
  afterEach(async () => {
    restore()
    const settings = vscode.workspace.getConfiguration('opencodeSessions')
    for (const key of ['chat.notifyWhenFinished', 'chat.notifyWhenFailed'])
      await settings.update(key, undefined, vscode.ConfigurationTarget.Global)
    await rm(folder, { recursive: true, force: true })
  })

  it('is told with its title, and opens from there', async () => {
    const window = openWindow(folder)
    answer = 'Show'
    window.end(sessionID)
    await until('the notification', () => window.opened.length === 1)
    assert.deepEqual(said, ['"Fix add" is done.'])
    assert.deepEqual(window.opened, [sessionID])
    assert.equal(window.marks.unseen(sessionID), 'unread')
    window.dispose()
  })

  it('is told with the reason when it failed', async () => {
    const window = openWindow(folder)
    window.end(sessionID, { name: 'APIError', message: 'no credit', kind: 'provider' })
    await until('the notification', () => said.length === 1)
    assert.deepEqual(said, ['"Fix add" ended with an error: no credit'])
    assert.equal(window.marks.unseen(sessionID), 'failed')
    window.dispose()
  })

  it('is marked but not told while the user is in the window, or has switched that kind off', async () => {
    const looking = openWindow(folder, { isFocused: true })
    const muted = openWindow(folder, { isMuted: true })
    looking.end(sessionID)
    muted.end(sessionID)
    for (const window of [looking, muted])
      await until('the mark', () => window.marks.unseen(sessionID) === 'unread')
    await sleep(200)
    assert.deepEqual(said, [])
    looking.dispose()
    muted.dispose()
  })

  it('can be switched off from the notification, each kind for itself', async () => {
    const window = openWindow(folder)
    answer = "Don't show again"
    window.end(sessionID)
    const value = (kind: string): unknown =>
      vscode.workspace.getConfiguration('opencodeSessions').get(`chat.notifyWhen${kind}`)
    await until('the setting', () => value('Finished') === false)
    assert.equal(value('Failed'), true)
    window.dispose()
  })

  it('is no news when it is on screen, was stopped, or belongs to a subagent', async () => {
    const window = openWindow(folder, { isFocused: true, shown: [sessionID] })
    const away = openWindow(folder)
    window.end(sessionID)
    away.end(childID)
    away.end(sessionID, { name: 'MessageAbortedError', message: '', kind: 'aborted' })
    await sleep(2_000)
    assert.deepEqual(said, [])
    assert.equal(window.marks.unseenCount + away.marks.unseenCount, 0)
    window.dispose()
    away.dispose()
  })

  it('is no news in one window when another one shows it', async () => {
    const looking = openWindow(folder, { isFocused: true, shown: [sessionID] })
    const behind = openWindow(folder)
    looking.end(sessionID)
    behind.end(sessionID)
    await sleep(2_000)
    assert.deepEqual(said, [])
    assert.equal(behind.marks.unseenCount, 0)
    looking.dispose()
    behind.dispose()
  })
})

describe('What waits in the background', () => {
  it('is told when more waits and no chat is in sight, opens from there, and can be switched off', async () => {
    const said: string[] = []
    let answer: string | undefined = 'Show'
    const restore = listen((text) => {
      said.push(text)
      return answer
    })
    const counts = new Emitter<number>()
    let [opened, isInSight, isWanted] = [0, false, true]
    const notice = notifyWaiting({
      waiting: { onDidChange: counts.event },
      settings: {
        notifyWhenWaiting: {
          get value() {
            return isWanted
          },
        },
      },
      isInSight: () => isInSight,
      open: () => {
        opened++
        return Promise.resolve()
      },
    } as unknown as Parameters<typeof notifyWaiting>[0])
    try {
      counts.fire(1)
      await until('the chat', () => opened === 1)
      assert.deepEqual(said, ['OpenCode waits for your answer.'])
      counts.fire(0)
      isInSight = true
      counts.fire(1)
      isInSight = false
      isWanted = false
      counts.fire(2)
      assert.equal(said.length, 1, 'in sight, or switched off')
      isWanted = true
      answer = "Don't show again"
      counts.fire(3)
      const value = (): unknown =>
        vscode.workspace.getConfiguration('opencodeSessions').get('chat.notifyWhenWaiting')
      await until('the setting', () => value() === false)
    } finally {
      restore()
      notice.dispose()
      const settings = vscode.workspace.getConfiguration('opencodeSessions')
      await settings.update('chat.notifyWhenWaiting', undefined, vscode.ConfigurationTarget.Global)
    }
  })
})

/** Hears what VS Code is asked to tell, and presses the button of that name. */
function listen(hear: (text: string) => string | undefined): () => void {
  const { showInformationMessage, showWarningMessage } = vscode.window
  const tell = (text: string): Promise<string | undefined> => Promise.resolve(hear(text))
  Object.assign(vscode.window, { showInformationMessage: tell, showWarningMessage: tell })
  return () => Object.assign(vscode.window, { showInformationMessage, showWarningMessage })
}

interface WindowOptions {
  readonly isFocused?: boolean
  readonly isMuted?: boolean
  readonly shown?: readonly (typeof sessionID)[]
}

/** One window as far as the notices see it, with a server whose sessions end when told so. */
function openWindow(folder: string, { isFocused = false, isMuted = false, shown = [] }: WindowOptions = {}) {
  const news = new SessionNews()
  const session = (id: typeof sessionID): Session => ({
    id,
    title: 'Fix add',
    untitled: false,
    directory,
    created: 1,
    updated: 1,
    ...(id === childID ? { parentID: sessionID } : {}),
  })
  const backend = {
    hub: { news, connection: { getSession: (id: typeof sessionID) => Promise.resolve(session(id)) } },
  }
  const nothing = new Emitter<undefined>().event
  const marks = new SessionMarks(memory(), memory())
  const opened: string[] = []
  const wanted = { value: !isMuted }
  const notices = new SessionNotices({
    backends: {
      all: [backend],
      places: [{ directory, backend }],
      onDidChange: nothing,
      onDidChangeStatus: nothing,
    },
    chats: { shownSessions: new Set(shown), openSessions: new Set(shown), onDidChangePlaces: nothing },
    marks,
    settings: { notifyWhenFinished: wanted, notifyWhenFailed: wanted },
    seen: new SeenFiles(folder),
    isFocused: () => isFocused,
    open: (id: string) => {
      opened.push(id)
      return Promise.resolve()
    },
  } as unknown as SessionNoticesOptions)
  return {
    marks,
    opened,
    end(id: typeof sessionID, error?: { name: string; message: string; kind: 'provider' | 'aborted' }): void {
      news.receive(id, directory, { type: 'status', status: { kind: 'busy' } })
      if (error) news.receive(id, directory, { type: 'error', error })
      news.receive(id, directory, { type: 'status', status: { kind: 'idle' } })
    },
    dispose(): void {
      notices.dispose()
      news.dispose()
    },
  }
}

function memory(): { get(): unknown; set(value: unknown): Promise<void> } {
  let stored: unknown
  return {
    get: () => stored,
    set: (value) => {
      stored = value
      return Promise.resolve()
    },
  }
}
