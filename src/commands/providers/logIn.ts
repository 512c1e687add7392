import * as vscode from 'vscode'
import type { LoginMethod, LoginPrompt, ProviderInfo, StartedLogin } from '../../client/providers.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { RunningContext } from '../commandSpec.ts'
import { placeOf } from './providerStates.ts'
import { applyCredentials } from './reloadFolders.ts'

/** One login in the browser, from the questions before it to the models after it. */
export async function logIn(
  context: RunningContext,
  info: Pick<ProviderInfo, 'id' | 'name'>,
  method: LoginMethod,
): Promise<void> {
  const { backend, connection, services } = context
  const answers = await askPrompts(info.name, method.prompts)
  if (!answers) return
  const directory = await placeOf(context)
  const started = await connection.providers.startLogin(directory, info.id, method.index, answers)
  const finish = (code: string | undefined, signal: AbortSignal): Promise<void> => {
    const login = { method: method.index, ...(code === undefined ? {} : { code }) }
    return connection.providers.finishLogin(directory, info.id, login, signal)
  }
  await openPage(started.url)
  const isDone = started.needsCode
    ? await enterCodes(info.name, started, finish)
    : await waitForPage(info.name, started, finish)
  if (!isDone) return
  await applyCredentials(backend, connection)
  services.notify.done(vscode.l10n.t('You are logged in to {0}.', info.name))
}

type Finish = (code: string | undefined, signal: AbortSignal) => Promise<void>

/** Undefined: the user went away. Answers decide which later questions are asked. */
async function askPrompts(
  name: string,
  prompts: readonly LoginPrompt[],
): Promise<Readonly<Record<string, string>> | undefined> {
  const answers: Record<string, string> = {}
  for (const prompt of prompts) {
    const { when } = prompt
    if (when && (answers[when.key] === when.value) !== when.isValue) continue
    const answer = await askPrompt(name, prompt)
    if (answer === undefined) return undefined
    answers[prompt.key] = answer
  }
  return answers
}

async function askPrompt(name: string, prompt: LoginPrompt): Promise<string | undefined> {
  const title = vscode.l10n.t('Log in to {0}', name)
  if (prompt.kind === 'text') {
    return vscode.window.showInputBox({
      title,
      prompt: prompt.message,
      ignoreFocusOut: true,
      ...(prompt.placeholder === undefined ? {} : { placeHolder: prompt.placeholder }),
    })
  }
  const items = prompt.options.map(({ label, value, hint }) => ({ label, description: hint ?? '', value }))
  const options = { title, placeHolder: prompt.message, ignoreFocusOut: true }
  return (await vscode.window.showQuickPick(items, options))?.value
}

/** Where no browser opens, the address can still be taken there by hand. */
async function openPage(url: string): Promise<void> {
  if (await vscode.env.openExternal(vscode.Uri.parse(url, true))) return
  const copy = vscode.l10n.t('Copy Address')
  const text = vscode.l10n.t('The browser did not open. Copy the address of the login page?')
  if ((await vscode.window.showWarningMessage(text, copy)) === copy) await vscode.env.clipboard.writeText(url)
}

/** A wrong code may be corrected until the user gives up. */
async function enterCodes(name: string, { instructions }: StartedLogin, finish: Finish): Promise<boolean> {
  let note = ''
  for (;;) {
    const code = await vscode.window.showInputBox({
      title: vscode.l10n.t('Log in to {0}', name),
      prompt: `${note}${instructions}`,
      placeHolder: vscode.l10n.t('Code of the page'),
      ignoreFocusOut: true,
      validateInput: (text) =>
        text.trim() === '' ? vscode.l10n.t('Paste the code, or press Escape.') : undefined,
    })
    if (code === undefined) return false
    try {
      await cancellable(vscode.l10n.t('Logging in to {0}…', name), (signal) => finish(code.trim(), signal))
      return true
    } catch (error) {
      if (!(error instanceof OpencodeError) || error.code !== 'login-failed') throw error
      note = `${error.message} `
    }
  }
}

async function waitForPage(name: string, { instructions }: StartedLogin, finish: Finish): Promise<boolean> {
  const title = vscode.l10n.t('Waiting for your login to {0} in the browser…', name)
  await cancellable(`${title} ${instructions}`.trim(), (signal) => finish(undefined, signal))
  return true
}

/** Rejects with `aborted` when the user cancels. */
async function cancellable(title: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const location = vscode.ProgressLocation.Notification
  await vscode.window.withProgress({ location, title, cancellable: true }, async (_, token) => {
    const controller = new AbortController()
    token.onCancellationRequested(() => controller.abort())
    await work(controller.signal)
  })
}
