import { makePackage } from '../../scripts/lib/bundle.ts'
import { startLab, type Lab } from '../support/opencodeLab.ts'
import { startWorkbench, type Workbench } from '../support/workbench.ts'
import { openChat } from './support.ts'

describe('The package', () => {
  let lab: Lab
  let workbench: Workbench

  before(async () => {
    lab = await startLab()
    const vsix = await makePackage(lab.root)
    workbench = await startWorkbench({
      env: lab.env,
      folder: lab.project,
      extensionPath: false,
      vsix: [vsix],
    })
  })

  after(async () => {
    await workbench.dispose()
    await lab.dispose()
  })

  it('answers a prompt when it is installed, with nothing but what it holds', async () => {
    const chat = await openChat(await workbench.openPage())
    await chat.send('[[text:Answered by the packaged extension.\\n\\n```ts\\nconst a = 1\\n```]]')
    await chat.answered('Answered by the packaged extension.')
    // The highlighter is a chunk of its own that loads on first use.
    await chat.answers.locator('.hljs-keyword').first().waitFor({ timeout: 30_000 })
  })
})
