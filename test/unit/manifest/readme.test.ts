import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { inRepository } from '../../../scripts/lib/repository.ts'

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly title: string }[]
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> }
  }
}

describe('README', () => {
  it('lists just the commands that the manifest contributes', async () => {
    const { contributes } = await manifest()
    const names = JSON.parse(await text('package.nls.json')) as Record<string, string>
    const titles = contributes.commands.map(({ title }) => names[title.slice(1, -1)] ?? title)
    assert.deepEqual((await firstColumn('Commands')).toSorted(), titles.toSorted())
  })

  it('lists just the settings that the manifest contributes', async () => {
    const { contributes } = await manifest()
    const names = (await firstColumn('Settings')).map((cell) => cell.replaceAll('`', ''))
    assert.deepEqual(names.toSorted(), Object.keys(contributes.configuration.properties).toSorted())
  })

  it('shows only pictures that exist', async () => {
    const pictures = [...(await text('README.md')).matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(
      (match) => match[1] ?? '',
    )
    assert.ok(pictures.length > 0)
    for (const picture of pictures) assert.ok((await stat(inRepository(picture))).size > 0, picture)
  })
})

async function manifest(): Promise<Manifest> {
  return JSON.parse(await text('package.json')) as Manifest
}

/** First cells of the table below a heading. */
async function firstColumn(heading: string): Promise<readonly string[]> {
  const section = (await text('README.md')).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) => row.split('|')[1]?.trim() ?? '')
}

function text(name: string): Promise<string> {
  return readFile(inRepository(name), 'utf8')
}
