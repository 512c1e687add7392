import * as vscode from 'vscode'
import type { ServerProfile } from '../../opencode/profile.ts'
import type { Backend } from '../../views/backend/backends.ts'
import type { CommandContext } from '../commandSpec.ts'
import { mayLeave } from './serverEnd.ts'

/** Folders of this window by their real paths; undefined stands for a window without folders. */
export type Folders = readonly (string | undefined)[]

/**
 * Picks a profile for folders and brings its server up. A server that no folder uses any more is left, with a
 * question when it is at work. False: the user called it off. A failure is shown, and the pick stays.
 */
export async function switchServer(
  { services }: CommandContext,
  folders: Folders,
  profile: ServerProfile,
): Promise<boolean> {
  const { backends, profiles, notify } = services
  for (const backend of leftBy(services.backends.places, folders)) {
    if (backend.profile.id === profile.id) continue
    if (!(await mayLeave(backend))) return false
  }
  await profiles.pick(folders, profile)
  const { access } = backends.for(folders[0])
  const start = (): Promise<unknown> => access.ensure()
  try {
    await start()
    notify.done(vscode.l10n.t('OpenCode uses {0}', profile.name))
  } catch (error) {
    void notify.error(error, start)
  }
  return true
}

/** The servers that only these folders use. */
function leftBy(
  places: readonly { readonly directory: string; readonly backend: Backend }[],
  folders: Folders,
): readonly Backend[] {
  const used = places.filter(({ directory }) => folders.includes(directory))
  const others = places.filter(({ directory }) => !folders.includes(directory))
  return [...new Set(used.map(({ backend }) => backend))].filter((backend) =>
    others.every((place) => place.backend !== backend),
  )
}
