import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inRepository } from '../../../scripts/lib/repository.ts'

/** Puts an `opencode` into a folder that runs the scripted 2.x server; gives the program's path. */
export async function installScripted2(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const program = inRepository('test', 'support', 'scripted2', 'program.ts')
  const file = path.join(folder, 'opencode')
  await writeFile(
    file,
    `#!/bin/sh\nexec '${process.execPath}' --disable-warning=MODULE_TYPELESS_PACKAGE_JSON '${program}' "$@"\n`,
  )
  await chmod(file, 0o755)
  return file
}
