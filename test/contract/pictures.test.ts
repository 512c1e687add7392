import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Wire } from '../support/opencodeLab.ts'
import { newBlockID } from '../../src/opencode/newIds.ts'
import { Bench, promptOf, toolsIn } from './support.ts'

/** A red dot of 1 × 1 pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='

describe('pictures on a real server', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('pictures on the scripted 2.x server', function () {
  this.timeout(120_000)
  ofWire(2)
})

function ofWire(wire: Wire): void {
  let bench: Bench
  before(async () => {
    bench = await Bench.start(wire)
  })
  after(() => bench.stop())

  it('shows the picture that a tool read, and gives it in full', async () => {
    await writeFile(path.join(bench.directory, 'dot.png'), Buffer.from(png, 'base64'))
    const session = await bench.newSession()
    const file = path.join(bench.directory, 'dot.png')
    const messages = await bench.turn(
      session,
      `[[tool:read ${JSON.stringify({ filePath: file })}]][[text:red]]`,
    )
    const message = messages.find((each) => toolsIn([each]).length > 0)
    const [read] = toolsIn(messages)
    assert.ok(message && read)
    // On 2.x it stands behind the words of the tool.
    const index = wire - 1
    assert.deepEqual(
      read.pictures?.map(({ index, mime }) => [index, mime]),
      [[index, 'image/png']],
    )
    assert.match(read.pictures[0]?.preview ?? '', /^data:image\/png;base64,/)
    const picture = await bench.connection.pictures.read(session.id, message.id, read.id, index)
    assert.equal(picture?.mime, 'image/png')
    assert.equal(`data:image/png;base64,${picture.base64}`, read.pictures[0]?.preview)
    assert.equal(await bench.connection.pictures.read(session.id, message.id, read.id, index + 1), undefined)
  })

  it('gives each picture of a prompt in full, also those of one name', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(session, '[[text:seen]]')
    assert.equal(messages.length, 2)
    const bytes = [Buffer.from(png, 'base64'), Buffer.from(`${png.slice(0, -4)}AAAA`, 'base64')]
    const parts = bytes.map((each) => ({
      type: 'inline' as const,
      id: newBlockID(Date.now()),
      name: 'dot.png',
      mime: 'image/png',
      base64: each.toString('base64'),
    }))
    const prompt = promptOf('[[text:seen]]', ...parts)
    await bench.connection.prompt(session.id, prompt)
    await bench.until(() =>
      bench
        .actions(session.id)
        .some((action) => action.type === 'message/put' && action.message.id === prompt.id),
    )
    const stored = (await bench.settled(session.id)).find(({ id }) => id === prompt.id)
    const files = stored?.blocks.filter((block) => block.type === 'file') ?? []
    const read = files.map(({ id }) => bench.connection.pictures.read(session.id, prompt.id, id))
    const pictures = await Promise.all(read)
    assert.deepEqual(
      pictures.map((picture) => picture?.mime),
      ['image/png', 'image/png'],
    )
    for (const [index, picture] of pictures.entries())
      assert.ok(
        Buffer.from(picture?.base64 ?? '', 'base64').equals(bytes[index] ?? Buffer.of()),
        String(index),
      )
  })
}
