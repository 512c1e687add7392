import type { Frame, Locator, Page } from 'playwright-core'
import { startLab, type Lab, type LabOptions } from '../support/opencodeLab.ts'
import {
  chatFrame,
  runCommand,
  startWorkbench,
  type Workbench,
  type WorkbenchOptions,
} from '../support/workbench.ts'

/** A lab and a workbench on its project; what every end-to-end test starts from. */
export interface Stage {
  readonly lab: Lab
  readonly workbench: Workbench
  dispose(): Promise<void>
}

export interface StageOptions {
  readonly lab?: LabOptions
  readonly workbench?: Partial<WorkbenchOptions>
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const lab = await startLab(options.lab)
  const workbench = await startWorkbench({ env: lab.env, folder: lab.project, ...options.workbench })
  return {
    lab,
    workbench,
    dispose: async () => {
      await workbench.dispose()
      await lab.dispose()
    },
  }
}

/** The chat as a person meets it: by the accessible names that are its contract. */
class Chat {
  readonly page: Page
  readonly frame: Frame

  constructor(page: Page, frame: Frame) {
    this.page = page
    this.frame = frame
  }

  get composer(): Locator {
    return this.frame.getByRole('textbox', { name: 'Message OpenCode' })
  }

  get conversation(): Locator {
    return this.frame.getByRole('log', { name: 'Conversation' })
  }

  /** Messages of the user. */
  get prompts(): Locator {
    return this.conversation.getByRole('article', { name: 'You' })
  }

  get answers(): Locator {
    return this.conversation.getByRole('article', { name: 'OpenCode' })
  }

  get permission(): Locator {
    return this.frame.getByRole('group', { name: 'Permission required' })
  }

  tool(name: string): Locator {
    return this.conversation.getByRole('group', { name: `Tool: ${name}` })
  }

  button(name: string | RegExp): Locator {
    return this.frame.getByRole('button', { name })
  }

  async send(text: string): Promise<void> {
    await this.composer.click()
    await this.composer.fill(text)
    await this.button('Send').click()
  }

  /** Waits until some answer shows this text. */
  async answered(text: string, timeout = 60_000): Promise<void> {
    await this.answers.filter({ hasText: text }).first().waitFor({ timeout })
  }
}

/** Opens the side bar view with the command of the palette. */
export async function openChat(page: Page): Promise<Chat> {
  await runCommand(page, 'OpenCode: Open Chat')
  return findChat(page)
}

/** The chat that the window shows already. */
export async function findChat(
  page: Page,
  options: { timeout?: number; index?: number } = {},
): Promise<Chat> {
  const chat = new Chat(page, await chatFrame(page, options))
  await chat.composer.waitFor({ timeout: 30_000 })
  return chat
}
