import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inRepository } from '../../../scripts/lib/repository.ts'

/**
 * Puts an `opencode` into a folder that runs the scripted 2.x server; gives the program's path. Its processes have
 * that word in their command line, as the real ones do.
 */
export async function installScripted2(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const program = path.join(folder, 'opencode.ts')
  await rm(program, { force: true })
  await symlink(inRepository('test', 'support', 'scripted2', 'program.ts'), program)
  const file = path.join(folder, 'opencode')
  await writeFile(
    file,
    `#!/bin/sh\nexec '${process.execPath}' --disable-warning=MODULE_TYPELESS_PACKAGE_JSON '${program}' "$@"\n`,
  )
  await chmod(file, 0o755)
  return file
}
