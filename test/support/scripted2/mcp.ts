import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Config } from './config.ts'
import type { Route } from './httpServer.ts'
import type { Data } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import type { World } from './world.ts'

interface Entry {
  readonly config: Data
  status: Data
  child?: ChildProcess
}

const answerMs = 5_000

/** The MCP servers of each folder: configured ones, which begin when they are first asked for, and added ones. */
export function mcpRoutes(world: World): readonly Route[] {
  const folders = new Map<string, Map<string, Entry>>()
  const here = (directory: string): Map<string, Entry> => {
    const known = folders.get(directory)
    if (known) return known
    const entries = new Map<string, Entry>()
    folders.set(directory, entries)
    for (const [name, config] of new Config(directory).mcp) {
      const isOff = config['enabled'] === false
      const entry: Entry = { config, status: { status: isOff ? 'disabled' : 'pending' } }
      entries.set(name, entry)
      if (!isOff) void connect(world, { directory, name, entry })
    }
    return entries
  }
  const entry = (directory: string, name: string): Entry => {
    const found = here(directory).get(name)
    if (found) return found
    throw new Refusal(404, 'McpServerNotFoundError', `MCP server not found: ${name}`)
  }
  const one = '/api/experimental/mcp/:server'
  return [
    {
      method: 'GET',
      path: '/api/mcp',
      isLocated: true,
      handle: ({ directory }) => [...here(directory())].map(([name, { status }]) => ({ name, status })),
    },
    {
      method: 'PUT',
      path: one,
      handle: async ({ params: [name = ''], body, directory }) => {
        if (!isData(body['config']))
          throw new Refusal(400, 'InvalidRequestError', 'config is missing', { field: 'config' })
        const added: Entry = { config: body['config'], status: { status: 'pending' } }
        here(directory()).get(name)?.child?.kill()
        here(directory()).set(name, added)
        await connect(world, { directory: directory(), name, entry: added })
      },
    },
    {
      method: 'DELETE',
      path: one,
      handle: ({ params: [name = ''], directory }) => {
        entry(directory(), name).child?.kill()
        here(directory()).delete(name)
      },
    },
    {
      method: 'POST',
      path: `${one}/connect`,
      handle: ({ params: [name = ''], directory }) =>
        connect(world, { directory: directory(), name, entry: entry(directory(), name) }),
    },
    {
      method: 'POST',
      path: `${one}/disconnect`,
      handle: ({ params: [name = ''], directory }) => {
        const found = entry(directory(), name)
        found.child?.kill()
        delete found.child
        found.status = { status: 'disabled' }
        world.hint('mcp.status.changed', { server: name }, directory())
      },
    },
  ]
}

interface Place {
  readonly directory: string
  readonly name: string
  readonly entry: Entry
}

async function connect(world: World, { directory, name, entry }: Place): Promise<void> {
  entry.child?.kill()
  entry.status = { status: 'pending' }
  const error = await greet(entry, directory)
  entry.status = error === undefined ? { status: 'connected' } : { status: 'failed', error }
  world.hint('mcp.status.changed', { server: name }, directory)
}

/** Starts a local server and says hello to it, or asks a remote one; gives what went wrong. */
async function greet(entry: Entry, directory: string): Promise<string | undefined> {
  const { config } = entry
  const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } }
  if (config['type'] === 'remote') return post(config, hello)
  const [program = '', ...args] = Array.isArray(config['command']) ? config['command'].map(String) : []
  const child = spawn(program, args, { cwd: directory, stdio: ['pipe', 'pipe', 'ignore'] })
  process.once('exit', () => child.kill())
  const failed = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code) => resolve(`The server ended with ${String(code)}.`))
  })
  child.stdin.on('error', () => undefined)
  const answered = new Promise<undefined>((resolve) =>
    createInterface(child.stdout).once('line', () => resolve(undefined)),
  )
  child.stdin.write(`${JSON.stringify(hello)}\n`)
  const late = sleep(answerMs, 'The server did not answer.', { ref: false })
  const error = await Promise.race([failed, answered, late])
  if (error === undefined) entry.child = child
  else child.kill()
  return error
}

async function post(config: Data, hello: Data): Promise<string | undefined> {
  const headers = isData(config['headers']) ? (config['headers'] as Record<string, string>) : {}
  try {
    const response = await fetch(textIn(config, 'url') ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(hello),
      signal: AbortSignal.timeout(answerMs),
    })
    return response.ok ? undefined : `HTTP ${response.status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
