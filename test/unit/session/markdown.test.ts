import assert from 'node:assert/strict'
import { messageToMarkdown, sessionToMarkdown } from '../../../src/session/markdown.ts'
import { assistant, session, state, text, tool, user } from './support/builders.ts'

const talk = state(
  [
    user('msg_1', 1, { blocks: [text('prt_1', 'Do it'), text('prt_2', 'hidden', { synthetic: true })] }),
    assistant('msg_2', 2, {
      blocks: [
        text('prt_3', 'I **do**.'),
        tool('prt_4', {
          name: 'bash',
          kind: 'shell',
          status: 'completed',
          target: 'cat `x`',
          output: 'a\n```\nb',
        }),
        tool('prt_5', {
          name: 'edit',
          kind: 'edit',
          status: 'failed',
          error: 'no',
          files: [
            { path: 'a', patch: '@@ -1 +1 @@\n-a\n+b', additions: 1, deletions: 1, status: 'modified' },
          ],
        }),
      ],
      error: { name: 'APIError', message: 'over\nload', kind: 'provider' },
    }),
  ],
  { session: session('ses_1', { title: 'A\ntitle' }) },
)

describe('A session as Markdown', () => {
  it('has prompts, answers, tools with their changes, and errors, but nothing hidden', () => {
    const text = sessionToMarkdown(talk, { exported: 'today' })
    assert.equal(
      text,
      [
        '# A title',
        '',
        '*today*',
        '',
        '## Prompt',
        '',
        'Do it',
        '',
        'I **do**.',
        '',
        '**bash** `` cat `x` ``',
        '',
        '````',
        'a',
        '```',
        'b',
        '````',
        '',
        '**edit** (failed)',
        '',
        '```diff',
        '@@ -1 +1 @@',
        '-a',
        '+b',
        '```',
        '',
        '```',
        'no',
        '```',
        '',
        '> **APIError** over load',
        '',
        '',
      ].join('\n'),
    )
  })

  it('is copied by the message: a prompt alone, or the whole answer', () => {
    assert.equal(messageToMarkdown(talk, 'msg_1'), '## Prompt\n\nDo it\n')
    assert.match(messageToMarkdown(talk, 'msg_2') ?? '', /^I \*\*do\*\*/)
    assert.equal(messageToMarkdown(talk, 'msg_9'), undefined)
  })
})
