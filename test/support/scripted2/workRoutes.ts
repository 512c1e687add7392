import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { Raw } from './httpServer.ts'
import type { Route } from './httpServer.ts'
import { fileDiff } from './tools.ts'
import type { FileDiff } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { rootOfProject } from './world.ts'
import type { World } from './world.ts'

/** Running commands, version control, working copies, and what is kept of the course of a session. */
export function workRoutes(world: World): readonly Route[] {
  return [...shellRoutes(world), ...versionRoutes(), ...worktreeRoutes(world), ...sessionWorkRoutes(world)]
}

function shellRoutes(world: World): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/shell',
      isLocated: true,
      handle: ({ directory }) =>
        [...world.shells]
          .filter(([, shell]) => shell.isRunning && shell.directory === directory())
          .map(([id, { command, sessionID }]) => ({
            id,
            command,
            status: 'running',
            metadata: { sessionID },
          })),
    },
    {
      method: 'DELETE',
      path: '/api/shell/:id',
      handle: ({ params }) => {
        const found = world.shells.get(params[0] ?? '')
        if (!found) throw new Refusal(404, 'ShellNotFoundError', `Shell not found: ${params[0] ?? ''}`)
        found.kill()
      },
    },
  ]
}

function versionRoutes(): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/vcs/status',
      isLocated: true,
      handle: ({ directory }) => workingDiff(directory()).map(({ patch: _, ...file }) => file),
    },
    {
      method: 'GET',
      path: '/api/vcs/diff',
      isLocated: true,
      handle: ({ directory, query }) => {
        if (query.get('mode') !== 'working')
          throw new Refusal(400, 'InvalidRequestError', 'mode: only "working" is played', { field: 'mode' })
        return workingDiff(directory())
      },
    },
  ]
}

function git(directory: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What stands in the folder and not in the last commit; paths are relative. */
function workingDiff(directory: string): readonly FileDiff[] {
  if (!existsSync(path.join(directory, '.git'))) return []
  return git(directory, 'status', '--porcelain', '--untracked-files=all')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [state, file] = [line.slice(0, 2), line.slice(3)]
      const isNew = state.includes('?') || state.includes('A')
      const place = path.join(directory, file)
      const before = isNew ? undefined : git(directory, 'show', `HEAD:${file}`)
      return { ...fileDiff(file, before, existsSync(place) ? readFileSync(place, 'utf8') : undefined) }
    })
}

/** These routes answer without an envelope. */
function worktreeRoutes(world: World): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/worktree',
      handle: ({ query }) =>
        new Raw(
          Buffer.from(JSON.stringify(listWorktrees(rootOfProject(query.get('projectID') ?? '')))),
          'application/json',
        ),
    },
    {
      method: 'POST',
      path: '/api/worktree',
      handle: ({ body }) => {
        const root = rootOfProject(textIn(body, 'projectID') ?? '')
        const branch = textIn(body, 'branch') ?? `opencode/${Date.now()}`
        const name = textIn(body, 'name') ?? branch
        const directory = path.join(`${listWorktrees(root)[0]?.directory ?? root}-worktrees`, name)
        mkdirSync(path.dirname(directory), { recursive: true })
        try {
          git(root, 'worktree', 'add', '-b', branch, directory)
        } catch (error) {
          throw new Refusal(
            409,
            'ConflictError',
            isData(error) ? String(error['stderr']).trim() : String(error),
          )
        }
        world.hint('worktree.updated', {}, root)
        return { directory }
      },
    },
    {
      method: 'DELETE',
      path: '/api/worktree',
      handle: ({ body }) => {
        const root = rootOfProject(textIn(body, 'projectID') ?? '')
        const force = body['force'] === true ? ['--force'] : []
        try {
          git(root, 'worktree', 'remove', ...force, textIn(body, 'directory') ?? '')
        } catch (error) {
          throw new Refusal(
            409,
            'ConflictError',
            isData(error) ? String(error['stderr']).trim() : String(error),
          )
        }
        world.hint('worktree.updated', {}, root)
      },
    },
  ]
}

function listWorktrees(root: string): readonly { readonly directory: string; readonly strategy: string }[] {
  return git(root, 'worktree', 'list', '--porcelain')
    .split('\n')
    .flatMap((line) => (line.startsWith('worktree ') ? [realpathSync(line.slice('worktree '.length))] : []))
    .map((directory) => ({ directory, strategy: 'git' }))
}

function sessionWorkRoutes(world: World): readonly Route[] {
  return [
    {
      method: 'PUT',
      path: '/api/session/:id/environment',
      handle: ({ params, body }) => {
        const variables = isData(body['variables']) ? Object.entries(body['variables']) : []
        const { info } = world.session(params[0] ?? '')
        const set = variables.map(([name, value]) => [name, String(value)])
        world.environments.set(info.id, Object.fromEntries(set) as Record<string, string>)
      },
    },
    {
      method: 'GET',
      path: '/api/experimental/session/:id/log',
      handle: ({ params, query }) => {
        const { info } = world.session(params[0] ?? '')
        const after = Number(query.get('after') ?? 0)
        const frames = (world.journals.get(info.id) ?? []).filter(
          ({ durable }) => isData(durable) && Number(durable['seq']) > after,
        )
        const lines = [...frames, { type: 'log.synced', data: {} }].map(
          (frame) => `data: ${JSON.stringify(frame)}\n\n`,
        )
        return new Raw(Buffer.from(lines.join('')), 'text/event-stream')
      },
    },
  ]
}
