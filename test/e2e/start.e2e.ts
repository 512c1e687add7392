import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../scripts/lib/browser.ts'
import { ensureCodeServer } from '../../scripts/lib/codeServer.ts'
import { cacheFolder, inRepository } from '../../scripts/lib/repository.ts'
import { run } from '../../scripts/lib/run.ts'
import { freePort } from '../support/opencodeLab.ts'
import { screenshot, until, workbenchReady } from '../support/workbench.ts'
import { gone, openChat, patience } from './support/lifecycle.ts'
import { processesWithHome } from '../../scripts/lib/processes.ts'

describe('the first start of a newcomer', function () {
  this.timeout(300_000)
  let home: string
  let clone: string
  let starter: ChildProcess | undefined
  let browser: Browser | undefined

  before(async () => {
    home = await realpath(await mkdtemp(path.join(tmpdir(), 'newcomer-')))
    clone = await cloneInto(path.join(home, 'clone'))
  })

  after(async () => {
    await browser?.close()
    if (starter?.exitCode === null) starter.kill('SIGKILL')
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })

  it('ends in an answer of the scripted model, with nothing on the machine but the clone', async () => {
    const output = start(await freePort())
    const address = () => /Workbench: (\S+)/.exec(output.join(''))?.[1]
    await until('it prints the address', () => Promise.resolve(address() !== undefined), patience).catch(
      (error: unknown) => {
        throw new Error(`${String(error)} It printed:\n${output.join('')}`)
      },
    )
    browser = await launchBrowser()
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(address() ?? '')
    await workbenchReady(page)
    const chat = await openChat(page)
    await chat.send('Hello there')
    await until('it answers', async () => (await (await chat.answers()).count()) > 0, patience)
    await chat.settled()
    assert.ok((await (await chat.answers()).first().innerText()).length > 40)
    assert.match(await chat.text(), /scripted model/)
    await screenshot(page, 'first-start')
  })

  it('leaves nothing running after Ctrl+C', async () => {
    const running = await processesWithHome(home)
    assert.ok(running.length > 3)
    const ended = once(starter as ChildProcess, 'exit')
    starter?.kill('SIGINT')
    await ended
    await gone(running, 30_000)
  })

  /** Runs what `npm start -- --offline` runs; returns what it prints, as it comes. */
  function start(port: number): readonly string[] {
    const output: string[] = []
    const args = ['scripts/run.mjs', 'start', '--offline', '--no-open', '--port', String(port)]
    starter = spawn(process.execPath, args, {
      cwd: clone,
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    starter.stdout?.on('data', (data: Buffer) => output.push(data.toString()))
    starter.stderr?.on('data', (data: Buffer) => output.push(data.toString()))
    return output
  }
})

/** The files of this working tree, with the packages and the workbench that are here already. */
async function cloneInto(folder: string): Promise<string> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    output: 'quiet',
  })
  for (const name of listed.split('\0').filter((each) => each !== '' && existsSync(inRepository(each)))) {
    const target = path.join(folder, name)
    await mkdir(path.dirname(target), { recursive: true })
    await copyFile(inRepository(name), target)
  }
  await symlink(inRepository('node_modules'), path.join(folder, 'node_modules'))
  const workbench = path.relative(cacheFolder, await ensureCodeServer()).split(path.sep)[0] ?? ''
  await mkdir(path.join(folder, '.cache'))
  await symlink(path.join(cacheFolder, workbench), path.join(folder, '.cache', workbench))
  return folder
}
