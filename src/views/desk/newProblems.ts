import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { NewProblems } from '../../protocol/desk.ts'
import { isSame } from '../../session/equal.ts'
import type { FileChange } from '../../session/model.ts'
import type { EndedRun } from '../../sync/index/sessionNews.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { isWithin } from '../../util/paths.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import { followBackends } from '../backend/followBackends.ts'
import { absolutePath } from '../links.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { changedSpans, freshProblems } from './freshProblems.ts'
import type { KnownProblem, LineSpan } from './freshProblems.ts'
import { editorUri, openDocument } from './texts.ts'

const openedAtMost = 20
const largestFile = 1024 * 1024
/** A language service has not finished as long as it goes on telling of problems. */
const quietMs = 700

/** The problems of one file, in the order of their places. */
export interface FreshFile {
  readonly uri: vscode.Uri
  readonly problems: readonly vscode.Diagnostic[]
}

interface Run {
  readonly directory: string
  /** By URI, of all files that had problems or were open when the run began. */
  readonly before: ReadonlyMap<string, readonly KnownProblem[]>
  readonly touched: Set<string>
}

interface Outcome {
  readonly before: Run['before']
  readonly files: ReadonlyMap<string, readonly LineSpan[] | undefined>
  fresh: readonly FreshFile[]
}

/**
 * Compares what VS Code's language services say before and after each run, in the files that it touched. It works
 * for every language that some extension checks, whether the server knows it or not.
 */
export class ProblemWatch implements Disposable {
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #runs = new Map<SessionID, Run>()
  readonly #outcomes = new Map<SessionID, Outcome>()
  #timer: NodeJS.Timeout | undefined
  readonly onDidChange = this.#onDidChange.event

  constructor(backends: Backends) {
    this.#store.add(backends.onDidChangeIndex(({ directory, backend }) => this.#look(directory, backend)))
    this.#store.add(followBackends(backends, (backend) => this.#join(backend)))
    this.#store.add(vscode.languages.onDidChangeDiagnostics(() => this.#outcomes.size > 0 && this.#later()))
  }

  /** What came up with the last run of a session; undefined when nothing did. */
  of(sessionID: SessionID): NewProblems | undefined {
    const fresh = this.fresh(sessionID)
    const all = fresh.flatMap(({ problems }) => problems)
    if (all.length === 0) return undefined
    const errors = all.filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error).length
    const paths = fresh.map(({ uri }) => uri.fsPath)
    return { sessionID, errors, warnings: all.length - errors, paths }
  }

  fresh(sessionID: SessionID): readonly FreshFile[] {
    return this.#outcomes.get(sessionID)?.fresh ?? []
  }

  dismiss(sessionID: SessionID): void {
    if (this.#outcomes.delete(sessionID)) this.#onDidChange.fire(undefined)
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #join({ hub }: Backend): Disposable {
    const store = new DisposableStore()
    store.add(
      hub.onDidEditFile(({ path }) => {
        for (const { directory, touched } of this.#runs.values()) {
          if (isWithin(path, directory)) touched.add(editorUri(path).toString())
        }
      }),
    )
    store.add(hub.news.onDidEndRun((run) => void this.#ended(hub, run)))
    return store
  }

  /** Runs of subagents are a part of their parent's. */
  #look(directory: string, backend: Backend): void {
    if (!promptTarget(backend, directory).sees(directory)) return
    for (const { session, status } of backend.hub.sessions(directory)) {
      if (status.kind === 'idle' || session.parentID !== undefined || this.#runs.has(session.id)) continue
      this.#runs.set(session.id, { directory, before: problemsNow(), touched: new Set() })
      this.dismiss(session.id)
    }
  }

  async #ended({ connection }: Backend['hub'], { sessionID }: EndedRun): Promise<void> {
    const run = this.#runs.get(sessionID)
    if (!run || !this.#runs.delete(sessionID)) return
    const changes = await lastChanges(connection, sessionID)
    const files = new Map<string, readonly LineSpan[] | undefined>()
    for (const key of run.touched) files.set(key, undefined)
    for (const { path, patch, status } of changes) {
      const key = editorUri(absolutePath(path, run.directory)).toString()
      if (status === 'deleted') files.delete(key)
      else files.set(key, patch === undefined ? undefined : changedSpans(patch))
    }
    if (files.size === 0) return
    this.#outcomes.set(sessionID, { before: run.before, files, fresh: [] })
    await openUnseen([...files.keys()])
    this.#later()
  }

  #later(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#compare(), quietMs)
  }

  #compare(): void {
    let isChanged = false
    for (const outcome of this.#outcomes.values()) {
      const fresh = [...outcome.files].flatMap(([key, spans]) => freshIn(outcome, key, spans))
      if (isSame(fresh.map(summary), outcome.fresh.map(summary))) continue
      outcome.fresh = fresh
      isChanged = true
    }
    if (isChanged) this.#onDidChange.fire(undefined)
  }
}

function freshIn(
  { before, fresh }: Outcome,
  key: string,
  spans: readonly LineSpan[] | undefined,
): readonly FreshFile[] {
  const uri = vscode.Uri.parse(key, true)
  const last = fresh.find((file) => file.uri.toString() === key)
  // A language service forgets a file that VS Code closed again.
  if (!openDocument(uri) && last) return [last]
  const problems = freshProblems(problemsOf(uri), before.get(key), spans).map(({ problem }) => problem)
  return problems.length > 0 ? [{ uri, problems }] : []
}

function summary({ uri, problems }: FreshFile): readonly string[] {
  return [uri.toString(), ...problems.map(({ message, range }) => `${range.start.line} ${message}`)]
}

interface NowProblem extends KnownProblem {
  readonly problem: vscode.Diagnostic
}

function problemsOf(uri: vscode.Uri): readonly NowProblem[] {
  return known(vscode.languages.getDiagnostics(uri))
}

function problemsNow(): ReadonlyMap<string, readonly KnownProblem[]> {
  const before = new Map<string, readonly KnownProblem[]>()
  for (const { uri } of vscode.workspace.textDocuments) before.set(uri.toString(), [])
  for (const [uri, problems] of vscode.languages.getDiagnostics()) before.set(uri.toString(), known(problems))
  return before
}

function known(problems: readonly vscode.Diagnostic[]): readonly NowProblem[] {
  return problems
    .filter(({ severity }) => severity <= vscode.DiagnosticSeverity.Warning)
    .map((problem) => {
      const { severity, source, code, message, range } = problem
      const id = typeof code === 'object' ? code.value : code
      const key = JSON.stringify([severity, source, id, message])
      return { key, firstLine: range.start.line, lastLine: range.end.line, problem }
    })
}

/** What the last prompt changed, by commands too; nothing where the server does not keep it. */
async function lastChanges(
  connection: Backend['hub']['connection'],
  sessionID: SessionID,
): Promise<readonly FileChange[]> {
  try {
    const page = await connection?.readMessages(sessionID, 50)
    const prompt = page?.messages.findLast(({ role }) => role === 'user')
    return prompt && connection ? await connection.turnDiff(sessionID, prompt.id) : []
  } catch {
    return []
  }
}

/**
 * Most language services look at open documents only; opening one shows nothing. Those that VS Code has to ask, such as
 * JSON's, want a tab, and without one say nothing of the file.
 */
async function openUnseen(keys: readonly string[]): Promise<void> {
  const uris = keys.map((key) => vscode.Uri.parse(key, true)).filter((uri) => !openDocument(uri))
  await Promise.all(
    uris.slice(0, openedAtMost).map(async (uri) => {
      try {
        const { size } = await vscode.workspace.fs.stat(uri)
        if (size <= largestFile) await vscode.workspace.openTextDocument(uri)
      } catch {
        // Binary, or gone again.
      }
    }),
  )
}
