import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionID } from '../../src/opencode/ids.ts'
import type { Log } from '../../src/platform/log.ts'
import type { TurnRecorder } from '../../src/review/turnRecorder.ts'
import { Emitter } from '../../src/util/event.ts'
import type { Backends } from '../../src/views/backend/backends.ts'
import { TurnWatch } from '../../src/views/review/turnWatch.ts'
import { projectUri, until } from './support.ts'

describe('A run of command lines', () => {
  const sessionID = 'ses_watched' as SessionID
  const directory = projectUri('watched').fsPath
  const onDidStartRun = new Emitter<{ sessionID: SessionID; directory: string }>()
  const onDidEndRun = new Emitter<{ sessionID: SessionID }>()
  let looks = 0
  let watch: TurnWatch

  before(async () => {
    await mkdir(directory, { recursive: true })
    const silent = () => ({ dispose: () => undefined })
    const session = { id: sessionID, directory }
    const backend = {
      hub: {
        news: { onDidStartRun: onDidStartRun.event, onDidEndRun: onDidEndRun.event, isRunning: () => true },
        onDidEditFile: silent,
        sessions: () => [{ session }],
      },
      outbox: {},
      server: { status: { kind: 'stopped' } },
    }
    const recorder = {
      isRecording: () => true,
      started: () => Promise.resolve(),
      end: () => Promise.resolve(),
      progress: () => {
        looks += 1
        return Promise.resolve()
      },
    }
    const backends = { all: [backend], onDidChange: silent, onDidChangeStatus: silent }
    watch = new TurnWatch(
      recorder as unknown as TurnRecorder,
      backends as unknown as Backends,
      { debug: () => undefined } as unknown as Log,
    )
  })
  after(async () => {
    watch.dispose()
    await rm(directory, { recursive: true, force: true })
  })

  it('is looked at while it goes on, a few times only, and no more after its end', async () => {
    onDidStartRun.fire({ sessionID, directory })
    // The watcher of the window needs a moment to know a new folder.
    await sleep(500)
    for (let index = 0; index < 40; index++) {
      await writeFile(projectUri(`watched/${index}.txt`).fsPath, 'x')
      await sleep(50)
    }
    await until('it is looked at', () => looks > 0)
    await sleep(2_500)
    assert.ok(looks <= 3, `${looks} looks`)
    onDidEndRun.fire({ sessionID })
    const before = looks
    await writeFile(projectUri('watched/late.txt').fsPath, 'x')
    await sleep(2_500)
    assert.equal(looks, before)
  })
})
