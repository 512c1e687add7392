import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { resolveSpawnable, shimTargets } from '../../../../src/server/binary/binaryShim.ts'
import { createTempFolder, type TempFolder } from '../support/tools.ts'

const npmShim = `@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0
IF EXIST "%dp0%\\node.exe" (
  SET "_prog=%dp0%\\node.exe"
) ELSE (
  SET "_prog=node"
)
endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\node_modules\\opencode-ai\\bin\\opencode" %*
`
const exeShim = '@"%~dp0\\node_modules\\opencode-ai\\bin\\opencode.exe" %*\r\n'

describe('A launch script', () => {
  let folder: TempFolder
  const put = async (path: string, text = '', mode = 0o755): Promise<string> => {
    const full = join(folder.path, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, text, { mode })
    return full
  }

  beforeEach(async () => {
    folder = await createTempFolder()
  })
  afterEach(() => folder.remove())

  it('of npm on Windows names what it runs', () => {
    assert.deepEqual(shimTargets(npmShim), ['node_modules\\opencode-ai\\bin\\opencode'])
    assert.deepEqual(shimTargets(exeShim), ['node_modules\\opencode-ai\\bin\\opencode.exe'])
  })

  it('is never the thing to run on Windows: its program is', async () => {
    await put('npm/opencode.cmd', npmShim)
    const program = await put(
      `npm/node_modules/opencode-ai/node_modules/opencode-windows-${process.arch}/bin/opencode.exe`,
    )
    assert.equal(await resolveSpawnable(join(folder.path, 'npm/opencode'), 'win32'), program)
    assert.equal(await resolveSpawnable(join(folder.path, 'npm/opencode.cmd'), 'win32'), program)
  })

  it('without a program behind it counts as not there on Windows', async () => {
    await put('npm/opencode.cmd', '@echo hello\r\n')
    assert.equal(await resolveSpawnable(join(folder.path, 'npm/opencode'), 'win32'), undefined)
  })

  it('gives way to a real program of the same name on Windows', async () => {
    await put('bin/opencode.cmd', exeShim)
    const program = await put('bin/opencode.exe')
    assert.equal(await resolveSpawnable(join(folder.path, 'bin/opencode'), 'win32'), program)
  })

  it('that needs node gives way to the program of the same package', async () => {
    const script = await put('lib/node_modules/opencode-ai/bin/opencode', '#!/usr/bin/env node\n')
    const program = await put(
      `lib/node_modules/opencode-ai/node_modules/opencode-linux-${process.arch}/bin/opencode`,
    )
    await mkdir(join(folder.path, 'bin'))
    await symlink(script, join(folder.path, 'bin/opencode'))
    assert.equal(await resolveSpawnable(join(folder.path, 'bin/opencode'), 'linux'), program)
  })

  it('of another kind is run as it is', async () => {
    const script = await put('bin/opencode', '#!/bin/sh\n')
    assert.equal(await resolveSpawnable(script, 'linux'), script)
  })

  it('that may not be run counts as not there', async () => {
    const script = await put('bin/opencode', '#!/bin/sh\n', 0o644)
    assert.equal(await resolveSpawnable(script, 'linux'), undefined)
    assert.equal(await resolveSpawnable(folder.path, 'linux'), undefined)
  })
})
