import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RememberedTexts } from '../../../src/views/desk/rememberedTexts.ts'

describe('Texts that outlive a reload', () => {
  let folder: string
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'remembered-')), 'texts')
  })
  afterEach(() => rm(join(folder, '..'), { recursive: true }))

  it('are there for who comes next, in their last state', async () => {
    const first = new RememberedTexts(folder)
    first.set('edit:1', { text: 'one' })
    first.set('edit:1', { text: 'two' })
    first.set('base:/a', 'äöü')
    first.set('base:/b', 'gone')
    first.delete('base:/b')
    await first.close()
    first.delete('edit:1')
    await first.close()
    assert.deepEqual(
      new Map(new RememberedTexts(folder).entries),
      new Map<string, unknown>([
        ['edit:1', { text: 'two' }],
        ['base:/a', 'äöü'],
      ]),
    )
    assert.equal((await readdir(folder)).length, 2)
  })

  it('are left out when they are huge or broken, and lose no other', async () => {
    const first = new RememberedTexts(folder)
    first.set('huge', 'x')
    first.set('huge', 'x'.repeat(17 * 1024 * 1024))
    first.set('small', 'y')
    await first.close()
    await writeFile(join(folder, `${'0'.repeat(32)}.json`), '{"key":')
    assert.deepEqual(new RememberedTexts(folder).entries, [['small', 'y']])
  })
})
