import assert from 'node:assert/strict'
import { SavesUnderWay } from '../../../src/views/review/savesUnderWay.ts'

describe('review: what stood there before a save', () => {
  const path = '/work/a.txt'
  let disk: string
  let isRecording: boolean
  let saves: SavesUnderWay

  beforeEach(() => {
    disk = 'one'
    isRecording = true
    const read = (): Promise<Buffer> => Promise.resolve(Buffer.from(disk))
    saves = new SavesUnderWay(() => isRecording, read)
  })

  it('is told once, of files that an agent may be changing', async () => {
    saves.begin(path)
    disk = 'two'
    assert.equal((await saves.end(path))?.toString(), 'one')
    assert.equal(saves.end(path), undefined)
    isRecording = false
    saves.begin(path)
    assert.equal(saves.end(path), undefined)
  })

  it('is not that of an earlier save, which failed', async () => {
    saves.begin(path)
    disk = 'two'
    saves.begin(path)
    assert.equal((await saves.end(path))?.toString(), 'two')
    saves.begin(path)
    isRecording = false
    saves.begin(path)
    isRecording = true
    assert.equal(saves.end(path), undefined, 'a save that began before the run')
    saves.begin('/work/b.txt')
    isRecording = false
    saves.begin(path)
    assert.equal(saves.end('/work/b.txt'), undefined, 'a save of an earlier run')
  })
})
