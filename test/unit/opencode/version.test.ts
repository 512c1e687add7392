import assert from 'node:assert/strict'
import {
  cautionAbout,
  compareVersions,
  formatVersion,
  isAtLeast,
  parseVersion,
} from '../../../src/opencode/version.ts'

function compare(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  assert.ok(left && right)
  return Math.sign(compareVersions(left, right))
}

describe('Version numbers', () => {
  it('are found in what 1.x and 2.x print', () => {
    for (const text of ['1.18.33\n', 'opencode 1.18.33', 'opencode2 v1.18.33 (abc)', 'Warning.\n1.18.33']) {
      const version = parseVersion(text)
      assert.equal(version && formatVersion(version), '1.18.33', text)
    }
  })

  it('keep the words of a prerelease', () => {
    const version = parseVersion('0.0.0-beta-202609')
    assert.deepEqual(version?.prerelease, ['beta-202609'])
    assert.equal(formatVersion(version), '0.0.0-beta-202609')
  })

  it('are not seen in other text', () => {
    for (const text of ['', 'usage: opencode', '1.2', '127.0.0.1.5'])
      assert.equal(parseVersion(text), undefined)
  })

  it('are ordered as semver.org says', () => {
    const ordered = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11']
    const all = [...ordered, '1.0.0', '1.2.26', '1.2.27', '1.10.0', '2.0.0']
    for (const [index, version] of all.entries()) {
      for (const [other, otherVersion] of all.entries()) {
        assert.equal(
          compare(version, otherVersion),
          Math.sign(index - other),
          `${version} and ${otherVersion}`,
        )
      }
    }
  })

  it('come with what was not run of them', () => {
    assert.equal(cautionAbout('1.18.33'), undefined)
    assert.match(cautionAbout('1.17.0') ?? '', /1\.18\.33 was run in our tests; this one was not/)
    assert.match(cautionAbout('2.0.21') ?? '', /scripted server only/)
  })

  it('counts builds without a number as new', () => {
    assert.equal(isAtLeast('1.10.0', '1.9.9'), true)
    assert.equal(isAtLeast('1.2.3', '1.2.27'), false)
    assert.equal(isAtLeast('v1.2.27', '1.2.27'), true)
    assert.equal(isAtLeast('local', '1.2.27'), true)
  })
})
