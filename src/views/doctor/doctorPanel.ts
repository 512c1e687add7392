import { homedir } from 'node:os'
import { join } from 'node:path'
import * as vscode from 'vscode'
import type { DoctorFinding, DoctorState, DoctorStep } from '../../opencode/doctor.ts'
import { doctorSteps, findingOf } from '../../opencode/doctor.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import { readDoctorAct } from '../../protocol/doctor.ts'
import type { DoctorAct, DoctorMessage } from '../../protocol/doctor.ts'
import { examine } from '../../server/doctor/examine.ts'
import { formatReport } from '../../server/doctor/report.ts'
import { tryPrompt } from '../../server/doctor/tryPrompt.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend } from '../backend/backend.ts'
import type { Services } from '../services.ts'
import { webviewHtml, webviewRoots } from '../webviewHtml.ts'
import { patientOf } from './backendPatient.ts'
import { factsOf } from './facts.ts'

export interface DoctorParts {
  readonly services: Services
  readonly developmentRoot: string | undefined
  readonly extensionVersion: string
}

/** Whom the Doctor looks at. */
interface Visit {
  readonly backend: Backend
  /** Real path; undefined in a window without folders. */
  readonly folder: string | undefined
}

const refreshMs = 2_000
const logLines = 50

/** The page of the Doctor: one for the window, for one server at a time. */
export class DoctorPanel implements Disposable {
  readonly #parts: DoctorParts
  #panel: vscode.WebviewPanel | undefined
  #store = new DisposableStore()
  #visit: Visit | undefined
  #steps: readonly DoctorStep[] = []
  #prompt: DoctorState['prompt']
  #abort: AbortController | undefined

  constructor(parts: DoctorParts) {
    this.#parts = parts
  }

  /** Shows the page and begins to look. */
  open(visit: Visit): void {
    this.#visit = visit
    if (this.#panel) this.#panel.reveal()
    else this.#create()
    void this.#run()
  }

  dispose(): void {
    this.#panel?.dispose()
    this.#close()
  }

  /** What the page shows now. */
  get state(): DoctorState | undefined {
    if (!this.#visit) return undefined
    const { backend, folder } = this.#visit
    const { log } = this.#parts.services
    const place = folder === undefined ? '' : ` · ${folder}`
    const state: DoctorState = {
      server: `${backend.profile.name}${place}`,
      isRunning: this.#abort !== undefined,
      steps: this.#steps,
      ...(this.#prompt ? { prompt: this.#prompt } : {}),
      facts: factsOf(backend, this.#parts.extensionVersion),
      log: log.recent.slice(-logLines),
    }
    return JSON.parse(this.#clean(JSON.stringify(state))) as DoctorState
  }

  #create(): void {
    const { extensionUri } = this.#parts.services
    const panel = vscode.window.createWebviewPanel(
      'opencodeSessions.doctor',
      vscode.l10n.t('OpenCode Doctor'),
      vscode.ViewColumn.Active,
      { enableScripts: true, localResourceRoots: [...webviewRoots(extensionUri)] },
    )
    this.#panel = panel
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(extensionUri, 'media', `chat-${theme}.svg`)
    panel.iconPath = { light: icon('light'), dark: icon('dark') }
    panel.webview.html = webviewHtml(panel.webview, extensionUri, 'doctor')
    this.#store.add(panel.webview.onDidReceiveMessage((message) => this.#receive(message)))
    const timer = setInterval(() => panel.visible && this.#show(), refreshMs)
    this.#store.add({ dispose: () => clearInterval(timer) })
    panel.onDidDispose(() => this.#close())
  }

  #close(): void {
    this.#panel = undefined
    this.#abort?.abort()
    this.#store.dispose()
    this.#store = new DisposableStore()
  }

  #show(): void {
    const { state } = this
    if (!state || !this.#panel) return
    const message: DoctorMessage = { kind: 'doctor', state }
    void this.#panel.webview.postMessage(message)
  }

  #receive(message: unknown): void {
    const act = readDoctorAct(message)
    if (act) void this.#act(act).catch((error: unknown) => this.#parts.services.notify.error(error))
  }

  async #act(act: DoctorAct): Promise<void> {
    switch (act) {
      case 'ready':
        this.#show()
        return
      case 'run':
        return this.#run()
      case 'cancel':
        this.#abort?.abort()
        return
      case 'copyReport':
        return this.#copyReport()
      case 'resetNumbers':
        this.#visit?.backend.metrics.reset()
        this.#show()
        return
      case 'tryPrompt':
        return this.#tryPrompt()
      case 'openConfiguration':
        return this.#openConfiguration()
      default:
        await runRemedy(act)
    }
  }

  async #run(): Promise<void> {
    const visit = this.#visit
    if (!visit) return
    this.#abort?.abort()
    const abort = new AbortController()
    this.#abort = abort
    this.#prompt = undefined
    this.#steps = doctorSteps.map((id) => ({ id, state: 'waiting' }))
    this.#show()
    const { services, developmentRoot } = this.#parts
    const { log, settings } = services
    const patient = patientOf(visit.backend, { folder: visit.folder, log, settings, developmentRoot })
    await examine(patient, abort.signal, (step) => {
      if (this.#abort !== abort) return
      this.#steps = this.#steps.map((old) => (old.id === step.id ? step : old))
      this.#show()
    })
    if (this.#abort !== abort) return
    this.#abort = undefined
    this.#show()
  }

  async #tryPrompt(): Promise<void> {
    const visit = this.#visit
    if (!visit || this.#prompt?.isRunning === true) return
    this.#setPrompt({ isRunning: true })
    const { access } = visit.backend
    const finding = await access.ensure().then(
      (connection) => tryPrompt(connection, visit.folder ?? homedir(), new AbortController().signal),
      (error: unknown): DoctorFinding => findingOf(toErrorInfo(error)),
    )
    this.#setPrompt({ isRunning: false, finding })
  }

  #setPrompt(prompt: DoctorState['prompt']): void {
    this.#prompt = prompt
    this.#show()
  }

  async #copyReport(): Promise<void> {
    const { state } = this
    if (!state) return
    await vscode.env.clipboard.writeText(formatReport(state))
    this.#parts.services.notify.done(vscode.l10n.t('The report is in the clipboard.'))
  }

  /** The project's own file where there is one. */
  async #openConfiguration(): Promise<void> {
    const folder = this.#visit?.folder
    if (folder === undefined) return
    const names = ['opencode.json', 'opencode.jsonc', join('.opencode', 'opencode.json')]
    for (const name of names) {
      const uri = vscode.Uri.file(join(folder, name))
      const isThere = await vscode.workspace.fs.stat(uri).then(
        () => true,
        () => false,
      )
      if (!isThere) continue
      await vscode.window.showTextDocument(uri)
      return
    }
    await vscode.env.openExternal(vscode.Uri.parse('https://opencode.ai/docs/config/'))
  }

  /** Takes out secrets, and the name of the user with the home folder. */
  #clean(text: string): string {
    const home = homedir()
    const { redactor } = this.#parts.services.log
    const clean = redactor.redact(text)
    return home.length > 1 ? clean.replaceAll(JSON.stringify(home).slice(1, -1), '~') : clean
  }
}

const addresses: Partial<Record<DoctorAct, string>> = {
  installEngine: 'https://podman.io/docs/installation',
  installOpencode: 'https://opencode.ai/docs/',
}

const workbenchCommands: Partial<Record<DoctorAct, readonly [command: string, argument?: string]>> = {
  manageTrust: ['workbench.trust.manage'],
  openFolder: ['vscode.openFolder'],
  openSettings: ['workbench.action.openSettings', 'opencodeSessions.'],
}

/** All others are commands of our own by the same name. */
async function runRemedy(act: DoctorAct): Promise<void> {
  const address = addresses[act]
  if (address !== undefined) {
    await vscode.env.openExternal(vscode.Uri.parse(address))
    return
  }
  const [command, ...args] = workbenchCommands[act] ?? [`opencodeSessions.${act}`]
  await vscode.commands.executeCommand(command, ...args)
}
