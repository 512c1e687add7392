import assert from 'node:assert/strict'
import { formAnswer, readForm } from '../../../../src/client/v2/requests.ts'

const options = [
  { value: 'tea', label: 'Tea', description: 'Hot' },
  { value: 'none', label: 'Nothing' },
]
const form = {
  id: 'frm_0123456789',
  sessionID: 'ses_0000000000ffeTESTFORMS00000',
  title: 'Break',
  metadata: { tool: { id: 'call_7' } },
  fields: [
    { key: 'drink', type: 'string', title: 'Drink', description: 'Which one?', options, custom: true },
    { key: 'cups', type: 'integer', title: 'Cups', when: [{ key: 'drink', op: 'neq', value: 'none' }] },
    { key: 'extras', type: 'multiselect', options: [{ value: 'milk', label: 'Milk' }], custom: true },
    { key: 'why', type: 'string', when: [{ key: 'drink', op: 'eq', value: 'none' }] },
    { key: 'sweet', type: 'boolean', title: 'Sweet?', default: false },
    { key: 'menu', type: 'external', title: 'Menu', url: 'https://example.org/menu' },
    { key: 'trace', type: 'string', hidden: true, default: 'abc' },
    { key: 'spare', type: 'string', hidden: true },
  ],
}

describe('A form of 2.x', () => {
  it('is asked as questions: one for each field that people can fill in', () => {
    const request = readForm(form, '/p')
    assert.deepEqual(
      request?.questions.map((each) => [each.header, each.question, each.multiple, each.custom]),
      [
        ['Drink', 'Which one?', false, true],
        ['Cups', 'Cups', false, true],
        ['Break', 'Break', true, true],
        ['Break', 'Break', false, true],
        ['Sweet?', 'Sweet?', false, false],
        ['Menu', 'Menu\nhttps://example.org/menu', false, false],
      ],
    )
    assert.equal(request.callID, 'call_7')
    assert.deepEqual(request.questions[0]?.options, [
      { label: 'Tea', description: 'Hot' },
      { label: 'Nothing' },
    ])
  })

  const answers: readonly (readonly [string, readonly (readonly string[])[], object])[] = [
    [
      'by the values of what was chosen, and words of the user’s own',
      [['Tea'], ['2'], ['Milk', 'Honey'], [], ['Yes'], ['Done']],
      { drink: 'tea', cups: 2, extras: ['milk', 'Honey'], sweet: true, trace: 'abc' },
    ],
    [
      'without what does not apply to the other answers',
      [['Nothing'], ['2'], [], ['Not thirsty'], ['No'], []],
      { drink: 'none', extras: [], why: 'Not thirsty', sweet: false, trace: 'abc' },
    ],
    [
      'with the defaults of what was left open, and no number out of nothing',
      [['Cocoa'], [' '], [], [], [], []],
      { drink: 'Cocoa', extras: [], sweet: false, trace: 'abc' },
    ],
    [
      'with words in the place of a number, for the server to refuse',
      [['Tea'], ['many'], [], [], [], []],
      { drink: 'tea', cups: 'many', extras: [], sweet: false, trace: 'abc' },
    ],
  ]
  for (const [how, said, expected] of answers)
    it(`is answered ${how}`, () => assert.deepEqual(formAnswer(form, said), expected))

  it('that belongs to no session, or makes no sense, is none', () => {
    for (const broken of [{ ...form, sessionID: 'global' }, { ...form, id: 7 }, undefined, 'form'])
      assert.equal(readForm(broken, '/p'), undefined)
  })
})
