import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'mocha'
import { toRequestID } from '../../src/opencode/ids.ts'
import type { DeskState, GuardedEdit } from '../../src/protocol/desk.ts'
import { startHarness } from './support/harness.ts'
import type { ChatPage, Harness } from './support/harness.ts'
import { answer, chatWith, patch, permission, sessionID, textBlock, user } from './support/states.ts'

const path = '/home/me/demo/src/add.ts'
const requestID = toRequestID('per_1')
const request = permission('per_1', { action: 'edit', path, diff: patch })

describe('Edits that meet text of the user', function () {
  this.timeout(60_000)
  let harness: Harness
  let chat: ChatPage
  before(async () => {
    harness = await startHarness()
  })
  after(() => harness.dispose())
  afterEach(async () => {
    assert.deepEqual(chat.errors, [])
    await chat.dispose()
  })

  it('are not allowed or rejected blindly: merge, save first, allow anyway, reject', async () => {
    await open({ risks: [{ path, kind: 'unsaved' }] })
    await dock().getByText('add.ts has unsaved changes').waitFor()
    assert.deepEqual(await buttons(), ['Merge', 'Save first', 'Allow anyway', 'Reject'])
    await dock().getByRole('button', { name: 'Merge' }).click()
    assert.deepEqual(await chat.waitForCall('edit/settle'), { requestID, how: 'merge' })
  })

  it('are made again where they cannot be merged', async () => {
    await open({ risks: [{ path, kind: 'changed' }], canMerge: false })
    assert.deepEqual(await buttons(), ['Have it redone', 'Allow anyway', 'Reject'])
    await dock().getByRole('button', { name: 'Have it redone' }).click()
    assert.deepEqual(await chat.waitForCall('edit/settle'), { requestID, how: 'redo' })
  })

  it('name each file, and where it is moved', async () => {
    const files = [
      {
        path: '/home/me/demo/new/add.ts',
        movedFrom: path,
        additions: 1,
        deletions: 1,
        status: 'modified' as const,
      },
      { path: '/home/me/demo/b.ts', additions: 1, deletions: 0, status: 'added' as const },
    ]
    const session = { status: { kind: 'busy' as const }, requests: [{ ...request, files }] }
    chat = await harness.open(chatWith([user('msg_1', 'Hi')], session))
    assert.deepEqual(await dock().locator('.dock-path').allInnerTexts(), ['src/add.ts → new/add.ts', 'b.ts'])
  })

  it('that would break the encoding of a file can be saved in it', async () => {
    await open({ risks: [{ path, kind: 'encoding' }] })
    await dock().getByText('add.ts is not in UTF-8').waitFor()
    assert.deepEqual(await buttons(), ['Keep encoding', 'Allow anyway', 'Reject'])
    await dock().getByRole('button', { name: 'Keep encoding' }).click()
    assert.deepEqual(await chat.waitForCall('edit/settle'), { requestID, how: 'merge' })
  })

  it('are applied as the user changed them', async () => {
    await open({ risks: [], isChanged: true })
    assert.deepEqual(await buttons(), ['Apply my version', 'Allow as proposed', 'Reject'])
    await dock().getByRole('button', { name: 'Apply my version' }).click()
    assert.deepEqual(await chat.waitForCall('edit/settle'), { requestID, how: 'mine' })
  })

  it('that were written already can be merged, compared, refused or taken', async () => {
    const desk: DeskState = { edits: [], conflicts: [{ path }], problems: undefined }
    chat = await harness.open(
      chatWith([user('msg_1', 'Hi'), answer('msg_2', [textBlock('b', 'Ho')])], {}, { desk }),
    )
    const strip = chat.page.getByRole('group', { name: 'Unsaved changes' })
    await strip.getByText('src/add.ts').waitFor()
    const answers = ['Merge', 'Compare', 'Keep mine', 'Take theirs']
    for (const name of answers) await strip.getByRole('button', { name }).click()
    await chat.waitForCall('conflict/answer', 4)
    const calls = chat.callsOf('conflict/answer')
    assert.deepEqual(
      calls,
      ['merge', 'compare', 'mine', 'theirs'].map((how) => ({ path, how })),
    )
    await chat.apply({ type: 'desk', desk: undefined })
    await strip.waitFor({ state: 'detached' })
  })

  it('tell of the problems that they brought up, to be fixed, shown or dismissed', async () => {
    const problems = { sessionID, errors: 1, warnings: 1, paths: [path, '/home/me/demo/b.ts'] }
    const desk: DeskState = { edits: [], conflicts: [], problems }
    chat = await harness.open(chatWith([user('msg_1', 'Hi')], {}, { desk }))
    const strip = chat.page.getByRole('group', { name: 'New problems' })
    await strip.getByText('2 new problems in add.ts and 1 more file').waitFor()
    for (const name of ['Fix', 'Show', 'Dismiss']) await strip.getByRole('button', { name }).click()
    await chat.waitForCall('problems/answer', 3)
    assert.deepEqual(chat.callsOf('problems/answer'), [{ how: 'fix' }, { how: 'show' }, { how: 'dismiss' }])
  })

  it('are counted until they are decided on, with the ways to do so', async () => {
    chat = await harness.open(
      chatWith(
        [user('msg_1', 'Hi')],
        {},
        { review: { files: 3, additions: 1234, deletions: 2, canDecide: true } },
      ),
    )
    const strip = chat.page.getByRole('group', { name: 'Changes to review' })
    await strip.getByText('3 files changed').waitFor()
    assert.match(await strip.innerText(), /\+1,234\s*−2/)
    for (const name of ['Review', 'Keep all changes', 'Undo all changes…'])
      await strip.getByRole('button', { name, exact: true }).click()
    await chat.waitForCall('command/run', 3)
    assert.deepEqual(
      chat.callsOf('command/run'),
      ['openAllChanges', 'keepAllChanges', 'undoAllChanges'].map((command) => ({ command })),
    )
    await chat.apply({ type: 'review', review: { files: 1, additions: 0, deletions: 0, canDecide: false } })
    await strip.getByText('1 file changed').waitFor()
    assert.doesNotMatch(await strip.innerText(), /[+−]/)
    await strip.getByRole('button', { name: 'Undo last prompt…' }).click()
    assert.deepEqual(await chat.waitForCall('command/run', 4), { command: 'undoPrompt' })
    assert.equal(await strip.getByRole('button').count(), 2)
    await chat.apply({ type: 'review', review: undefined })
    await strip.waitFor({ state: 'detached' })
  })

  async function open(part: Partial<GuardedEdit>): Promise<void> {
    const edit = { requestID, risks: [], canMerge: true, isChanged: false, ...part }
    const desk: DeskState = { edits: [edit], conflicts: [], problems: undefined }
    const session = { status: { kind: 'busy' as const }, requests: [request] }
    chat = await harness.open(chatWith([user('msg_1', 'Hi')], session, { desk }))
    await dock().waitFor()
  }

  function dock() {
    return chat.page.getByRole('group', { name: 'Permission required' })
  }

  async function buttons(): Promise<readonly string[]> {
    return dock().locator('.dock-buttons .button').allInnerTexts()
  }
})
