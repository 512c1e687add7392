import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import * as vscode from 'vscode'
import type { Endpoint } from '../client/connection.ts'
import { parseServerUrl } from '../client/endpoint.ts'
import { OpencodeError } from '../opencode/errors.ts'
import type { Credentials } from '../platform/credentials.ts'
import type { Log } from '../platform/log.ts'
import type { Settings } from '../platform/settings.ts'
import { isRecord } from '../platform/storage.ts'
import type { StoredValue } from '../platform/storage.ts'
import { AttachLauncher } from '../server/attachLauncher.ts'
import { locateBinary } from '../server/binary/binaryLocator.ts'
import type { ServerHandle, ServerLauncher } from '../server/launcher.ts'
import { ProcessLauncher } from '../server/process/processLauncher.ts'

/** A server that somebody else runs. The password is not part of it: it stands in the SecretStorage. */
export interface AttachTarget {
  readonly url: string
  readonly username: string
  /** The user agreed that the password travels unencrypted to another machine. */
  readonly allowsPlain: boolean
}

/** Which server this window uses, and how it is brought up. Remembers one to connect to per workspace. */
export class ServerTarget {
  readonly #options: ServerTargetOptions

  constructor(options: ServerTargetOptions) {
    this.#options = options
  }

  /** Undefined: a server of our own. */
  get attached(): AttachTarget | undefined {
    return readTarget(this.#options.stored.get()) ?? this.#fromSettings()
  }

  async remember(target: AttachTarget | undefined): Promise<void> {
    await this.#options.stored.set(target)
  }

  /** What to do about a server's address of the settings is for the user to change. */
  get isFromSettings(): boolean {
    return readTarget(this.#options.stored.get()) === undefined && this.#fromSettings() !== undefined
  }

  /** @throws OpencodeError `consent-required` for plain http to another machine without consent */
  async endpoint(target: AttachTarget, password?: string): Promise<Endpoint> {
    const { url, isLoopback, isPlain } = parseServerUrl(target.url)
    if (isPlain && !isLoopback && !target.allowsPlain) {
      throw new OpencodeError(
        'consent-required',
        vscode.l10n.t('{0} is not encrypted. Run "Connect to Server…" to agree to it, or use https.', url),
      )
    }
    const { credentials, settings } = this.#options
    const ca = await readCertificates(settings.caFile.value)
    const proxy = settings.effectiveProxy
    return {
      url,
      username: target.username,
      password: password ?? (await credentials.serverPassword(url, target.username)) ?? '',
      ...(ca === undefined ? {} : { ca }),
      ...(proxy === undefined || isLoopback ? {} : { proxy }),
    }
  }

  launcher(): ServerLauncher {
    const target = this.attached
    if (!target) return this.#processLauncher()
    const launch = async (signal: AbortSignal): Promise<ServerHandle> =>
      new AttachLauncher(await this.endpoint(target)).launch(signal)
    return { origin: 'attached', launch }
  }

  #processLauncher(): ProcessLauncher {
    const { settings, log, extensionUri, storageUri, developmentRoot } = this.#options
    const env = { ...process.env, ...settings.serverEnvironment.value }
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')
    return new ProcessLauncher({
      binary: () =>
        locateBinary({
          setting: settings.serverPath.value || undefined,
          env,
          home: env['HOME'] ?? homedir(),
          platform: process.platform,
          developmentRoot,
        }),
      supervisorPath: vscode.Uri.joinPath(extensionUri, 'dist', 'supervisor.js').fsPath,
      execPath: process.execPath,
      stateDirectory: vscode.Uri.joinPath(storageUri, 'servers').fsPath,
      cwd: folder?.uri.fsPath ?? homedir(),
      env,
      log,
    })
  }

  #fromSettings(): AttachTarget | undefined {
    const url = this.#options.settings.serverUrl.value
    return url
      ? { url, username: this.#options.settings.serverUsername.value, allowsPlain: false }
      : undefined
  }
}

export interface ServerTargetOptions {
  readonly settings: Settings
  readonly credentials: Credentials
  readonly stored: StoredValue
  readonly log: Log
  readonly extensionUri: vscode.Uri
  readonly storageUri: vscode.Uri
  /** Where the `opencode-ai` package is looked for when the extension is being developed. */
  readonly developmentRoot: string | undefined
}

function readTarget(value: unknown): AttachTarget | undefined {
  if (!isRecord(value)) return undefined
  const { url, username, allowsPlain } = value
  if (typeof url !== 'string' || typeof username !== 'string') return undefined
  return { url, username, allowsPlain: allowsPlain === true }
}

async function readCertificates(path: string): Promise<string | undefined> {
  if (!path) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new OpencodeError('tls', vscode.l10n.t('The certificate file {0} cannot be read.', path), { cause })
  }
}
