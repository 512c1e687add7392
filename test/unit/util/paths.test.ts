import assert from 'node:assert/strict'
import { isWithin, pathBelow } from '../../../src/util/paths.ts'

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

  it('has a way from its folder, whatever it is called', () => {
    assert.equal(pathBelow('/home/me/a/b.ts', '/home/me'), 'a/b.ts')
    assert.equal(pathBelow('/home/me/..b', '/home/me/'), '..b')
    assert.equal(pathBelow('/a', '/'), 'a')
    assert.equal(pathBelow('C:\\Users\\Me\\a\\b.ts', 'c:\\users\\me\\'), 'a/b.ts')
    assert.equal(pathBelow('C:\\a', 'C:\\'), 'a')
    for (const path of ['/home/me', '/home/me/', '/home/me2/a', '/']) {
      assert.equal(pathBelow(path, '/home/me'), undefined, path)
    }
  })
})
