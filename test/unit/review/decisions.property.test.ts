import assert from 'node:assert/strict'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { bytesOf, contentOf } from '../../../src/review/content.ts'
import type { Content } from '../../../src/review/content.ts'
import { FolderSnapshots } from '../../../src/review/folderSnapshots.ts'
import { changesBetween } from '../../../src/review/lines.ts'
import {
  isDecided,
  keepFile,
  keepPlace,
  pendingIn,
  undoFile,
  undoPlace,
} from '../../../src/review/reviewedFile.ts'
import type { ReviewedFile } from '../../../src/review/reviewedFile.ts'
import { ReviewLedger } from '../../../src/review/reviewLedger.ts'
import { encodeText } from '../../../src/review/textForm.ts'
import type { TextForm } from '../../../src/review/textForm.ts'
import { removeEmptyFolders, restoreMode } from '../../../src/review/traces.ts'
import { TurnRecorder } from '../../../src/review/turnRecorder.ts'
import { Git } from '../../../src/server/isolation/git.ts'
import { Random } from '../session/support/random.ts'
import { edited } from './support/randomTexts.ts'

const id = 'ses_1' as SessionID
const fail = (message: string): never => assert.fail(message)
const log = { debug: () => undefined, info: () => undefined, warn: fail, error: fail }
const forms: readonly TextForm[] = ['utf8', 'utf8bom', 'utf16lebom', 'utf16bebom', 'latin1']
const seeds = 12
const files = 8

/** Path from the folder on → bytes in hex and whether it is a program. */
type Tree = ReadonlyMap<string, string>

describe('review: decisions about a folder', function () {
  this.timeout(120_000)

  it('end in the bytes, names, modes and folders that they add up to, in any order', async () => {
    for (let seed = 1; seed <= seeds; seed++) await tryOut(seed)
  })
})

/** One run over files of all kinds, then a decision about each, place by place or as a whole. */
async function tryOut(seed: number): Promise<void> {
  const random = new Random(seed)
  const root = await realpath(await mkdtemp(join(tmpdir(), 'decisions-')))
  const folder = join(root, 'work')
  await mkdir(join(folder, 'there'), { recursive: true })
  const ledger = new ReviewLedger()
  const snapshots = new FolderSnapshots(new Git(), folder, join(root, 'storage'))
  const recorder = new TurnRecorder({ ledger, log, snapshots: () => snapshots })
  const cases = Array.from({ length: files }, (_, index) => fileCase(random, index))
  try {
    for (const each of cases) if (each.before) await put(folder, each.name, each.before, each.wasProgram)
    await recorder.started(id, folder)
    for (const each of cases) await act(folder, each)
    await recorder.end(id, () => Promise.resolve([]))
    const expected = new Map<string, string>()
    for (const each of shuffled(random, cases)) await decide({ random, folder, ledger }, each, expected)
    assert.deepEqual(
      new Map([...(await treeOf(folder))].sort()),
      new Map([...expected].sort()),
      `seed ${seed}`,
    )
    const left = (await readdir(folder)).filter((name) => name.startsWith('made'))
    const wanted = new Set([...expected.keys()].map((name) => name.split('/')[0] ?? ''))
    assert.deepEqual(
      left.filter((name) => !wanted.has(name)),
      [],
      `seed ${seed}: empty folders`,
    )
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

interface FileCase {
  readonly name: string
  /** Where it is after the run. */
  readonly newName: string
  readonly before: Buffer | undefined
  readonly after: Buffer | undefined
  readonly wasProgram: boolean
  readonly isProgram: boolean
}

function fileCase(random: Random, index: number): FileCase {
  const kind = random.pick(['edited', 'edited', 'renamed', 'created', 'deleted', 'binary'] as const)
  const form = random.pick(forms)
  const bytes = (lines: readonly string[]): Buffer => encodeText(lines.join(''), form)
  const end = random.pick(['\n', '\r\n'])
  const lines = Array.from({ length: 12 + random.below(20) }, (_, line) => `${index}.${line} größe${end}`)
  // A file with no end to its last line is one of the cases.
  if (random.chance(0.4)) lines.push('last')
  const moved = random.chance(0.5) ? lines : [`changed${end}`, ...lines.slice(1)]
  const after = kind === 'renamed' ? moved : edited(random, lines, 'agent', index)
  const wasProgram = random.chance(0.3)
  const blob = Buffer.from([0, index, random.below(255), 0, 7])
  return {
    name: `there/${index}.txt`,
    newName:
      kind === 'renamed'
        ? `made${index}/down/${index}.txt`
        : kind === 'created'
          ? `made${index}/new.txt`
          : `there/${index}.txt`,
    before: kind === 'created' ? undefined : kind === 'binary' ? blob : bytes(lines),
    after: kind === 'deleted' ? undefined : kind === 'binary' ? Buffer.concat([blob, blob]) : bytes(after),
    wasProgram,
    isProgram: kind === 'edited' && random.chance(0.3) ? !wasProgram : wasProgram,
  }
}

async function act(folder: string, { name, newName, after, isProgram, before }: FileCase): Promise<void> {
  if (before && newName !== name) {
    await mkdir(dirname(join(folder, newName)), { recursive: true })
    await rename(join(folder, name), join(folder, newName))
  }
  if (after) await put(folder, newName, after, isProgram)
  else await rm(join(folder, name))
}

interface Decider {
  readonly random: Random
  readonly folder: string
  readonly ledger: ReviewLedger
}

async function decide(
  { random, folder, ledger }: Decider,
  each: FileCase,
  expected: Map<string, string>,
): Promise<void> {
  const { before, after, newName } = each
  const file = ledger.get(id)?.files.get(join(folder, newName))
  // A mode alone is nothing to decide on.
  if (!file) assert.deepEqual(after, before, `${newName} is not in the review`)
  const choice = file ? random.pick(['keep', 'undo', 'places', 'places'] as const) : 'none'
  const now = contentOf(await readFile(join(folder, newName)).catch(() => undefined))
  if (file && choice === 'undo') {
    await undoWhole(ledger, file, now)
    if (before) expected.set(each.name, print(before, each.wasProgram))
  } else if (file && choice === 'places' && hunksOf(file, now).length > 0) {
    expected.set(newName, composed(each, await decideByPlace({ random, ledger }, file, now)))
  } else {
    if (file) ledger.decide(id, keepFile(file, 'session'))
    if (after) expected.set(newName, print(after, each.isProgram))
  }
}

async function undoWhole(ledger: ReviewLedger, file: ReviewedFile, now: Content): Promise<void> {
  await carryOut(ledger, file, undoFile(file, 'session', now))
  if (file.from === undefined) return
  await rename(file.path, file.from)
  await removeEmptyFolders(file.path, ledger.get(id)?.folders ?? [])
  ledger.dismiss(id, file.path)
}

/** Which places were kept, from top to bottom. */
async function decideByPlace(
  { random, ledger }: Pick<Decider, 'random' | 'ledger'>,
  start: ReviewedFile,
  text: Content,
): Promise<readonly boolean[]> {
  let file = start
  let now = text
  const open = hunksOf(file, now).map((_, index) => index)
  const kept: boolean[] = []
  while (open.length > 0) {
    const hunks = hunksOf(file, now)
    assert.equal(hunks.length, open.length)
    const at = random.below(open.length)
    const hunk = hunks[at]
    const [index] = open.splice(at, 1)
    assert.ok(hunk && index !== undefined)
    const isKept = random.chance(0.5)
    kept[index] = isKept
    if (isKept) {
      file = keepPlace(file, 'session', hunk)
      ledger.decide(id, file)
      continue
    }
    const undone = undoPlace(file, 'session', hunk, now)
    await carryOut(ledger, file, undone)
    file = undone.file
    now = undone.now
  }
  return kept
}

function hunksOf(file: ReviewedFile, now: Content) {
  const pending = pendingIn(file, 'session', now)
  return pending.kind === 'hunks' ? pending.hunks : []
}

/** What the editor side does with files that no editor shows. */
async function carryOut(
  ledger: ReviewLedger,
  { path, wasExecutable }: ReviewedFile,
  undone: ReturnType<typeof undoFile>,
): Promise<void> {
  assert.equal(undone.overwritten, 0)
  const folders = ledger.get(id)?.folders ?? []
  const bytes = bytesOf(undone.now)
  if (bytes) await writeFile(path, bytes)
  else await rm(path, { force: true })
  if (isDecided(undone.file)) await restoreMode(path, wasExecutable)
  ledger.decide(id, undone.file)
  await removeEmptyFolders(path, folders)
}

function placesOf(before: Content, after: Content) {
  return before.kind === 'text' && after.kind === 'text' && before.form === after.form
    ? changesBetween(before.lines, after.lines)
    : []
}

function composed({ before: from, after: to, ...each }: FileCase, isKept: readonly boolean[]): string {
  const isProgram = isKept.includes(true) ? each.isProgram : each.wasProgram
  return print(joined(contentOf(from), contentOf(to), isKept), isProgram)
}

function joined(before: Content, after: Content, isKept: readonly boolean[]): Buffer {
  assert.ok(before.kind === 'text' && after.kind === 'text')
  const lines: string[] = []
  let position = 0
  placesOf(before, after).forEach(({ from, to }, index) => {
    lines.push(...before.lines.slice(position, from.start))
    lines.push(
      ...(isKept[index] === true
        ? after.lines.slice(to.start, to.end)
        : before.lines.slice(from.start, from.end)),
    )
    position = from.end
  })
  return encodeText([...lines, ...before.lines.slice(position)].join(''), before.form)
}

async function put(folder: string, name: string, bytes: Buffer, isProgram: boolean): Promise<void> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  await chmod(path, isProgram ? 0o755 : 0o644)
}

async function treeOf(folder: string): Promise<Tree> {
  const tree = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    tree.set(relative(folder, path), print(await readFile(path), ((await stat(path)).mode & 0o100) !== 0))
  }
  return tree
}

function print(bytes: Buffer, isProgram: boolean): string {
  return `${bytes.toString('hex')}${isProgram ? ' x' : ''}`
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
