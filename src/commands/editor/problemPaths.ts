import { dirname } from 'node:path'
import * as vscode from 'vscode'
import { setContextKey } from '../../platform/contextKeys.ts'
import { isGrave } from '../../prompt/diagnosticsPart.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'

const delayMs = 100
/** Menus need not know more; a workspace with thousands of broken files is slow enough. */
const fileLimit = 1_000

/** Tells the menus which files have errors or warnings, and which folders such files, so that they offer "Fix" there alone. */
export function registerProblemPaths(): Disposable {
  const store = new DisposableStore()
  let timer: NodeJS.Timeout | undefined
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      setContextKey('problemPaths', problemPaths())
    }, delayMs)
  }
  store.add(vscode.languages.onDidChangeDiagnostics(soon))
  store.add({ dispose: () => clearTimeout(timer) })
  setContextKey('problemPaths', problemPaths())
  setContextKey('knowsProblems', true)
  return store
}

function problemPaths(): readonly string[] {
  const files = vscode.languages
    .getDiagnostics()
    .filter(([, problems]) => problems.some(isGrave))
    .slice(0, fileLimit)
  const paths = new Set<string>()
  for (const [{ fsPath }] of files) {
    let path = fsPath
    while (!paths.has(path)) {
      paths.add(path)
      path = dirname(path)
    }
  }
  return [...paths].sort()
}
