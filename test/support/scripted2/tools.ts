import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { createTwoFilesPatch } from 'diff'
import type { Data, FileDiff } from './wire.ts'
import { isData, textIn } from './wire.ts'
import type { SessionRecord, World } from './world.ts'
import { newID } from './world.ts'

export interface ToolRun {
  readonly world: World
  readonly record: SessionRecord
  readonly messageID: string
  readonly callID: string
  readonly input: Data
  readonly signal: AbortSignal
  /** Aborts when what runs shall go on without its session. */
  readonly background: AbortSignal
  progress(metadata: Data): void
  /** @throws ToolFailure when it is rejected */
  permit(asked: {
    readonly action: string
    readonly resources: readonly string[]
    readonly metadata?: Data
  }): Promise<void>
  ask(fields: readonly Data[], title: string): Promise<Data>
  /** Runs a prompt in a child session and gives its last words. */
  delegate(input: {
    readonly title: string
    readonly prompt: string
    readonly agent: string
  }): Promise<string>
}

export interface ToolResult {
  readonly text: string
  /** What it gives besides words. */
  readonly files?: readonly Data[]
  readonly metadata?: Data
}

export class ToolFailure extends Error {
  readonly type: string
  /** Whether the run ends with it. */
  readonly isEnd: boolean

  constructor(type: string, message: string, isEnd = false) {
    super(message)
    this.type = type
    this.isEnd = isEnd
  }
}

type Tool = (run: ToolRun) => Promise<ToolResult>

/** Names of 1.x are understood as well, so that one script serves both wires. */
export function toolName(name: string): string {
  if (name === 'bash') return 'shell'
  return name === 'task' ? 'subagent' : name
}

export const tools: Readonly<Record<string, Tool | undefined>> = {
  shell: runShell,
  read: readTool,
  write: (run) => change(run, () => textIn(run.input, 'content') ?? ''),
  edit: editTool,
  question: questionTool,
  subagent: subagentTool,
}

async function runShell(run: ToolRun): Promise<ToolResult> {
  const command = textIn(run.input, 'command') ?? ''
  await run.permit({ action: 'shell', resources: [command], metadata: { command } })
  const shellID = newID('shl')
  run.progress({ shellID })
  const result = shell(run.world, {
    shellID,
    command,
    directory: run.record.info.location.directory,
    sessionID: run.record.info.id,
    signal: run.signal,
  })
  const left = new Promise<'left'>((resolve) => {
    run.background.addEventListener('abort', () => resolve('left'))
    if (run.background.aborted) resolve('left')
  })
  const done = await Promise.race([result, left])
  if (done === 'left')
    return {
      text: `The command goes on in the background as ${shellID}.`,
      metadata: { shellID, status: 'running' },
    }
  if (run.signal.aborted) throw new ToolFailure('aborted', 'The tool was aborted.', true)
  return { text: done.output, metadata: { shellID, status: 'exited', truncated: false, exit: done.exit } }
}

export interface ShellRun {
  readonly shellID: string
  readonly command: string
  readonly directory: string
  readonly sessionID: string
  readonly signal?: AbortSignal
}

/** Runs a command line; what it printed can be read meanwhile. */
export function shell(
  world: World,
  run: ShellRun,
): Promise<{ readonly output: string; readonly exit: number | null }> {
  const child = spawn('/bin/sh', ['-c', run.command], {
    cwd: run.directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...world.environments.get(run.sessionID) },
  })
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  const { command, directory, sessionID } = run
  const state = { command, directory, sessionID, output: '', isRunning: true, kill }
  world.shells.set(run.shellID, state)
  const info = { id: run.shellID, metadata: { sessionID } }
  world.hint('shell.created', { info }, directory)
  run.signal?.addEventListener('abort', kill)
  process.once('exit', kill)
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => void (state.output += bytes.toString()))
  return new Promise((resolve) => {
    child.once('close', (exit) => {
      process.removeListener('exit', kill)
      state.isRunning = false
      world.hint('shell.exited', { id: run.shellID, exit }, run.directory)
      resolve({ output: state.output, exit })
    })
  })
}

function fileOf(run: ToolRun): string {
  const named = textIn(run.input, 'filePath') ?? textIn(run.input, 'path') ?? ''
  return path.resolve(run.record.info.location.directory, named)
}

async function readTool(run: ToolRun): Promise<ToolResult> {
  const file = fileOf(run)
  await run.permit({ action: 'read', resources: [file] })
  if (!existsSync(file)) throw new ToolFailure('tool.execution', `File not found: ${file}`)
  if (path.extname(file) === '.png') {
    const uri = `data:image/png;base64,${readFileSync(file).toString('base64')}`
    const picture = { type: 'file', uri, mime: 'image/png', name: path.basename(file) }
    return { text: 'The picture was read.', files: [picture] }
  }
  return { text: readFileSync(file, 'utf8') }
}

async function editTool(run: ToolRun): Promise<ToolResult> {
  const old = textIn(run.input, 'oldString') ?? ''
  return change(run, (before) => {
    if (!before.includes(old)) throw new ToolFailure('tool.execution', 'oldString was not found in the file.')
    return before.replace(old, () => textIn(run.input, 'newString') ?? '')
  })
}

async function change(run: ToolRun, make: (before: string) => string): Promise<ToolResult> {
  const file = fileOf(run)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  const after = make(before ?? '')
  const diff = fileDiff(file, before, after)
  await run.permit({ action: 'edit', resources: [file], metadata: { files: [diff] } })
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, after)
  run.record.steps.push({ messageID: run.messageID, file, before, after })
  run.world.hint(
    'filesystem.changed',
    { file, event: before === undefined ? 'add' : 'change' },
    run.record.info.location.directory,
  )
  return { text: 'The file was written.', metadata: { files: [diff] } }
}

export function fileDiff(file: string, before: string | undefined, after: string | undefined): FileDiff {
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : file,
    after === undefined ? '/dev/null' : file,
    before ?? '',
    after ?? '',
  )
  const lines = patch.split('\n')
  const count = (sign: string): number =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length
  const status = before === undefined ? 'added' : after === undefined ? 'deleted' : 'modified'
  return { file, patch, additions: count('+'), deletions: count('-'), status }
}

export function putFile(file: string, content: string | undefined): void {
  if (content === undefined) rmSync(file, { force: true })
  else {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

async function questionTool(run: ToolRun): Promise<ToolResult> {
  const questions = Array.isArray(run.input['questions']) ? run.input['questions'].filter(isData) : []
  const fields = questions.map((question, index) => {
    const options = Array.isArray(question['options']) ? question['options'].filter(isData) : []
    return {
      key: `q${index}`,
      title: question['header'],
      description: question['question'],
      required: true,
      type: question['multiple'] === true ? 'multiselect' : 'string',
      custom: question['custom'] !== false,
      options: options.map(({ label, description }) => ({ value: label, label, description })),
    }
  })
  const answer = await run.ask(fields, 'Questions')
  const said = questions.map((question, index) => {
    const value = answer[`q${index}`]
    const words = Array.isArray(value) ? value.map(String).join(', ') : typeof value === 'string' ? value : ''
    return `"${String(question['question'])}"="${words}"`
  })
  return { text: `The user answered: ${said.join('; ')}`, metadata: { answer } }
}

async function subagentTool(run: ToolRun): Promise<ToolResult> {
  const agent = textIn(run.input, 'agent') ?? textIn(run.input, 'subagent_type') ?? 'general'
  await run.permit({ action: 'subagent', resources: [agent] })
  const title = textIn(run.input, 'description') ?? 'Subagent'
  const text = await run.delegate({ title, prompt: textIn(run.input, 'prompt') ?? '', agent })
  return { text }
}
