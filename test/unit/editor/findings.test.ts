import assert from 'node:assert/strict'
import { cleanMessage } from '../../../src/editor/cleanMessage.ts'
import { changedNames, findingsFormat, readFindings, renamesOf } from '../../../src/editor/findings.ts'

const finding = { file: 'src/a.ts', line: 2, endLine: 3, severity: 'error', message: 'No.' }

describe('The answer of a review', () => {
  it('is the list in its last block', () => {
    const answer = `Some words.\n\`\`\`ts\nconst a = { b: 1 }\n\`\`\`\n${block({ findings: [finding] })}\nDone.`
    assert.deepEqual(readFindings(answer), { kind: 'findings', findings: [finding], dropped: 0 })
  })

  it('may stand without a fence', () => {
    const answer = `Here: ${JSON.stringify({ findings: [finding] })} That is all.`
    assert.deepEqual(readFindings(answer), { kind: 'findings', findings: [finding], dropped: 0 })
  })

  it('may leave out or muddle what can be guessed', () => {
    const answer = block({
      findings: [{ file: './src\\a.ts', line: 7, endLine: 3, severity: 'huge', message: ' No. ' }],
    })
    const [read] = findingsOf(answer)
    assert.deepEqual(read, { file: 'src/a.ts', line: 7, endLine: 7, severity: 'note', message: 'No.' })
    assert.equal(findingsOf(block({ findings: [{ file: 'a', line: 1, message: 'x' }] }))[0]?.endLine, 1)
  })

  it('may be the list alone, with numbers as texts, behind other braces', () => {
    const odd = { ...finding, line: '2', endLine: ' 3' }
    assert.deepEqual(findingsOf(block([odd, 'words'])), [finding])
    const words = `In \`{ a }\`: ${JSON.stringify({ findings: [finding] })}`
    assert.deepEqual(findingsOf(words), [finding])
  })

  it('may have line breaks in its words', () => {
    const answer = block({ findings: [{ ...finding, message: 'No.\n\n\t"Never."' }] })
    const broken = answer.replaceAll(String.raw`\n`, '\n').replaceAll(String.raw`\t`, '\t')
    assert.notEqual(broken, answer)
    assert.deepEqual(findingsOf(broken), [{ ...finding, message: 'No.\n\n\t"Never."' }])
  })

  it('counts entries that are no findings', () => {
    const bad = [
      { ...finding, line: 0 },
      { ...finding, line: 1.5 },
      { ...finding, message: '' },
      'words',
      null,
    ]
    const read = readFindings(block({ findings: [finding, ...bad] }))
    assert.deepEqual(read, { kind: 'findings', findings: [finding], dropped: bad.length })
  })

  it('may name a moved file by its old name', () => {
    const diff =
      'diff --git a/old b.ts b/src/new.ts\nsimilarity index 90%\nrename from old b.ts\nrename to src/new.ts\n'
    assert.deepEqual([...renamesOf(`${diff}--- a/x\n+++ b/x\n`)], [['old b.ts', 'src/new.ts']])
    assert.equal(renamesOf('+rename from a\n+rename to b\n').size, 0)
  })

  it('names files of the diff', () => {
    const diff = [
      '--- a/a b.ts\t',
      '+++ b/a b.ts\t',
      '@@ -1 +1 @@',
      '-x',
      '+++ b',
      '--- a/gone.ts',
      '+++ /dev/null',
      '+++ /other/c.ts',
    ].join('\n')
    assert.deepEqual(changedNames(diff), ['a b.ts', 'b', '/other/c.ts'])
  })

  it('is unreadable without such a list', () => {
    for (const answer of [
      '',
      'All is well.',
      '```json\n{"findings": [\n```',
      block(['words']),
      block([]),
      '{"findings":7}',
    ]) {
      assert.deepEqual(readFindings(answer), { kind: 'unreadable' }, answer)
    }
  })

  it('has the form that we ask for', () => {
    assert.equal(findingsOf(findingsFormat).length, 1)
  })
})

describe('A commit message', () => {
  it('is taken out of what stands around it', () => {
    assert.equal(
      cleanMessage('Here it is:\n```\nAdd a sum\n\nIt was missing.  \n```\n'),
      'Add a sum\n\nIt was missing.',
    )
    assert.equal(cleanMessage('"Add a sum"'), 'Add a sum')
    assert.equal(cleanMessage('Add a sum\r\n\r\n\r\n\r\nWhy.'), 'Add a sum\n\nWhy.')
    assert.equal(cleanMessage('Use "sum" and "add"'), 'Use "sum" and "add"')
    assert.equal(cleanMessage("Here's the commit message:\n\nAdd a sum"), 'Add a sum')
    assert.equal(cleanMessage('Here: add a sum\n\nWhy.'), 'Here: add a sum\n\nWhy.')
    assert.equal(cleanMessage(' \n'), '')
  })
})

function block(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``
}

function findingsOf(answer: string) {
  const read = readFindings(answer)
  assert.ok(read.kind === 'findings')
  return read.findings
}
