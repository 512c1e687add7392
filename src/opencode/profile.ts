/**
 * A server as the user named it: how it comes up or where it is. Profiles stand in settings; secrets never
 * do (they are in SecretStorage, by `id`).
 */
export type ServerProfile = ManagedProfile | ContainerProfile | UrlProfile | KubernetesProfile
export type ProfileKind = ServerProfile['kind']

interface ProfileBase {
  /** `<source>:<name>`; unique, and what secrets and choices are kept by. */
  readonly id: string
  /** As shown to the user; unique among the profiles of one source. */
  readonly name: string
  /** `builtin`: always there. A workspace's profiles count only in a trusted workspace. */
  readonly source: 'builtin' | 'user' | 'workspace'
  /** A sentence why it cannot be used: malformed, or gone while it was picked. It is refused with it. */
  readonly problem?: string
}

/** A child process of ours on this machine. */
export interface ManagedProfile extends ProfileBase {
  readonly kind: 'managed'
  /** Path of the `opencode` program; undefined: it is looked for. */
  readonly path?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A container of ours for one workspace folder. */
export interface ContainerProfile extends ProfileBase {
  readonly kind: 'container'
  readonly engine?: 'auto' | 'docker' | 'podman'
  /** A Docker context or Podman connection, for an engine on another machine. */
  readonly context?: string
  /** An image to pull; undefined: built here from the Containerfile that ships with the extension. */
  readonly image?: string
  /** Debian packages to add to the image that is built here. */
  readonly extraPackages?: readonly string[]
  /** With a unit, e.g. `2g`. */
  readonly memory?: string
  readonly cpus?: number
  /** `provider`: only the hosts of `providerHosts`. */
  readonly network?: 'default' | 'provider' | 'host'
  readonly providerHosts?: readonly string[]
  readonly mounts?: readonly {
    readonly source: string
    readonly target?: string
    readonly isReadOnly?: boolean
  }[]
  readonly environment?: Readonly<Record<string, string>>
  /** `outside`: files made inside belong to the user outside. `1000:1000` by numbers. */
  readonly user?: string
  readonly isReadOnly?: boolean
  /** Where the folder lies inside; undefined: at the same path where possible. */
  readonly workspaceTarget?: string
  /** A fixed port on loopback; undefined: a free one. */
  readonly port?: number
}

/** A server that somebody else runs. */
export interface UrlProfile extends ProfileBase {
  readonly kind: 'url'
  /** `http://` or `https://` origin. */
  readonly url: string
  readonly username?: string
  /** The user agreed that the password travels unencrypted to another machine. */
  readonly allowsPlain?: boolean
  /** PEM files: additional authorities; client certificate and its key (passphrase in SecretStorage). */
  readonly caFile?: string
  readonly certificateFile?: string
  readonly keyFile?: string
  readonly proxy?: string
  /** Where the server sees our folders, when not at the same paths. */
  readonly paths?: readonly ProfilePath[]
}

/** A server in a cluster, reached by `kubectl port-forward`. */
export interface KubernetesProfile extends ProfileBase {
  readonly kind: 'kubernetes'
  readonly context?: string
  readonly namespace?: string
  /** `pod/NAME`, `service/NAME` or `deployment/NAME`. */
  readonly target: string
  /** Of the server inside; default 4096. */
  readonly port?: number
  readonly username?: string
  /** Path of the `kubectl` program; undefined: from PATH. */
  readonly kubectl?: string
  readonly paths?: readonly ProfilePath[]
}

/** Both absolute; `local` as this machine sees it, `remote` as the server does. */
export interface ProfilePath {
  readonly local: string
  readonly remote: string
}
