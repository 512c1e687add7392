import assert from 'node:assert/strict'
import { isWithin } from '../../../src/util/paths.ts'

describe('A path', () => {
  it('is within its folder and those above, and in no other', () => {
    for (const folder of ['/home/me/a', '/home/me/a/', '/home/me', '/'])
      assert.ok(isWithin('/home/me/a/b.ts', folder), folder)
    for (const folder of ['/home/me/a/b', '/home/me/a/b.ts/c', '/home/me/A', 'C:\\home'])
      assert.ok(!isWithin('/home/me/a/b.ts', folder), folder)
    assert.ok(isWithin('/home/me', '/home/me/'))
    assert.ok(!isWithin('/home/me/a\\b', '/home/me/a'))
  })

  it('of Windows is, whichever slash and capitals it is written with', () => {
    for (const folder of ['C:\\Users\\me', 'c:/users/me/', 'C:\\'])
      assert.ok(isWithin('c:\\Users\\Me\\a.ts', folder), folder)
    assert.ok(isWithin('\\\\server\\share\\a', '\\\\server\\share'))
    assert.ok(!isWithin('C:\\Users\\me2', 'C:\\Users\\me'))
  })
})
