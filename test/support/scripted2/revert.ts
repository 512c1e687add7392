import { existsSync, readFileSync } from 'node:fs'
import { fileDiff, putFile } from './tools.ts'
import type { FileDiff } from './wire.ts'
import { Refusal } from './wire.ts'
import { isRepository } from './world.ts'
import type { FileStep, SessionRecord, World } from './world.ts'

/** Hides a message and all behind it, and puts their files back. */
export function stageRevert(
  world: World,
  record: SessionRecord,
  messageID: string,
  withFiles: boolean,
): void {
  const start = indexOf(record, messageID)
  restoreStaged(record)
  const hidden = new Set(record.messages.slice(start).map(({ id }) => id))
  const isRestored = withFiles && isRepository(record.info.location.directory)
  const files = isRestored ? firstSteps(record.steps.filter((step) => hidden.has(step.messageID))) : []
  record.staged = files.map(({ file }) => ({ file, content: contentOf(file) }))
  const diffs = files.map(({ file, before }) => fileDiff(file, contentOf(file), before))
  for (const { file, before } of files) putFile(file, before)
  record.info.revert = { messageID, files: diffs }
  world.tell(record, 'session.revert.staged', { revert: record.info.revert })
}

export function clearRevert(world: World, record: SessionRecord): void {
  restoreStaged(record)
  delete record.info.revert
  world.tell(record, 'session.revert.cleared')
}

/** Makes a staged revert final. */
export function commitRevert(world: World, record: SessionRecord): void {
  const to = record.info.revert?.messageID
  if (to === undefined) return
  const start = record.messages.findIndex(({ id }) => id === to)
  const dropped = new Set(record.messages.splice(Math.max(0, start)).map(({ id }) => id))
  record.steps = record.steps.filter((step) => !dropped.has(step.messageID))
  record.staged = []
  delete record.info.revert
  world.tell(record, 'session.revert.committed', { to })
}

/** What the turn of a prompt changed. */
export function turnDiff(record: SessionRecord, from: string | null): readonly FileDiff[] {
  const users = record.messages.filter(({ type }) => type === 'user')
  const id = from ?? users.at(-1)?.id ?? ''
  const start = indexOf(record, id)
  const next = record.messages.findIndex(
    ({ type }, index) => index > start && (type === 'user' || type === 'idle'),
  )
  const own = record.messages.slice(start, next < 0 ? undefined : next).map((message) => message.id)
  const steps = record.steps.filter(({ messageID }) => own.includes(messageID))
  return firstSteps(steps).map(({ file, before }) => {
    const last = steps.findLast((step) => step.file === file)
    return fileDiff(file, before, last?.after)
  })
}

function indexOf(record: SessionRecord, messageID: string): number {
  const index = record.messages.findIndex(({ id }) => id === messageID)
  if (index < 0)
    throw new Refusal(404, 'MessageNotFoundError', `Message not found: ${messageID}`, { messageID })
  return index
}

function restoreStaged(record: SessionRecord): void {
  for (const { file, content } of record.staged) putFile(file, content)
  record.staged = []
}

function firstSteps(steps: readonly FileStep[]): readonly FileStep[] {
  return steps.filter((step, index) => steps.findIndex(({ file }) => file === step.file) === index)
}

function contentOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
