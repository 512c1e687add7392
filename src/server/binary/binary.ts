/** An `opencode` program that runs here and is new enough. */
export interface Binary {
  /** Can be spawned as it is, without a shell. */
  readonly path: string
  readonly version: string
  readonly source: BinarySource
  /** PATH to run it with, when it was found where our own PATH does not lead. */
  readonly searchPath?: string
}

export type BinarySource = 'setting' | 'path' | 'login-shell' | 'install-place' | 'development'

export interface LocateOptions {
  /** The user's choice: an absolute path, one that starts with `~`, or a bare name to look up on PATH. */
  readonly setting: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly platform: NodeJS.Platform
  /** Below it the `opencode-ai` package is looked for last; only when developing. */
  readonly developmentRoot: string | undefined
  /** Instead of the usual folders outside the home folder. */
  readonly systemPlaces?: readonly string[]
  /** Default 3 s: for the login shell that is asked for its PATH. */
  readonly shellTimeoutMs?: number
  /** Default 15 s: the first run of a fresh binary of 180 MB can be slow. */
  readonly versionTimeoutMs?: number
}
