import assert from 'node:assert/strict'
import { screenshot } from '../support/workbench.ts'
import { openChat, startStage, type Stage } from './support.ts'

describe('The main job', () => {
  let stage: Stage

  before(async () => {
    stage = await startStage()
  })

  after(() => stage.dispose())

  it('streams the answer to a prompt that was typed into the view', async () => {
    const page = await stage.workbench.openPage()
    const chat = await openChat(page)
    await chat.send(
      '[[reason:Thinking first]][[delay:20]][[text:Hello **world**, this is a streamed answer.]]',
    )
    await chat.answered('Hello world, this is a streamed answer.')
    await screenshot(page, 'smoke')
    assert.equal(await chat.prompts.count(), 1)
    assert.equal(await chat.answers.count(), 1)
  })
})
