import assert from 'node:assert/strict'
import { isMeantBy, withoutBraces } from '../../../src/util/globs.ts'

describe('A glob of private files', () => {
  const meant = (glob: string, ...paths: readonly string[]) => {
    for (const path of paths) assert.ok(isMeantBy(glob, path), `${glob} should mean ${path}`)
  }
  const spared = (glob: string, ...paths: readonly string[]) => {
    for (const path of paths) assert.ok(!isMeantBy(glob, path), `${glob} should spare ${path}`)
  }

  it('means a file in every folder, however it is capitalized', () => {
    meant('**/.env', '/w/.env', '/w/a/b/.env', '/w/.ENV', 'C:\\w\\.Env')
    spared('**/.env', '/w/a.env', '/w/.env.ts', '/w/environment')
    meant('**/.env.*', '/w/.env.local', '/.ENV.PRODUCTION')
    meant('**/*.{pem,key}', '/w/server.PEM', '/w/a/b.key')
    spared('**/*.{pem,key}', '/w/key', '/w/a.keys', '/w/pem/a.ts')
  })

  it('means files below folders that it names, wherever it does not say where', () => {
    meant('.env', '/w/.env', '/w/a/.env')
    meant('secrets/**', '/w/secrets/a.txt', '/w/x/secrets/b/c.txt')
    meant('secrets', '/w/secrets/a.txt')
    meant('./secrets/', '/w/secrets/a.txt')
    spared('secrets', '/w/mysecrets/a.txt', '/w/secrets.txt')
    meant('**/{auth.json,secrets}*', '/w/auth.json', '/w/secrets.yml')
    spared('**/{auth.json,secrets}*', '/w/secretsView/index.ts')
    meant('a/**/b', '/w/a/b', '/w/a/x/y/b')
    spared('a/**/b', '/w/a/xb')
  })

  it('means one place alone where it says which', () => {
    meant('/home/me/keys/**', '/home/me/keys/a')
    spared('/home/me/keys/**', '/w/home/me/keys/a')
    meant('c:\\keys', 'C:/keys/a')
  })

  it('takes other signs for what they are', () => {
    meant('a?c', '/w/abc')
    spared('a?c', '/w/a/c', '/w/ac')
    meant('[ab].txt', '/w/a.txt')
    meant('[!a].txt', '/w/b.txt')
    spared('[!a].txt', '/w/a.txt')
    for (const odd of ['(', '[', '[]', '{', '{a', '+', '$', '**', '*', '\\', '[z-a]', '[^]'])
      isMeantBy(odd, '/w/a')
    spared('', '/w/a')
    spared(' ', '/w/a')
    spared('a.txt', '/w/abtxt')
  })

  it('is one for each of its choices', () => {
    assert.deepEqual(withoutBraces('**/.env'), ['**/.env'])
    assert.deepEqual(withoutBraces('**/{a,b}*.{x,y}'), ['**/a*.x', '**/a*.y', '**/b*.x', '**/b*.y'])
  })
})
