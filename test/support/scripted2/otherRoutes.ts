import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Config } from './config.ts'
import type { Provider } from './config.ts'
import { Raw } from './httpServer.ts'
import type { Route } from './httpServer.ts'
import type { Runner } from './runner.ts'
import type { Data } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { isRepository } from './world.ts'
import type { World } from './world.ts'

export function requestRoutes(world: World, { requests }: Runner): readonly Route[] {
  const pending = (waiting: Iterable<{ readonly value: Data }>, id?: string): readonly Data[] =>
    [...waiting].map(({ value }) => value).filter((value) => id === undefined || value['sessionID'] === id)
  const here = (values: readonly Data[], directory: string): readonly Data[] =>
    values.filter(
      (value) => world.sessions.get(String(value['sessionID']))?.info.location.directory === directory,
    )
  return [
    {
      method: 'GET',
      path: '/api/permission/request',
      isLocated: true,
      handle: ({ directory }) => here(pending(world.permissions.values()), directory()),
    },
    {
      method: 'GET',
      path: '/api/session/:id/permission',
      handle: ({ params }) => ({ data: pending(world.permissions.values(), params[0]) }),
    },
    {
      method: 'POST',
      path: '/api/session/:id/permission/:request/reply',
      handle: ({ params, body }) => requests.reply(params[0] ?? '', params[1] ?? '', body),
    },
    {
      method: 'GET',
      path: '/api/permission/saved',
      handle: ({ query }) => ({
        data: world.saved.filter(({ projectID }) => [null, projectID].includes(query.get('projectID'))),
      }),
    },
    {
      method: 'DELETE',
      path: '/api/permission/saved/:id',
      handle: ({ params }) => {
        world.saved = world.saved.filter(({ id }) => id !== params[0])
        world.save()
      },
    },
    {
      method: 'GET',
      path: '/api/form',
      isLocated: true,
      handle: ({ directory }) => here(pending(world.forms.values()), directory()),
    },
    {
      method: 'GET',
      path: '/api/session/:id/form',
      handle: ({ params }) => ({ data: pending(world.forms.values(), params[0]) }),
    },
    {
      method: 'GET',
      path: '/api/session/:id/form/:form',
      handle: ({ params }) => ({ data: formOf(world, params[1] ?? '') }),
    },
    {
      method: 'POST',
      path: '/api/session/:id/form/:form/reply',
      handle: ({ params, body }) =>
        requests.replyForm(params[0] ?? '', params[1] ?? '', isData(body['answer']) ? body['answer'] : {}),
    },
    {
      method: 'DELETE',
      path: '/api/session/:id/form/:form',
      handle: ({ params }) => requests.cancelForm(params[0] ?? '', params[1] ?? ''),
    },
  ]
}

function formOf(world: World, id: string): Data {
  const waiting = world.forms.get(id)
  if (waiting) return waiting.value
  throw new Refusal(404, 'FormNotFoundError', `Form not found: ${id}`)
}

const agents = [
  { id: 'build', name: 'build', mode: 'primary', hidden: false, description: 'Works on the project' },
  {
    id: 'plan',
    name: 'plan',
    mode: 'primary',
    hidden: false,
    description: 'Plans without changing anything',
  },
  { id: 'general', name: 'general', mode: 'subagent', hidden: false, description: 'Does a part of the work' },
  { id: 'title', name: 'title', mode: 'primary', hidden: true },
]

export function catalogRoutes(): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/agent',
      isLocated: true,
      handle: ({ directory }) =>
        agents.map((agent) => ({ ...agent, permissions: new Config(directory()).rules, request: {} })),
    },
    {
      method: 'GET',
      path: '/api/command',
      isLocated: true,
      handle: ({ directory }) =>
        [...new Config(directory()).commands].map(([name, { description }]) => ({ name, description })),
    },
    { method: 'GET', path: '/api/skill', isLocated: true, handle: () => [] },
    {
      method: 'GET',
      path: '/api/model',
      isLocated: true,
      handle: ({ directory }) => new Config(directory()).providers.flatMap(modelsOf),
    },
    {
      method: 'GET',
      path: '/api/model/default',
      isLocated: true,
      handle: ({ directory }) => {
        const config = new Config(directory())
        return config.providers
          .flatMap(modelsOf)
          .find(({ id, providerID }) => id === config.model?.id && providerID === config.model.providerID)
      },
    },
    {
      method: 'GET',
      path: '/api/provider',
      isLocated: true,
      handle: ({ directory }) =>
        new Config(directory()).providers.map(({ id, name, apiKey, baseURL, npm }) => ({
          id,
          name,
          integrationID: id,
          package: npm,
          settings: { apiKey, baseURL },
        })),
    },
  ]
}

interface WireModel extends Data {
  readonly id: string
  readonly providerID: string
}

function modelsOf(provider: Provider): readonly WireModel[] {
  return Object.entries(provider.models).map(([id, value]) => {
    const model = isData(value) ? value : {}
    const limit = isData(model['limit']) ? model['limit'] : { context: 128_000, output: 8192 }
    return {
      id,
      modelID: id,
      providerID: provider.id,
      name: textIn(model, 'name') ?? id,
      capabilities: { tools: true, input: ['text', 'image'], output: ['text'] },
      variants: Object.keys(isData(model['variants']) ? model['variants'] : {}).map((variant) => ({
        id: variant,
      })),
      cost: [{ input: 0, output: 0, cache: { read: 0, write: 0 } }],
      status: 'active',
      enabled: true,
      limit,
      time: { released: 0 },
    }
  })
}

export function fileRoutes(world: World): readonly Route[] {
  return [
    { method: 'GET', path: '/api/location', isLocated: true, handle: () => null },
    {
      method: 'POST',
      path: '/api/location/reload',
      handle: ({ directory }) => world.hint('location.shutdown', {}, directory()),
    },
    {
      method: 'GET',
      path: '/api/fs/list',
      isLocated: true,
      handle: ({ directory, query }) => {
        const base = path.resolve(directory(), query.get('path') ?? '.')
        if (!existsSync(base)) throw new Refusal(404, 'FileNotFoundError', `No such file: ${base}`)
        return readdirSync(base, { withFileTypes: true }).map((entry) => ({
          path: path.relative(directory(), path.join(base, entry.name)),
          type: entry.isDirectory() ? 'directory' : 'file',
        }))
      },
    },
    {
      method: 'GET',
      path: '/api/fs/find',
      isLocated: true,
      handle: ({ directory, query }) =>
        findFiles(directory(), query.get('query') ?? '', Number(query.get('limit') ?? 50)),
    },
    {
      method: 'GET',
      path: '/api/fs/read/*',
      handle: ({ directory, params }) => {
        const file = path.resolve(directory(), params[0] ?? '')
        if (!existsSync(file) || statSync(file).isDirectory())
          throw new Refusal(404, 'FileNotFoundError', `No such file: ${file}`)
        return new Raw(readFileSync(file), 'application/octet-stream')
      },
    },
    {
      method: 'GET',
      path: '/api/vcs',
      isLocated: true,
      handle: ({ directory }) =>
        isRepository(directory())
          ? { provider: 'git', branch: { current: branchOf(directory()) } }
          : { branch: {} },
    },
    {
      method: 'GET',
      path: '/api/shell/:id/output',
      handle: ({ params }) => {
        const found = world.shells.get(params[0] ?? '')
        if (!found) throw new Refusal(404, 'ShellNotFoundError', `Shell not found: ${params[0] ?? ''}`)
        return {
          data: {
            output: found.output,
            cursor: found.output.length,
            size: found.output.length,
            truncated: false,
          },
        }
      },
    },
  ]
}

function findFiles(directory: string, query: string, limit: number): readonly Data[] {
  return filesOf(directory)
    .filter((name) => name.toLowerCase().includes(query.toLowerCase()))
    .slice(0, limit)
    .map((name) => ({ path: name, type: 'file' }))
}

function filesOf(directory: string): readonly string[] {
  if (!isRepository(directory)) {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
  }
  const command = ['ls-files', '--cached', '--others', '--exclude-standard']
  const found = execFileSync('git', command, { cwd: directory, encoding: 'utf8' })
  return found.split('\n').filter((name) => name !== '')
}

function branchOf(directory: string): string {
  return execFileSync('git', ['branch', '--show-current'], { cwd: directory, encoding: 'utf8' }).trim()
}
