import { basename, dirname, isAbsolute, join } from 'node:path'
import * as vscode from 'vscode'
import { knownFolders, realDirectory } from '../platform/folders.ts'
import type { ChangeSet } from '../prompt/changes.ts'
import { git } from '../prompt/git.ts'
import { isWithin } from '../util/paths.ts'
import { diskText, editorUri } from '../views/desk/texts.ts'
import { changedNames, renamesOf } from './findings.ts'

/** Of a larger change the findings in further files count from the text as it is when they come. */
const fileLimit = 200

/** What a review is about, as it was when it began: its findings count lines in these texts. */
export interface ReviewedFiles {
  readonly directory: string
  /** By absolute path. */
  readonly texts: ReadonlyMap<string, string>
  /** New names of moved files by their old ones, as the diff names them. */
  readonly renames: ReadonlyMap<string, string>
  /** Undoes what a server that names folders otherwise does to a path. */
  readonly toHost: (path: string) => string
}

/** Reads the changed files of a diff: as they are staged where the diff is about that, else from the disk. */
export async function readReviewed(
  diff: string,
  set: ChangeSet | 'uncommitted',
  place: Pick<ReviewedFiles, 'directory' | 'toHost'>,
): Promise<ReviewedFiles> {
  const paths = changedNames(diff)
    .slice(0, fileLimit)
    .map((name) => (isAbsolute(name) ? name : join(place.directory, name)))
  const texts = await Promise.all(
    paths.map(async (path) => {
      const text = set === 'staged' ? await stagedText(path) : await diskText(editorUri(path))
      return text === undefined ? [] : [[path, text] as const]
    }),
  )
  return { ...place, texts: new Map(texts.flat()), renames: renamesOf(diff) }
}

/**
 * The file that a finding names, as it is now; undefined when there is none in the workspace. It may be named as on the
 * server, by its old name, or with the letter that a diff puts before names.
 */
export async function openReviewed(
  file: string,
  { directory, renames, toHost }: ReviewedFiles,
): Promise<{ readonly document: vscode.TextDocument; readonly path: string } | undefined> {
  const names = [file, file.replace(/^[ab]\//, '')]
  for (const name of new Set(names.map((each) => renames.get(each) ?? each))) {
    const path = join(isAbsolute(name) ? toHost(name) : join(directory, name))
    const isMine = isInside(path, directory) && isInside(await realDirectory(path), directory)
    const document = isMine ? await open(editorUri(path)) : undefined
    if (document) return { document, path }
  }
  return undefined
}

/** A review may be about files of several workspace folders. */
function isInside(path: string, directory: string): boolean {
  return [directory, ...knownFolders().map((each) => each.directory)].some((folder) => isWithin(path, folder))
}

async function open(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  return Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => undefined)
}

async function stagedText(path: string): Promise<string | undefined> {
  return git(dirname(path), ['show', `:./${basename(path)}`])
}
