import { homedir } from 'node:os'
import { join } from 'node:path'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContainerProfile } from '../opencode/profile.ts'
import type { BuildSource } from '../server/container/containerImage.ts'
import type {
  ContainerMount,
  ContainerNetwork,
  ContainerSettings,
  ContainerUser,
  ImageSource,
} from '../server/container/containerSettings.ts'

/**
 * What a profile means for one folder. `build`: the image of a profile that names none.
 *
 * @throws OpencodeError `invalid-argument` for a value that cannot be meant
 */
export function containerSettings(
  profile: ContainerProfile,
  folder: string,
  build: BuildSource,
): ContainerSettings {
  const { workspaceTarget, memory, cpus, port } = profile
  return {
    workspace: folder,
    image: imageOf(profile, build),
    network: networkOf(profile),
    user: userOf(profile),
    mounts: (profile.mounts ?? []).map(mountOf),
    environment: profile.environment ?? {},
    isReadOnly: profile.isReadOnly ?? false,
    ...(workspaceTarget === undefined ? {} : { workspaceTarget }),
    ...(memory === undefined ? {} : { memory }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(port === undefined ? {} : { port }),
  }
}

function imageOf({ image, extraPackages }: ContainerProfile, build: BuildSource): ImageSource {
  if (image !== undefined) return { kind: 'pull', name: image }
  return extraPackages === undefined ? build : { ...build, extraPackages }
}

function networkOf({ network = 'default', providerHosts = [] }: ContainerProfile): ContainerNetwork {
  return network === 'provider' ? { kind: 'provider', hosts: providerHosts } : { kind: network }
}

function userOf({ user = 'outside', name }: ContainerProfile): ContainerUser {
  if (user === 'outside' || user === 'image') return user
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(user) ?? []
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  throw new OpencodeError(
    'invalid-argument',
    `The user "${user}" of the server profile "${name}" is unknown. Write "outside", "image" or numbers like "1000:1000".`,
  )
}

function mountOf({
  source,
  target,
  isReadOnly,
}: NonNullable<ContainerProfile['mounts']>[number]): ContainerMount {
  return {
    source: source === '~' || source.startsWith('~/') ? join(homedir(), source.slice(1)) : source,
    ...(target === undefined ? {} : { target }),
    ...(isReadOnly === undefined ? {} : { isReadOnly }),
  }
}
