import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { inRepository } from './repository.ts'

/** Builds the extension of `test/exampleExtension`, which uses ours, into a folder of that name, and returns it. */
export async function bundleExample(parent: string): Promise<string> {
  const source = inRepository('test', 'exampleExtension')
  const folder = path.join(parent, 'exampleExtension')
  await mkdir(folder, { recursive: true })
  await copyFile(path.join(source, 'package.json'), path.join(folder, 'package.json'))
  await build({
    entryPoints: [path.join(source, 'extension.ts')],
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    logLevel: 'warning',
  })
  return folder
}
