import * as vscode from 'vscode'
import type { UrlProfile } from '../../opencode/profile.ts'
import type { TriedSecrets } from '../../profiles/launchers/url.ts'

/** A profile with other certificate files than before, and the passphrase of its key. */
export interface WithCertificates {
  readonly profile: UrlProfile
  readonly secrets: TriedSecrets
}

/** Says what is wrong with the certificates and lets the user pick files. Undefined: called off. */
export async function askCertificates(
  profile: UrlProfile,
  wrong: string,
): Promise<WithCertificates | undefined> {
  const authority = vscode.l10n.t('Pick CA file…')
  const client = vscode.l10n.t('Pick client certificate…')
  const picked = await vscode.window.showWarningMessage(
    wrong,
    {
      modal: true,
      detail: vscode.l10n.t('A server of your own may need its authority (CA), or a certificate of yours.'),
    },
    authority,
    client,
  )
  if (picked === authority) {
    const caFile = await pickPem(vscode.l10n.t('Certificate authorities (PEM)'))
    return caFile === undefined ? undefined : { profile: { ...profile, caFile }, secrets: {} }
  }
  return picked === client ? askClientCertificate(profile) : undefined
}

/** Certificate, key and passphrase for a server that wants to know who comes. */
export async function askClientCertificate(profile: UrlProfile): Promise<WithCertificates | undefined> {
  const certificateFile = await pickPem(vscode.l10n.t('Client certificate (PEM)'))
  if (certificateFile === undefined) return undefined
  const keyFile = await pickPem(vscode.l10n.t('Private key of the client certificate (PEM)'))
  if (keyFile === undefined) return undefined
  const passphrase = await askPassphrase(keyFile)
  if (passphrase === undefined) return undefined
  return {
    profile: { ...profile, certificateFile, keyFile },
    secrets: passphrase === '' ? {} : { passphrase },
  }
}

/** Empty: the key has none. */
export async function askPassphrase(keyFile: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Passphrase of the private key'),
    prompt: vscode.l10n.t('Passphrase of {0}; empty: none', keyFile),
    password: true,
    ignoreFocusOut: true,
  })
}

/** Path of a PEM file on the machine of this extension. */
export async function pickPem(title: string): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    title,
    canSelectMany: false,
    filters: { PEM: ['pem', 'crt', 'cer', 'key'], [vscode.l10n.t('All files')]: ['*'] },
  })
  return files?.[0]?.fsPath
}
