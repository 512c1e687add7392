import { copyFile, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { cacheFolder, inRepository } from './repository.ts'

/** Builds the extension of `test/exampleExtension`, which uses ours, and returns its folder. */
export async function bundleExample(): Promise<string> {
  const source = inRepository('test', 'exampleExtension')
  const folder = path.join(cacheFolder, 'test-host-example')
  await rm(folder, { recursive: true, force: true })
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
