import { access, constants, open, realpath, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'

/** What a package manager of Windows may have put beside a name; a `.ps1` is never used. */
const windowsEndings = ['.exe', '.cmd', '.bat']
const scriptLimit = 16 * 1024

/**
 * The file to spawn for a program path without ending; undefined when there is none. On Windows a `.cmd` is
 * never run, because its arguments would pass through a shell: the program that it calls is taken instead.
 * Elsewhere a Node launch script of the `opencode-ai` package gives way to the program beside it, which needs
 * no `node` on PATH and dies when it is told to.
 */
export async function resolveSpawnable(path: string, platform: NodeJS.Platform): Promise<string | undefined> {
  return platform === 'win32' ? resolveOnWindows(path) : resolveOnPosix(path, platform)
}

async function resolveOnPosix(path: string, platform: NodeJS.Platform): Promise<string | undefined> {
  if (!(await isFile(path, constants.X_OK))) return undefined
  const head = await readHead(path)
  if (!/^#!.*\bnode\b/.test(head)) return path
  const real = await realpath(path)
  return (await firstFile(packagePrograms(dirname(dirname(real)), platform), constants.X_OK)) ?? path
}

async function resolveOnWindows(path: string): Promise<string | undefined> {
  const ending = extname(path).toLowerCase()
  const candidates = windowsEndings.includes(ending) ? [path] : windowsEndings.map((added) => path + added)
  for (const candidate of candidates) {
    if (!(await isFile(candidate))) continue
    if (candidate.toLowerCase().endsWith('.exe')) return candidate
    const target = await resolveShim(candidate)
    if (target !== undefined) return target
  }
  return undefined
}

/** The real program behind a `.cmd` that npm, pnpm, yarn or a version manager wrote. */
async function resolveShim(path: string): Promise<string | undefined> {
  const directory = dirname(path)
  const named = shimTargets(await readHead(path)).map((target) => join(directory, ...target.split(/[\\/]/)))
  const programs = named.filter((target) => target.toLowerCase().endsWith('.exe'))
  const roots = named.filter((target) => !programs.includes(target)).map((script) => dirname(dirname(script)))
  const packages = [...roots, join(directory, 'node_modules', 'opencode-ai')]
  return firstFile([...programs, ...packages.flatMap((root) => packagePrograms(root, 'win32'))])
}

/** The paths relative to itself (`%~dp0\…`, `%dp0%\…`) that a shim names, `node.exe` left out. */
export function shimTargets(script: string): readonly string[] {
  const found = script.matchAll(/%(?:~dp0|dp0%)\\?([^"%\r\n]+?)(?=["\s%\r\n]|$)/gi)
  const targets = [...found].map(([, target]) => target ?? '')
  return [...new Set(targets)].filter(
    (target) => target !== '' && !/(?:^|[\\/])node(?:\.exe)?$/i.test(target),
  )
}

/** Where the `opencode-ai` package at `root` has the program for this machine. */
function packagePrograms(root: string, platform: NodeJS.Platform): readonly string[] {
  const os = platform === 'win32' ? 'windows' : platform
  const program = platform === 'win32' ? 'opencode.exe' : 'opencode'
  const packages = [`opencode-${os}-${process.arch}`, `opencode-${os}-${process.arch}-baseline`]
  const beside = packages.flatMap((name) => [
    join(root, 'node_modules', name, 'bin', program),
    join(dirname(root), name, 'bin', program),
  ])
  return platform === 'win32' ? [join(root, 'bin', program), ...beside] : beside
}

async function firstFile(paths: readonly string[], mode?: number): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path, mode)) return path
  return undefined
}

async function isFile(path: string, mode = constants.R_OK): Promise<boolean> {
  try {
    await access(path, mode)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

async function readHead(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(scriptLimit), 0, scriptLimit, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
