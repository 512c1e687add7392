import assert from 'node:assert/strict'
import { until } from '../support/workbench.ts'
import { keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'

describe('A conversation in the side bar', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab({ waitForServer: false })
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })

  it('shows a prompt at once, while the server of a fresh window still starts', async () => {
    const { chat } = running
    const start = Date.now()
    await chat.send('Right away [[text:Here I am.]]')
    await chat.prompts.getByText('Right away').waitFor({ timeout: 2_000 })
    assert.ok(Date.now() - start < 2_500)
    assert.equal(await chat.composer.inputValue(), '')
    await chat.answers.getByText('Here I am.').waitFor({ timeout: patience })
    assert.equal(await chat.prompts.count(), 1)
  })

  it('streams an answer: its first words stand there before its last', async () => {
    const { chat } = running
    await chat.newSession()
    await chat.send(
      '[[delay:250]][[chunk:6]][[text:The first words come early, then more of them follow, and so on, until the very end of it.]]',
    )
    await chat.sees(/The first words/)
    assert.doesNotMatch(await chat.answers.innerText(), /very end/)
    assert.equal(await chat.stopButton.count(), 1)
    await chat.sees(/very end of it/)
    await chat.settles()
  })

  it('renders markdown: a table, a list and highlighted code', async () => {
    const { chat } = running
    await chat.newSession()
    const markdown = [
      '## Plan',
      '',
      '- one',
      '- two',
      '',
      '| Name | Size |',
      '| --- | --- |',
      '| a.ts | 12 |',
      '',
      '```ts',
      'const answer: number = 42',
      '```',
      '',
      'All done.',
    ].join('\\n')
    await chat.ask(`[[text:${markdown}]]`, 'All done.')
    const answer = chat.answers
    await answer.getByRole('heading', { name: 'Plan' }).waitFor()
    assert.equal(await answer.getByRole('listitem').count(), 2)
    assert.equal(await answer.getByRole('cell', { name: 'a.ts' }).count(), 1)
    await answer.getByRole('button', { name: /Copy code/ }).waitFor()
    await until(
      'keywords are coloured',
      async () => (await answer.locator('pre code span').count()) > 1,
      patience,
    )
  })

  it('folds what the model thought, and opens it on a click', async () => {
    const { chat } = running
    await chat.newSession()
    await chat.ask('[[reason:I weigh both ways with care.]][[text:Decided.]]', 'Decided.')
    const toggle = chat.answers.getByRole('button', { name: /^Thought/ })
    assert.equal(await toggle.getAttribute('aria-expanded'), 'false')
    assert.equal(await chat.answers.getByText('I weigh both ways').count(), 0)
    await toggle.click()
    await chat.sees('I weigh both ways with care.')
    assert.equal(await toggle.getAttribute('aria-expanded'), 'true')
  })

  it('delivers two prompts that are sent at once, each of them once', async () => {
    const { chat, lab } = running
    await chat.newSession()
    await chat.send('Alpha [[delay:40]][[text:Answer to alpha, which takes its time to come to an end.]]')
    await chat.send('Beta [[text:Answer to beta.]]')
    await chat.prompts.getByText('Alpha').waitFor({ timeout: 5_000 })
    await chat.prompts.getByText('Beta').waitFor({ timeout: 5_000 })
    await chat.sees('Answer to beta.')
    await chat.settles()
    assert.equal(await chat.prompts.count(), 2)
    const last = lab.model.requests.findLast(({ kind, prompt }) => kind === 'chat' && prompt.includes('Beta'))
    const said = JSON.stringify(last?.body.messages)
    assert.equal(said.split('Alpha [[').length, 2)
    assert.equal(said.split('Beta [[').length, 2)
  })

  it('queues a prompt that is sent while an answer streams', async () => {
    const { chat } = running
    await chat.newSession()
    await chat.send('Gamma [[delay:100]][[chunk:4]][[text:A slow answer, word by word, to gamma.]]')
    await chat.sees(/A slow/)
    await chat.send('Delta [[text:Delta is served.]]')
    const queue = chat.frame.getByRole('group', { name: 'Queued prompts' })
    await queue.getByText('Delta').waitFor({ timeout: 5_000 })
    await chat.sees('word by word, to gamma.')
    await chat.sees('Delta is served.')
    await chat.settles()
    assert.equal(await chat.prompts.count(), 2)
    assert.equal(await chat.answers.getByText('Delta is served.').count(), 1)
  })

  it('stops an answer in the middle, and answers the next prompt', async () => {
    const { chat } = running
    await chat.newSession()
    await chat.send(
      '[[delay:300]][[chunk:5]][[text:One two three four five six seven eight nine ten eleven twelve thirteen.]]',
    )
    await chat.sees(/One two/)
    await chat.stopButton.click()
    await chat.settles()
    await chat.sees('Stopped')
    assert.doesNotMatch(await chat.answers.innerText(), /thirteen/)
    await chat.ask('[[text:Back at work.]]', 'Back at work.')
  })

  it('stops a running command, and answers the next prompt', async () => {
    const { chat } = running
    await chat.newSession()
    await chat.send(
      '[[tool:bash {"command":"echo begun; sleep 300","description":"Sleep"}]][[text:Never said.]]',
    )
    await chat.permission.getByRole('button', { name: 'Allow once' }).click({ timeout: patience })
    await chat.tool('bash').getByText('Running', { exact: true }).first().waitFor({ timeout: patience })
    await chat.sees('begun')
    await chat.stopButton.click()
    await chat.settles()
    const stillRunning = chat.tool('bash').getByText('Running', { exact: true })
    await until('the command is shown as ended', async () => (await stillRunning.count()) === 0, patience)
    await chat.ask('[[text:Ready again.]]', 'Ready again.')
  })
})
