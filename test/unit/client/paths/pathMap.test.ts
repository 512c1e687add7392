import assert from 'node:assert/strict'
import { PathMap, propose } from '../../../../src/client/paths/pathMap.ts'

describe('PathMap', () => {
  const map = new PathMap([
    { host: '/home/ada/app', server: '/workspace/app' },
    { host: '/home/ada/app/vendor/lib', server: '/vendor' },
  ])

  it('translates in both directions', () => {
    assert.equal(map.toServer('/home/ada/app/src/a.ts'), '/workspace/app/src/a.ts')
    assert.equal(map.toHost('/workspace/app/src/a.ts'), '/home/ada/app/src/a.ts')
    assert.equal(map.toServer('/home/ada/app'), '/workspace/app')
  })

  it('takes the longest rule that matches', () => {
    assert.equal(map.toServer('/home/ada/app/vendor/lib/b.c'), '/vendor/b.c')
    assert.equal(map.toHost('/vendor/b.c'), '/home/ada/app/vendor/lib/b.c')
    assert.equal(map.toServer('/home/ada/app/vendor'), '/workspace/app/vendor')
  })

  it('does not match a part of a name', () => {
    assert.equal(map.toServer('/home/ada/app-old/a.ts'), '/home/ada/app-old/a.ts')
    assert.equal(map.toHost('/workspace/apple'), '/workspace/apple')
  })

  it('leaves alone what no rule knows', () => {
    for (const path of ['/etc/hosts', 'src/a.ts', '', 'https://example.com/workspace/app']) {
      assert.equal(map.toServer(path), path)
      assert.equal(map.toHost(path), path)
    }
  })

  it('does not mind separators at the end', () => {
    const other = new PathMap([{ host: '/a/b/', server: '/c/' }])
    assert.equal(other.toServer('/a/b'), '/c')
    assert.equal(other.toServer('/a/b/'), '/c/')
    assert.equal(other.toServer('/a/b/d'), '/c/d')
    assert.equal(other.toHost('/c/d'), '/a/b/d')
  })

  it('maps from and to a root', () => {
    const root = new PathMap([{ host: '/mnt/server', server: '/' }])
    assert.equal(root.toServer('/mnt/server/etc'), '/etc')
    assert.equal(root.toServer('/mnt/server'), '/')
    assert.equal(root.toHost('/etc/hosts'), '/mnt/server/etc/hosts')
    assert.equal(root.toHost('/'), '/mnt/server')
  })

  it('knows drive letters, both separators and no case on Windows', () => {
    const windows = new PathMap([{ host: 'C:\\Users\\Ada\\app', server: '/workspace/app' }])
    assert.equal(windows.toServer('c:\\users\\ada\\APP\\src\\A.ts'), '/workspace/app/src/A.ts')
    assert.equal(windows.toServer('C:/Users/Ada/app/src'), '/workspace/app/src')
    assert.equal(windows.toHost('/workspace/app/src/A.ts'), 'C:\\Users\\Ada\\app\\src\\A.ts')
    assert.equal(windows.toServer('C:\\Users\\Ada\\application'), 'C:\\Users\\Ada\\application')
  })

  it('maps a whole drive, and shares', () => {
    const windows = new PathMap([
      { host: 'D:\\', server: '/mnt/d' },
      { host: '\\\\box\\share', server: '/mnt/share' },
    ])
    assert.equal(windows.toServer('D:\\x\\y'), '/mnt/d/x/y')
    assert.equal(windows.toHost('/mnt/d/x'), 'D:\\x')
    assert.equal(windows.toHost('/mnt/d'), 'D:\\')
    assert.equal(windows.toServer('\\\\box\\share\\x'), '/mnt/share/x')
  })

  it('keeps case and backslashes of POSIX names', () => {
    assert.equal(map.toServer('/home/Ada/app'), '/home/Ada/app')
    assert.equal(map.toServer('/home/ada/app/a\\b'), '/workspace/app/a\\b')
  })

  it('comes back to where it started, for any path below a rule', () => {
    const names = ['a', 'ä b', '%20', 'c\\d', '..x', '日本', "it's"]
    for (const first of names) {
      for (const second of names) {
        const path = `/home/ada/app/${first}/${second}`
        assert.equal(map.toHost(map.toServer(path)), path)
      }
    }
  })

  it('knows what the server can see and whether anything differs', () => {
    assert.equal(map.coversHost('/home/ada/app/x'), true)
    assert.equal(map.coversHost('/home/ada/other'), false)
    assert.equal(map.isIdentity, false)
    assert.equal(new PathMap([{ host: '/a', server: '/a/' }]).isIdentity, true)
  })
})

describe('propose', () => {
  const app = { path: '/home/ada/app', gitRoot: '/home/ada/app' }

  it('proposes nothing when both sides say the same', () => {
    assert.deepEqual(propose({ directory: '/home/ada/app', worktree: '/home/ada/app' }, [app]), [])
    assert.deepEqual(propose({ directory: '/elsewhere', worktree: '/home/ada/app' }, [app]), [])
  })

  it('joins git roots of the same name', () => {
    const place = { directory: '/srv/code/app/src', worktree: '/srv/code/app' }
    assert.deepEqual(propose(place, [{ path: '/home/ada/app/src', gitRoot: '/home/ada/app' }]), [
      { host: '/home/ada/app', server: '/srv/code/app' },
    ])
  })

  it('joins a mount point without a name when the way from the root is the same', () => {
    const place = { directory: '/workspace/pkg/web', worktree: '/workspace' }
    assert.deepEqual(propose(place, [{ path: '/home/ada/mono/pkg/web', gitRoot: '/home/ada/mono' }]), [
      { host: '/home/ada/mono', server: '/workspace' },
    ])
    assert.deepEqual(propose({ directory: '/workspace', worktree: '/workspace' }, [app]), [
      { host: '/home/ada/app', server: '/workspace' },
    ])
  })

  it('takes folders of the same name when there is no git', () => {
    assert.deepEqual(
      propose({ directory: '/data/notes', worktree: '/' }, [{ path: 'C:\\Users\\ada\\notes' }]),
      [{ host: 'C:\\Users\\ada\\notes', server: '/data/notes' }],
    )
  })

  it('takes the folder that fits best', () => {
    const folders = [{ path: '/a/web' }, { path: '/b/shop/web' }]
    assert.deepEqual(propose({ directory: '/srv/shop/web' }, folders), [
      { host: '/b/shop/web', server: '/srv/shop/web' },
    ])
  })

  it('has no idea when nothing fits', () => {
    assert.equal(propose({ directory: '/srv/other', worktree: '/' }, [app]), undefined)
    assert.equal(propose({ directory: '/', worktree: '/' }, []), undefined)
  })
})
