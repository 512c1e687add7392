import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocateOptions } from './binary.ts'
import { compareVersions, parseVersion } from '../../opencode/version.ts'

/** Folders where installers of OpenCode put the program, or a link to it, without always adding them to PATH. */
export async function installPlaces(options: LocateOptions): Promise<readonly string[]> {
  return options.platform === 'win32' ? windowsPlaces(options) : await posixPlaces(options)
}

/** Where the `opencode-ai` package keeps its program, below a project that depends on it. */
export function developmentPlaces(root: string, platform: NodeJS.Platform): readonly string[] {
  const modules = join(root, 'node_modules')
  const program = platform === 'win32' ? 'opencode.exe' : 'opencode'
  const os = platform === 'win32' ? 'windows' : platform
  const arch = process.arch
  return [
    join(modules, 'opencode-ai', 'bin', 'opencode.exe'),
    join(modules, `opencode-${os}-${arch}`, 'bin', program),
    join(modules, `opencode-${os}-${arch}-baseline`, 'bin', program),
    join(modules, 'opencode-ai', 'node_modules', `opencode-${os}-${arch}`, 'bin', program),
  ]
}

/** Writes the home folder as `~`, so that an error text does not name the user. */
export function abbreviateHome(path: string, home: string): string {
  return home !== '' && path.startsWith(home) ? `~${path.slice(home.length)}` : path
}

function systemPlaces({ platform, home }: LocateOptions): readonly string[] {
  const brew =
    platform === 'darwin'
      ? ['/opt/homebrew/bin']
      : ['/home/linuxbrew/.linuxbrew/bin', join(home, '.linuxbrew', 'bin')]
  return [...brew, '/usr/local/bin', '/run/current-system/sw/bin', '/usr/bin', '/snap/bin']
}

async function posixPlaces(options: LocateOptions): Promise<readonly string[]> {
  const { env, home } = options
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local', 'share')
  return [
    ...given(env['OPENCODE_INSTALL_DIR'], env['XDG_BIN_DIR']),
    join(home, '.opencode', 'bin'),
    join(home, '.local', 'bin'),
    join(home, 'bin'),
    join(env['BUN_INSTALL'] ?? join(home, '.bun'), 'bin'),
    ...(options.systemPlaces ?? systemPlaces(options)),
    ...(await npmPrefixes(env, home)),
    ...given(env['NVM_BIN']),
    ...(await nodeVersions(join(env['NVM_DIR'] ?? join(home, '.nvm'), 'versions', 'node'), 'bin')),
    ...(await nodeVersions(
      join(env['FNM_DIR'] ?? join(data, 'fnm'), 'node-versions'),
      'installation',
      'bin',
    )),
    join(env['VOLTA_HOME'] ?? join(home, '.volta'), 'bin'),
    ...given(env['PNPM_HOME']),
    join(home, 'Library', 'pnpm'),
    join(data, 'pnpm'),
    join(env['ASDF_DATA_DIR'] ?? join(home, '.asdf'), 'shims'),
    join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'shims'),
    join(home, '.yarn', 'bin'),
    join(home, '.nix-profile', 'bin'),
  ]
}

function windowsPlaces({ env, home }: LocateOptions): readonly string[] {
  const roaming = env['APPDATA'] ?? join(home, 'AppData', 'Roaming')
  const local = env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local')
  return [
    ...given(env['OPENCODE_INSTALL_DIR']),
    join(home, '.opencode', 'bin'),
    join(roaming, 'npm'),
    join(env['BUN_INSTALL'] ?? join(home, '.bun'), 'bin'),
    join(env['SCOOP'] ?? join(home, 'scoop'), 'shims'),
    join(env['ChocolateyInstall'] ?? 'C:\\ProgramData\\chocolatey', 'bin'),
    join(env['VOLTA_HOME'] ?? join(local, 'Volta'), 'bin'),
    ...given(env['NVM_SYMLINK'], env['PNPM_HOME']),
    join(local, 'pnpm'),
    join(local, 'mise', 'shims'),
    join(local, 'Microsoft', 'WinGet', 'Links'),
    join(home, '.local', 'bin'),
  ]
}

function given(...values: readonly (string | undefined)[]): readonly string[] {
  return values.filter((value) => value !== undefined && value !== '') as string[]
}

/** The global prefix of npm without running npm: from the environment or from the user's settings file. */
async function npmPrefixes(env: NodeJS.ProcessEnv, home: string): Promise<readonly string[]> {
  const text = await readFile(join(home, '.npmrc'), 'utf8').catch(() => '')
  const written = /^\s*prefix\s*=\s*["']?(.+?)["']?\s*$/m.exec(text)?.[1]
  const prefixes = given(
    env['npm_config_prefix'],
    env['NPM_CONFIG_PREFIX'],
    written,
    join(home, '.npm-global'),
  )
  return prefixes.map((prefix) => join(prefix.replace(/^~(?=\/)|^\$\{HOME\}/, home), 'bin'))
}

/** The `bin` folders of installed Node versions, newest first. */
async function nodeVersions(directory: string, ...below: readonly string[]): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => [])
  const versions = names.flatMap((name) => {
    const version = parseVersion(name)
    return version ? [{ name, version }] : []
  })
  versions.sort((a, b) => compareVersions(b.version, a.version))
  return versions.map(({ name }) => join(directory, name, ...below))
}
