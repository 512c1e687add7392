import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from './run.ts'

/** A small git repository to try the extension on; made once, then kept as the user left it. */
export async function ensureSampleProject(folder: string): Promise<string> {
  if (existsSync(path.join(folder, '.git'))) return folder
  for (const [name, lines] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), `${lines.join('\n')}\n`)
  }
  const who = ['-c', 'user.name=Sample', '-c', 'user.email=sample@localhost', '-c', 'init.defaultBranch=main']
  for (const command of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'Start'],
  ]) {
    await run('git', [...who, ...command], { cwd: folder, output: 'quiet' })
  }
  return folder
}

const files: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
    '# Sample project',
    '',
    'Open the OpenCode view in the activity bar and ask something about this code.',
  ],
  'src/greeting.ts': [
    '/** Greets somebody by name. */',
    'export function greet(name: string): string {',
    "  return 'Hello, ' + name",
    '}',
  ],
  'src/cart.ts': [
    'export interface Item {',
    '  readonly name: string',
    '  readonly price: number',
    '}',
    '',
    'export function total(items: readonly Item[]): number {',
    '  let sum = 0',
    '  for (const item of items) sum += item.price',
    '  return sum',
    '}',
  ],
  'src/cart.test.ts': [
    "import assert from 'node:assert/strict'",
    "import { total } from './cart.ts'",
    '',
    "assert.equal(total([{ name: 'tea', price: 3 }, { name: 'cup', price: 4 }]), 7)",
  ],
}
