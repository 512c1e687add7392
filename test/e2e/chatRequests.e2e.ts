import assert from 'node:assert/strict'
import { until } from '../support/workbench.ts'
import { badge, keepFailure, patience, startChatLab, type ChatLab } from './support/chat.ts'

describe('Requests of a session', function () {
  this.timeout(240_000)
  let running: ChatLab

  before(async function () {
    running = await startChatLab()
  })
  afterEach(async function () {
    await keepFailure(this.currentTest, running)
  })
  after(async function () {
    this.timeout(60_000)
    await running.dispose()
  })
  beforeEach(async () => {
    if ((await running.chat.log.count()) > 0) await running.chat.newSession()
  })

  it('wait in the chat and as a badge on the view until allowed once', async () => {
    const { chat, page } = running
    await chat.send(`${bash('echo allowed-once')}[[text:The command ran.]]`)
    await chat.permission.waitFor({ timeout: patience })
    assert.match(await chat.permission.innerText(), /echo allowed-once/)
    await until('the view has a badge', async () => (await badge(page)) === '1', patience)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.sees('The command ran.')
    await chat.tool('bash').getByText('Done', { exact: true }).waitFor()
    await until('the badge is gone', async () => (await badge(page)) === '', patience)
    assert.equal(await chat.permission.count(), 0)
  })

  it('are not asked again after "Always allow"', async () => {
    const { chat } = running
    await chat.send(`${bash('date +%Y')}${bash('date +%m')}[[text:Both ran.]]`)
    await chat.permission.getByRole('button', { name: 'Always allow' }).click({ timeout: patience })
    await chat.sees('Both ran.')
    assert.equal(await chat.tool('bash').getByText('Done', { exact: true }).count(), 2)
    assert.equal(await chat.permission.count(), 0)
  })

  it('give the model the reason of a rejection', async () => {
    const { chat, lab } = running
    await chat.send(`${bash('rm -r src')}[[text:Then I leave it.]]`)
    await chat.permission.getByRole('button', { name: 'Give a reason' }).click({ timeout: patience })
    const reason = chat.permission.getByRole('textbox', { name: 'Reason' })
    await reason.fill('Ask the librarian first')
    await reason.press('Enter')
    await chat.sees('Then I leave it.')
    await chat.tool('bash').getByText('Failed', { exact: true }).first().waitFor()
    const last = lab.model.requests.findLast(({ kind }) => kind === 'chat')
    assert.match(JSON.stringify(last?.body.messages), /Ask the librarian first/)
  })

  it('end the run when they are rejected without a reason', async () => {
    const { chat } = running
    await chat.send(`${bash('rm -r test')}[[text:Never said.]]`)
    await chat.permission.getByRole('button', { name: 'Reject' }).click({ timeout: patience })
    await chat.settles()
    await chat.tool('bash').getByText('Failed', { exact: true }).first().waitFor({ timeout: patience })
    assert.doesNotMatch(await chat.answers.innerText(), /Never said/)
    await chat.ask('[[text:Still here.]]', 'Still here.')
  })

  it('queue up when there are two, and none is lost', async () => {
    const { chat } = running
    await chat.send(`${bash('uname -s')}[[and]]${bash('whoami')}[[text:Two ran.]]`)
    await chat.permission.getByText('1 of 2').waitFor({ timeout: patience })
    const first = await chat.permission.innerText()
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await until('the next one shows', async () => (await chat.permission.innerText()) !== first, patience)
    const second = await chat.permission.innerText()
    assert.equal(/uname/.test(first), /whoami/.test(second))
    await answerGuarded(running)
    await chat.sees('Two ran.')
    assert.equal(await chat.tool('bash').getByText('Done', { exact: true }).count(), 2)
  })

  it('of a subagent show in the session that started it, with who asks', async () => {
    const { chat } = running
    const prompt = `${bash('id -u')}[[text:The child is done.]]`
    const task = JSON.stringify({ description: 'Look around', prompt, subagent_type: 'general' })
    await chat.send(`[[tool:task ${task}]][[text:The parent is done.]]`)
    await chat.permission.getByText('id -u').waitFor({ timeout: patience })
    assert.match(await chat.permission.innerText(), /subagent: Look around/)
    await chat.permission.getByRole('button', { name: 'Allow once' }).click()
    await chat.sees('The parent is done.')
    await chat.settles()
    assert.equal(await chat.tool('task').getByText('Done', { exact: true }).count(), 1)
  })

  it('as questions are answered with the mouse', async () => {
    const { chat, lab } = running
    await chat.send(`${ask('Which colour?', ['Red', 'Blue'])}[[text:Thanks for the colour.]]`)
    await chat.question.waitFor({ timeout: patience })
    assert.match(await chat.question.innerText(), /Which colour\?/)
    await chat.question.getByRole('radio', { name: /Blue/ }).check()
    await chat.question.getByRole('button', { name: 'Submit' }).click()
    await chat.sees('Thanks for the colour.')
    assert.equal(await chat.question.count(), 0)
    const last = lab.model.requests.findLast(({ kind }) => kind === 'chat')
    assert.match(JSON.stringify(last?.body.messages.at(-1)), /Blue/)
  })

  it('as questions are answered with the keyboard alone', async () => {
    const { chat, lab, page } = running
    await chat.send(`${ask('Which size?', ['Small', 'Large'])}[[text:Thanks for the size.]]`)
    await chat.question.waitFor({ timeout: patience })
    await page.keyboard.press('F6')
    await page.keyboard.press('Space')
    await page.keyboard.press('ArrowDown')
    await until(
      'the second is picked',
      () => chat.question.getByRole('radio', { name: /Large/ }).isChecked(),
      5_000,
    )
    for (
      let tabs = 0;
      tabs < 6 && !(await isFocused(chat.question.getByRole('button', { name: 'Submit' })));
      tabs += 1
    )
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await chat.sees('Thanks for the size.')
    const last = lab.model.requests.findLast(({ kind }) => kind === 'chat')
    assert.match(JSON.stringify(last?.body.messages.at(-1)), /Large/)
  })
})

function bash(command: string): string {
  return `[[tool:bash ${JSON.stringify({ command, description: 'A command of the test' })}]]`
}

function ask(question: string, labels: readonly string[]): string {
  const options = labels.map((label) => ({ label, description: `${label} it is` }))
  return `[[tool:question ${JSON.stringify({ questions: [{ question, header: 'Choice', options }] })}]]`
}

/** A request that takes the place of another ignores clicks for a moment, so the click is tried again. */
async function answerGuarded({ chat }: ChatLab): Promise<void> {
  const allow = chat.permission.getByRole('button', { name: 'Allow once' })
  await until(
    'the second is answered',
    async () => {
      await allow.click({ timeout: 2_000 }).catch(() => undefined)
      return (await chat.permission.count()) === 0
    },
    patience,
  )
}

function isFocused(locator: { evaluate<R>(run: (element: Element) => R): Promise<R> }): Promise<boolean> {
  return locator.evaluate((element) => element === element.ownerDocument.activeElement)
}
