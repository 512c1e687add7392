import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { exportRoutes } from './exports.ts'
import { createHttpServer, Raw } from './httpServer.ts'
import { integrationRoutes } from './integrations.ts'
import { mcpRoutes } from './mcp.ts'
import { catalogRoutes, fileRoutes, requestRoutes } from './otherRoutes.ts'
import { Runner } from './runner.ts'
import { sessionRoutes } from './sessionRoutes.ts'
import { workRoutes } from './workRoutes.ts'
import { World } from './world.ts'

/** The version that the reference describes in most detail. */
const version = process.env['SCRIPTED2_VERSION'] ?? '2.0.21'

const [command, ...rest] = process.argv.slice(2)
if (command === '--version') console.log(version)
else if (command === 'serve') serve(rest)
else {
  console.error(`The scripted OpenCode 2 knows "--version" and "serve" only, not "${command ?? ''}".`)
  process.exitCode = 1
}

function registration(): string {
  const state = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state')
  return path.join(state, 'opencode', 'service.json')
}

/** Tells other clients of this user where the service is. */
function register(content: object): void {
  mkdirSync(path.dirname(registration()), { recursive: true })
  writeFileSync(registration(), JSON.stringify(content), { mode: 0o600 })
}

/** What a server that is still starting says of itself. */
function booting(info: object): Raw {
  return new Raw(Buffer.from(JSON.stringify(info)), 'application/json', 503)
}

function serve(args: readonly string[]): void {
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined
  const isStdio = args.includes('--stdio')
  const isService = args.includes('--service')
  const given = process.env['OPENCODE_PASSWORD'] ?? process.env['OPENCODE_SERVER_PASSWORD']
  const password = given ?? randomBytes(32).toString('base64url')
  // Tools must not inherit it.
  delete process.env['OPENCODE_PASSWORD']
  delete process.env['OPENCODE_SERVER_PASSWORD']
  const data = process.env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local', 'share')
  const world = new World(path.join(data, 'opencode'))
  const runner = new Runner(world)
  const hostname = option('--hostname') ?? '127.0.0.1'
  let port = Number(option('--port') ?? 4096)
  const info = () => ({
    version,
    pid: process.pid,
    urls: [`http://${hostname}:${port}`],
    paths: { tmp: tmpdir(), home: homedir() },
  })
  const bootMs = Number(process.env['SCRIPTED2_BOOT_MS'] ?? 0)
  const isUp = (): boolean => process.uptime() * 1_000 > bootMs
  const server = createHttpServer({
    world,
    password,
    cwd: process.cwd(),
    heartbeatMs: Number(process.env['SCRIPTED2_HEARTBEAT_MS'] ?? 15_000),
    routes: [
      { method: 'GET', path: '/api/info', handle: () => (isUp() ? info() : booting(info())) },
      ...sessionRoutes(world, runner),
      ...requestRoutes(world, runner),
      ...catalogRoutes(),
      ...exportRoutes(world),
      ...integrationRoutes(world),
      ...mcpRoutes(world),
      ...fileRoutes(world),
      ...workRoutes(world),
    ],
  })
  server.on('error', (error: NodeJS.ErrnoException) => {
    console.error(error.message)
    process.exit(1)
  })
  server.listen(port, hostname, () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') port = address.port
    const url = `http://${hostname}:${port}`
    if (isService) register({ url, pid: process.pid, version, password })
    if (isStdio) console.log(JSON.stringify({ url }))
    else {
      console.log(`server listening on ${url}`)
      if (given === undefined && !isService) console.log(`server password ${password}`)
    }
  })
  const end = (): void => {
    world.saveNow()
    if (isService) rmSync(registration(), { force: true })
    process.exit(0)
  }
  if (isStdio) {
    process.stdin.resume()
    process.stdin.once('end', end)
    process.stdin.once('error', end)
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
