/** How the image comes to the engine. */
export type ImageSource =
  | {
      /** Built on this machine from the Containerfile that ships with the extension. */
      readonly kind: 'build'
      /** The folder with the Containerfile. */
      readonly folder: string
      /** The OpenCode release to put in. */
      readonly version: string
      /** Debian packages to add. */
      readonly extraPackages?: readonly string[]
      /** Instead of the Containerfile's own base image. */
      readonly baseImage?: string
      /** A Linux binary of that release, copied in; undefined: the build fetches it. */
      readonly binary?: string
    }
  | {
      /** Fetched by name when the engine does not have it. */
      readonly kind: 'pull'
      readonly name: string
    }

/**
 * What a container may reach. `provider`: nothing but the named hosts, through a gateway container that
 * lets through no other names; programs that ignore the proxy variables reach nothing at all.
 */
export type ContainerNetwork =
  | { readonly kind: 'default' }
  /** No isolation of the network: the container sees all that this machine sees, loopback too. */
  | { readonly kind: 'host' }
  | { readonly kind: 'provider'; readonly hosts: readonly string[] }

/**
 * `outside`: files made inside belong to the user outside. `image`: the image's own user. Or by numbers.
 */
export type ContainerUser = 'outside' | 'image' | { readonly uid: number; readonly gid: number }

export interface ContainerMount {
  readonly source: string
  /** Default: the same path inside. */
  readonly target?: string
  readonly isReadOnly?: boolean
}

/** All that decides how a container for one workspace looks. Nothing of it may come from an untrusted workspace. */
export interface ContainerSettings {
  /** Absolute, symbolic links resolved. */
  readonly workspace: string
  /** Where it lies inside; undefined: at the same path where possible. */
  readonly workspaceTarget?: string
  readonly image: ImageSource
  readonly network: ContainerNetwork
  readonly user: ContainerUser
  readonly mounts: readonly ContainerMount[]
  readonly environment: Readonly<Record<string, string>>
  /** Whether the workspace may only be read. */
  readonly isReadOnly: boolean
  /** With a unit, e.g. `2g`. */
  readonly memory?: string
  readonly cpus?: number
  /** A fixed port on the loopback interface; undefined: the engine chooses a free one. */
  readonly port?: number
}
