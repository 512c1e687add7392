import { realpathSync } from 'node:fs'
import path from 'node:path'
import { knownFolders } from '../platform/folders.ts'
import type { Session } from '../session/model.ts'
import { isWithin } from '../util/paths.ts'
import type { Services } from '../views/services.ts'
import { ApiError } from './apiError.ts'

/**
 * The real path of the folder that is meant: one of the workspace, or one that the window has added for an
 * isolated session; the first one of the workspace when none is named.
 *
 * @throws ApiError `no-folder`, `foreign-folder`
 */
export function windowFolder(services: Services, folder: string | undefined): string {
  const [first] = knownFolders()
  if (!first) throw new ApiError('no-folder', 'No folder is open: OpenCode works inside one.')
  if (folder === undefined) return first.directory
  const wanted = realPath(folder)
  if (services.backends.places.some(({ directory }) => directory === wanted)) return wanted
  throw new ApiError('foreign-folder', `${folder} is not a folder of this workspace.`)
}

/** @throws ApiError `foreign-folder` for a session outside the workspace */
export function checkPlaceOf(services: Services, session: Session): Session {
  const wanted = realPath(session.directory)
  const isInside = services.backends.places.some(({ directory }) => isWithin(wanted, directory))
  if (isInside) return session
  throw new ApiError('foreign-folder', `The session belongs to ${session.directory}, which is not open here.`)
}

/** Synchronous, because a request is refused before `execute` returns. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return path.resolve(file)
  }
}
