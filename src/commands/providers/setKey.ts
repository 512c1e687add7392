import { readFile } from 'node:fs/promises'
import * as vscode from 'vscode'
import { checkKey, hostOf, isSafeToAsk } from '../../client/keyCheck.ts'
import type { KeyCheck, KeyVerdict } from '../../client/keyCheck.ts'
import type { RunningContext } from '../commandSpec.ts'
import type { ProviderState } from './providerStates.ts'
import { applyCredentials } from './reloadFolders.ts'

/** Asks for a key, has it checked where that is possible and wanted, and gives it to the server. */
export async function enterKey(context: RunningContext, state: ProviderState): Promise<void> {
  if (!(await mayReplace(state))) return
  let note: string | undefined
  for (;;) {
    const key = await askForKey(state, note)
    if (key === undefined) return
    const next = await decide(context, state, key)
    if (next === 'store') return storeKey(context, state, key)
    if (next === 'cancel') return
    note = vscode.l10n.t('The provider does not take that key.')
  }
}

/** Copies the value of a variable, once the user has agreed to it. */
export async function copyVariable(
  context: RunningContext,
  state: ProviderState,
  name: string,
): Promise<void> {
  const { services, backend } = context
  const key = ({ ...process.env, ...services.settings.serverEnvironment.value }[name] ?? '').trim()
  if (key === '' || !(await mayReplace(state))) return
  const copy = vscode.l10n.t('Copy')
  const question = vscode.l10n.t('Copy the value of {0} for {1}?', name, state.info.name)
  const detail = vscode.l10n.t(
    'It is kept in the secret storage of VS Code, and given to the server "{0}" while it runs. Later changes of the variable do not count.',
    backend.profile.name,
  )
  if ((await vscode.window.showInformationMessage(question, { modal: true, detail }, copy)) !== copy) return
  if ((await decide(context, state, key)) === 'store') await storeKey(context, state, key)
}

/** Has the provider say whether it takes the key that is kept here. */
export async function checkOwnKey(context: RunningContext, state: ProviderState): Promise<void> {
  const { keyCheck, name } = state.info
  if (!keyCheck || state.ownKey === undefined) return
  const verdict = await runCheck(context, keyCheck, state.ownKey)
  if (verdict.kind === 'accepted') {
    await vscode.window.showInformationMessage(vscode.l10n.t('{0} takes the key.', name))
  } else if (verdict.kind === 'refused') {
    await context.services.notify.warn(vscode.l10n.t('{0} does not take the key.', name))
  } else {
    await context.services.notify.warn(vscode.l10n.t('The key could not be checked. {0}', verdict.reason))
  }
}

async function storeKey(
  { backend, connection, credentials, services }: RunningContext,
  { info }: ProviderState,
  key: string,
): Promise<void> {
  await credentials.setProviderKey(backend.profile.id, info.id, key)
  await backend.providerKeys.give(connection, info.id, key)
  await applyCredentials(backend, connection)
  services.notify.done(vscode.l10n.t('The key of {0} is set.', info.name))
}

async function askForKey({ info }: ProviderState, note: string | undefined): Promise<string | undefined> {
  const usual = vscode.l10n.t('Kept in the secret storage of VS Code, and in the server while it runs.')
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key of {0}', info.name),
    prompt: note === undefined ? usual : `${note} ${usual}`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === '' ? vscode.l10n.t('Paste the key, or press Escape.') : undefined,
  })
  return key?.trim()
}

/** `again`: the user wants to enter another one. */
async function decide(
  context: RunningContext,
  { info: { keyCheck, name } }: ProviderState,
  key: string,
): Promise<'store' | 'again' | 'cancel'> {
  if (!keyCheck || !isSafeToAsk(keyCheck)) return 'store'
  const check: vscode.QuickPickItem = {
    label: vscode.l10n.t('Check the key with {0}, then store it', hostOf(keyCheck)),
    detail: vscode.l10n.t('Sends the key there to list the models; it costs nothing.'),
    iconPath: new vscode.ThemeIcon('pass'),
  }
  const store: vscode.QuickPickItem = {
    label: vscode.l10n.t('Store it without a check'),
    iconPath: new vscode.ThemeIcon('save'),
  }
  const picked = await vscode.window.showQuickPick([check, store], {
    title: vscode.l10n.t('API key of {0}', name),
    ignoreFocusOut: true,
  })
  if (!picked) return 'cancel'
  if (picked === store) return 'store'
  const verdict = await runCheck(context, keyCheck, key)
  if (verdict.kind === 'accepted') return 'store'
  return askAboutDoubt(verdict, hostOf(keyCheck))
}

async function askAboutDoubt(
  verdict: Exclude<KeyVerdict, { kind: 'accepted' }>,
  host: string,
): Promise<'store' | 'again' | 'cancel'> {
  const anyway = vscode.l10n.t('Store Anyway')
  const again = vscode.l10n.t('Enter Another Key')
  const isRefused = verdict.kind === 'refused'
  const question = isRefused
    ? vscode.l10n.t('{0} does not take this key.', host)
    : vscode.l10n.t('The key could not be checked with {0}.', host)
  const options = { modal: true, detail: isRefused ? undefined : verdict.reason }
  const picked = await vscode.window.showWarningMessage(
    question,
    { modal: true, ...(options.detail === undefined ? {} : { detail: options.detail }) },
    ...(isRefused ? [again, anyway] : [anyway, again]),
  )
  return picked === anyway ? 'store' : picked === again ? 'again' : 'cancel'
}

async function runCheck({ services }: RunningContext, check: KeyCheck, key: string): Promise<KeyVerdict> {
  const { settings, log } = services
  const caFile = settings.caFile.value
  const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8').catch(() => undefined)
  const proxy = settings.effectiveProxy
  const title = vscode.l10n.t('Checking the key with {0}…', hostOf(check))
  const location = vscode.ProgressLocation.Notification
  return vscode.window.withProgress({ location, title, cancellable: true }, (_, token) => {
    const controller = new AbortController()
    token.onCancellationRequested(() => controller.abort())
    return checkKey(check, key, {
      log,
      signal: controller.signal,
      ...(proxy === undefined ? {} : { proxy }),
      ...(ca === undefined ? {} : { ca }),
    })
  })
}

/** A credential that OpenCode has by other means is only replaced when the user says so. */
async function mayReplace({ info, usesOwnKey }: ProviderState): Promise<boolean> {
  const kind = info.source?.kind
  if (usesOwnKey || (kind !== 'key' && kind !== 'login')) return true
  const replace = vscode.l10n.t('Replace it')
  const question = vscode.l10n.t(
    'OpenCode already has a login or key for {0}. Replace it for good?',
    info.name,
  )
  const detail = vscode.l10n.t(
    'It cannot be brought back from here. Your new key is taken out again when the server stops.',
  )
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, replace)) === replace
}
