import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, isAbort } from '../../opencode/errors.ts'
import type { ContainerProfile } from '../../opencode/profile.ts'
import type { BuildSource } from '../../server/container/containerImage.ts'
import { ContainerLauncher } from '../../server/container/containerLauncher.ts'
import type { Engine, EngineFacts } from '../../server/container/engine.ts'
import { detectEngine } from '../../server/container/engineDetection.ts'
import type { ServerHandle, ServerLauncher } from '../../server/launcher.ts'
import { containerSettings } from '../containerProfile.ts'
import type { LauncherContext } from './launcherContext.ts'

/** A container of ours for the folder of the context. */
export function createContainerLauncher(profile: ContainerProfile, context: LauncherContext): ServerLauncher {
  return { origin: 'managed', launch: (signal) => launch(profile, context, signal) }
}

/** The engine that a profile asks for. @throws OpencodeError `engine-not-found`, `engine-not-running`, `forbidden` */
export function engineOf(
  { engine = 'auto', context }: Pick<ContainerProfile, 'engine' | 'context'>,
  signal?: AbortSignal,
): Promise<Engine> {
  return detectEngine({
    choice: { engine, ...(context === undefined ? {} : { context }) },
    env: process.env,
    platform: process.platform,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The image that this version of the extension builds, for an engine of this kind. */
export async function ownImage(extensionUri: vscode.Uri, facts: EngineFacts): Promise<BuildSource> {
  const folder = vscode.Uri.joinPath(extensionUri, 'container').fsPath
  const text = await readFile(join(folder, 'Containerfile'), 'utf8')
  const version = /^ARG OPENCODE_VERSION=(\S+)$/m.exec(text)?.[1]
  if (version === undefined) throw new OpencodeError('internal', 'The Containerfile names no version.')
  const binary = await developmentBinary(extensionUri.fsPath, facts)
  return { kind: 'build', folder, version, ...(binary === undefined ? {} : { binary }) }
}

/** While the extension is developed, the package that is there saves the download. A VSIX has none. */
async function developmentBinary(root: string, { architecture }: EngineFacts): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== architecture) return undefined
  const binary = join(root, 'node_modules', 'opencode-ai', 'bin', 'opencode.exe')
  return access(binary).then(
    () => binary,
    () => undefined,
  )
}

async function launch(
  profile: ContainerProfile,
  context: LauncherContext,
  signal: AbortSignal,
): Promise<ServerHandle> {
  const { folder, log, extensionUri } = context
  if (!vscode.workspace.workspaceFolders?.length) throw noFolder()
  const progress = new ImageProgress(profile, signal)
  try {
    const launcher = new ContainerLauncher({
      settings: async (facts) => containerSettings(profile, folder, await ownImage(extensionUri, facts)),
      engine: (stop) => engineOf(profile, stop),
      keeper: {
        execPath: process.execPath,
        path: vscode.Uri.joinPath(extensionUri, 'dist', 'keeper.js').fsPath,
      },
      log,
      onProgress: (message) => {
        progress.end()
        context.onProgress?.(message)
      },
      onImageLine: (line) => {
        log.container(line)
        progress.show(line)
      },
      onOutput: (line) => log.container(line),
    })
    return await launcher.launch(progress.signal)
  } catch (error) {
    throw isAbort(error) && progress.isCancelled ? notBuilt() : error
  } finally {
    progress.end()
  }
}

function noFolder(): OpencodeError {
  return new OpencodeError(
    'no-folder',
    vscode.l10n.t('Open a folder first: a container is given one folder to work in.'),
  )
}

function notBuilt(): OpencodeError {
  return new OpencodeError(
    'image-failed',
    vscode.l10n.t('You cancelled the preparation of the image. Retry, or pick another server.'),
  )
}

/** The notification of an image that is being built or fetched; nothing is shown when it is there already. */
class ImageProgress {
  readonly signal: AbortSignal
  readonly #title: string
  readonly #cancel = new AbortController()
  #line = ''
  #report: ((line: string) => void) | undefined
  #isOpen = false
  #close: () => void = () => undefined

  constructor({ image }: ContainerProfile, signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#cancel.signal])
    this.#title =
      image === undefined
        ? vscode.l10n.t('Building the container image for OpenCode')
        : vscode.l10n.t('Fetching the container image {0}', image)
  }

  get isCancelled(): boolean {
    return this.#cancel.signal.aborted
  }

  show(line: string): void {
    this.#line = line.trim().slice(0, 100)
    if (!this.#isOpen) this.#open()
    this.#report?.(this.#line)
  }

  end(): void {
    this.#close()
    this.#isOpen = false
  }

  #open(): void {
    this.#isOpen = true
    const options = { location: vscode.ProgressLocation.Notification, title: this.#title, cancellable: true }
    const closed = new Promise<void>((resolve) => {
      this.#close = resolve
    })
    void vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => this.#cancel.abort())
      this.#report = (message) => progress.report({ message })
      this.#report(this.#line)
      return closed
    })
  }
}
