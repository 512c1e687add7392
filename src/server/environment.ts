/** What VS Code puts into the environment for its own processes and what would confuse other programs. */
const ownToVsCode = /^(?:VSCODE_|ELECTRON_)/i

/** The environment for a program that is no part of VS Code; the given one is left as it is. */
export function foreignEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ownToVsCode.test(name)) result[name] = value
  }
  return result
}

/** The environment for a script of ours that runs by `process.execPath`, which may be Electron. */
export function nodeEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const { NODE_OPTIONS: _, ...rest } = foreignEnvironment(env)
  return { ...rest, ELECTRON_RUN_AS_NODE: '1' }
}

export interface ServerSecrets {
  readonly username: string
  readonly password: string
}

/**
 * The environment for `opencode serve`. It is the only place where the password of the server goes; 1.x and
 * 2.x read different names. The user name is set too, because one from outside would lock us out.
 */
export function serverEnvironment(
  env: NodeJS.ProcessEnv,
  secrets: ServerSecrets,
  searchPath: string | undefined,
): Record<string, string> {
  return {
    ...foreignEnvironment(env),
    ...(searchPath === undefined ? {} : { PATH: searchPath }),
    OPENCODE_SERVER_USERNAME: secrets.username,
    OPENCODE_SERVER_PASSWORD: secrets.password,
    OPENCODE_PASSWORD: secrets.password,
  }
}
