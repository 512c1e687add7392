import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import * as vscode from 'vscode'
import { UserFiles } from '../../src/views/review/userFiles.ts'
import { projectUri, until } from './support.ts'

describe('What the user does with files while an agent is at work', () => {
  const told: string[] = []
  const words = (bytes: Uint8Array | string | undefined): string =>
    bytes ? Buffer.from(bytes).toString() : '-'
  let files: UserFiles

  before(async () => {
    await mkdir(projectUri('user/inner').fsPath, { recursive: true })
    await writeFile(projectUri('user/inner/a.txt').fsPath, 'a')
    await writeFile(projectUri('user/b.txt').fsPath, 'b')
    files = new UserFiles({
      isRecording: (path) => path.startsWith(projectUri('user').fsPath),
      foreignWrite: (path, before, after) => {
        const name = path.slice(projectUri().fsPath.length + 1)
        told.push([name, words(before), words(after)].join(' '))
        return Promise.resolve()
      },
    })
  })
  beforeEach(() => told.splice(0))
  after(async () => {
    files.dispose()
    await rm(projectUri('user').fsPath, { recursive: true, force: true })
  })

  it('is told file by file, with what was in them', async () => {
    const at = (name: string): vscode.Uri => projectUri(`user/${name}`)
    await apply((edit) => edit.createFile(at('new.txt'), { contents: Buffer.from('new') }))
    await tells(['user/new.txt - new'])
    await apply((edit) => edit.renameFile(at('inner'), at('moved')))
    await tells(['user/inner/a.txt a -', 'user/moved/a.txt - a'])
    await apply((edit) => {
      edit.deleteFile(at('moved'), { recursive: true })
      edit.deleteFile(at('b.txt'))
    })
    await tells(['user/b.txt b -', 'user/moved/a.txt a -'])
    await apply((edit) => edit.createFile(projectUri('elsewhere.txt')))
    await apply((edit) => edit.deleteFile(projectUri('elsewhere.txt')))
    assert.deepEqual(told, [])
  })

  async function apply(change: (edit: vscode.WorkspaceEdit) => void): Promise<void> {
    const edit = new vscode.WorkspaceEdit()
    change(edit)
    assert.ok(await vscode.workspace.applyEdit(edit))
  }

  async function tells(expected: readonly string[]): Promise<void> {
    await until('all is told', () => told.length >= expected.length)
    assert.deepEqual(told.splice(0).sort(), expected)
  }
})
