import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { inRepository } from './repository.ts'
import { run } from './run.ts'
import { writeSentences } from './sentences.ts'

/** Bundles into `dist`; minified for a package, with the sentences for translators. @throws when it fails. */
export async function bundle(options: { readonly production: boolean }): Promise<void> {
  await run(process.execPath, [inRepository('esbuild.js'), ...(options.production ? ['--production'] : [])])
  if (options.production) await writeSentences()
}

/** What the page must load before it shows anything, in bytes. */
const firstScriptLimit = 300 * 1024
/** The package, in bytes. */
const packageLimit = 1.5 * 1024 * 1024

/** Bytes of `dist/webview.js` with every chunk that it imports at once. */
export async function firstScriptSize(): Promise<number> {
  const meta = JSON.parse(await readFile(inRepository('dist', 'meta.json'), 'utf8')) as Meta
  const outputs = meta.webview.outputs
  const reached = ['dist/webview.js']
  for (const name of reached) {
    const next = (outputs[name]?.imports ?? []).filter((entry) => entry.kind === 'import-statement')
    reached.push(...next.map((entry) => entry.path).filter((entry) => !reached.includes(entry)))
  }
  return reached.reduce((sum, name) => sum + (outputs[name]?.bytes ?? 0), 0)
}

interface Meta {
  readonly webview: {
    readonly outputs: Readonly<
      Record<
        string,
        {
          readonly bytes: number
          readonly imports: readonly { readonly path: string; readonly kind: string }[]
        }
      >
    >
  }
}

/** Makes the VSIX from what stands in `dist`, and tells its path. */
export async function makePackage(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const file = path.join(folder, `${manifest.name}-${manifest.version}.vsix`)
  const vsce = inRepository('node_modules', '@vscode', 'vsce', 'vsce')
  await run(
    process.execPath,
    [
      vsce,
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
      '--out',
      file,
    ],
    { output: 'quiet' },
  )
  return file
}

/** Builds for production, makes the VSIX and compares both with their budgets. @throws when one is too big. */
export async function buildWithinBudget(folder: string): Promise<string> {
  await bundle({ production: true })
  withinBudget('dist/webview.js with what it loads at once', await firstScriptSize(), firstScriptLimit)
  const vsix = await makePackage(folder)
  withinBudget(path.basename(vsix), (await stat(vsix)).size, packageLimit)
  return vsix
}

function withinBudget(what: string, bytes: number, limit: number): void {
  const kib = (value: number) => `${(value / 1024).toFixed(0)} KiB`
  if (bytes > limit) throw new Error(`${what} has ${kib(bytes)}; ${kib(limit)} are allowed.`)
  console.log(`${what}: ${kib(bytes)} of ${kib(limit)}`)
}
