import assert from 'node:assert/strict'
import { readProfiles, toEntry } from '../../../src/profiles/readProfiles.ts'

const url = { name: 'Work', kind: 'url', url: 'https://opencode.example' }

/** What is said about one entry that stands before a good one. */
function wrongOf(entry: unknown): string {
  const { profiles, problems } = readProfiles([entry, { ...url, name: 'Good' }], 'user')
  assert.deepEqual(
    profiles.map(({ name }) => name),
    ['Good'],
  )
  assert.equal(problems.length, 1)
  return problems[0]?.sentence ?? ''
}

describe('Server profiles in the settings', () => {
  it('of every kind are read, with an id by source and name', () => {
    const entries = [
      { name: 'Old', kind: 'managed', path: '~/bin/opencode', environment: { A: '1' } },
      {
        name: 'Box',
        kind: 'container',
        engine: 'podman',
        memory: '2g',
        cpus: 1.5,
        network: 'provider',
        providerHosts: ['api.example'],
        mounts: [{ source: '~/data', isReadOnly: true }],
        user: '1000:1000',
        port: 4097,
      },
      { ...url, username: 'anna', paths: [{ local: '/home/anna/app', remote: 'C:\\app' }] },
      { name: 'Cluster', kind: 'kubernetes', target: 'service/opencode', namespace: 'ai' },
    ]
    const { profiles, problems } = readProfiles(entries, 'workspace')
    assert.deepEqual(problems, [])
    assert.deepEqual(
      profiles.map(({ id }) => id),
      ['workspace:Old', 'workspace:Box', 'workspace:Work', 'workspace:Cluster'],
    )
    assert.deepEqual(profiles.map(toEntry), entries)
  })

  it('that are malformed are named with what is wrong, and the others still work', () => {
    assert.match(
      wrongOf({ ...url, url: 'ftp://x' }),
      /^The profile "Work" of the user setting .*"url" is not usable/,
    )
    assert.match(wrongOf({ ...url, url: 'https://anna:secret@x' }), /Leave user name and password out/)
    assert.doesNotMatch(wrongOf({ ...url, url: 'https://anna:secret@x' }), /secret/)
    assert.match(wrongOf({ name: 'Work', kind: 'url' }), /"url" is missing\.$/)
    assert.match(
      wrongOf({ ...url, kind: 'socket' }),
      /"kind" must be managed, container, url or kubernetes\.$/,
    )
    assert.match(wrongOf({ ...url, pasword: 'x' }), /"pasword" is not known here\.$/)
    assert.match(wrongOf({ ...url, caFile: 'ca.pem' }), /"caFile" must be an absolute path/)
    assert.match(
      wrongOf({ ...url, paths: [{ local: 'app', remote: '/x' }] }),
      /"paths\.0\.local" must be an absolute path/,
    )
    assert.match(wrongOf({ ...url, proxy: 'proxy:3128' }), /"proxy" must be an address/)
    assert.match(wrongOf({ name: 'Box', kind: 'container', memory: 'lots' }), /"memory" must be a size/)
    assert.match(wrongOf({ name: 'Box', kind: 'container', port: 70_000 }), /between 1 and 65535/)
    assert.match(wrongOf({ name: 'K', kind: 'kubernetes', target: 'opencode' }), /pod\/NAME, service\/NAME/)
  })

  it('without a usable name are told by their place', () => {
    assert.match(wrongOf({ kind: 'managed' }), /^Entry 1 of the user setting .*"name" is missing/)
    assert.match(wrongOf('Work'), /^Entry 1 .*it must be an object/)
    assert.match(wrongOf(null), /^Entry 1 .*it must be an object/)
    assert.match(wrongOf({ ...url, name: ' ' }), /^Entry 1 .*"name" must not be empty/)
  })

  it('with one name twice: the first counts', () => {
    const { profiles, problems } = readProfiles([url, { ...url, url: 'https://other' }], 'user')
    assert.deepEqual(
      profiles.map((profile) => profile.kind === 'url' && profile.url),
      [url.url],
    )
    assert.match(problems[0]?.sentence ?? '', /another profile has the same name/)
  })

  it('that are no list at all are told as well', () => {
    assert.match(readProfiles({ url }, 'user').problems[0]?.sentence ?? '', /must be a list/)
    assert.deepEqual(readProfiles(undefined, 'user'), { profiles: [], problems: [] })
  })
})
