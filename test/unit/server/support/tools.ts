import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import type { ClientLog } from '../../../../src/client/connection.ts'
import { repositoryRoot } from '../../../support/opencodeLab.ts'

export interface TestLog extends ClientLog {
  readonly lines: readonly string[]
}

export function createTestLog(): TestLog {
  const lines: string[] = []
  const add = (line: string): void => void lines.push(line)
  return { lines, debug: add, info: add, warn: add }
}

export interface TempFolder {
  readonly path: string
  remove(): Promise<void>
}

export async function createTempFolder(): Promise<TempFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'opencode-server-')))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) }
}

/** Builds the supervisor as it is shipped: one CommonJS file without dependencies. */
export function bundleSupervisor(folder: string): Promise<string> {
  return bundleProgram(folder, 'supervisor', 'src/server/process/supervisor/main.ts')
}

/** Builds the keeper of containers as it is shipped. */
export function bundleKeeper(folder: string): Promise<string> {
  return bundleProgram(folder, 'keeper', 'src/server/container/keeper/main.ts')
}

async function bundleProgram(folder: string, name: string, source: string): Promise<string> {
  const outfile = join(folder, `${name}.js`)
  await build({
    entryPoints: [join(repositoryRoot, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    logLevel: 'silent',
  })
  return outfile
}

/** Waits until `probe` says yes; rejects with `what` when it does not in time. */
export async function until(
  what: string,
  probe: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<number> {
  const start = performance.now()
  while (!(await probe())) {
    if (performance.now() - start > timeoutMs) throw new Error(`Not in time: ${what}`)
    await sleep(25)
  }
  return performance.now() - start
}
