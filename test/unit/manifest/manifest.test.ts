import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { commandIds } from '../../../src/commands/commandIds.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const manifestText = readFileSync(path.join(root, 'package.json'), 'utf8')
const manifest = JSON.parse(manifestText) as Manifest
const sentences = JSON.parse(readFileSync(path.join(root, 'package.nls.json'), 'utf8')) as Record<
  string,
  string
>
const { contributes } = manifest

describe('The manifest', () => {
  it('contributes exactly the commands that the code registers', () => {
    const contributed = contributes.commands.map(({ command }) => command).sort()
    assert.deepEqual(contributed, Object.values(commandIds).sort())
  })

  it('puts all commands into the category OpenCode', () => {
    assert.deepEqual([...new Set(contributes.commands.map(({ category }) => category))], ['OpenCode'])
  })

  it('uses only commands and submenus in menus and key bindings that it contributes', () => {
    const known = new Set(contributes.commands.map(({ command }) => command))
    const menus = Object.values(contributes.menus).flat()
    const used = [
      ...menus.flatMap(({ command }) => command ?? []),
      ...contributes.keybindings.map(({ command }) => command),
    ]
    assert.deepEqual(
      used.filter((command) => !known.has(command)),
      [],
    )
    const submenus = contributes.submenus.map(({ id }) => id)
    for (const { submenu } of menus) assert.ok(submenu === undefined || submenus.includes(submenu))
  })

  it('binds keys only with a condition, and has a Mac variant for each', () => {
    for (const { command, when, mac } of contributes.keybindings) {
      assert.ok(when, `${command} has no condition`)
      assert.ok(mac, `${command} has no key on a Mac`)
    }
  })

  it('has a sentence for each placeholder, and no sentence too many', () => {
    const used = new Set([...manifestText.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key))
    assert.deepEqual(
      [...used].filter((key) => key !== undefined && !Object.hasOwn(sentences, key)),
      [],
    )
    assert.deepEqual(
      Object.keys(sentences).filter((key) => !used.has(key)),
      [],
    )
  })

  it('keeps what names a program, a server or a certificate out of untrusted workspaces and of settings sync', () => {
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations
    const dangerous = Object.keys(contributes.configuration.properties).filter((key) =>
      /\.(path|environment|profiles?|proxy|caFile)$/.test(key),
    )
    assert.deepEqual([...restricted].sort(), dangerous.sort())
    for (const key of dangerous) {
      const setting = contributes.configuration.properties[key]
      assert.equal(setting?.ignoreSync, true, key)
      assert.match(setting.scope, /^machine/, key)
    }
  })

  it('has no setting that could hold a secret', () => {
    const names = Object.keys(contributes.configuration.properties)
    assert.deepEqual(
      names.filter((name) => /password|token|secret|key$/i.test(name)),
      [],
    )
  })

  it('ships what an image of OpenCode is built from', () => {
    const kept = readFileSync(path.join(root, '.vscodeignore'), 'utf8').split('\n')
    assert.ok(kept.includes('!container/**'), 'the folder of the Containerfile')
    const text = readFileSync(path.join(root, 'container/Containerfile'), 'utf8')
    const copied = [...text.matchAll(/^COPY --chmod=\d+ (\w+\.(?:sh|js)) /gm)].map(([, name]) => name ?? '')
    assert.deepEqual(copied.sort(), ['gateway.js', 'health.sh', 'start.sh'])
    for (const name of copied) assert.ok(existsSync(path.join(root, 'container', name)), name)
    assert.match(text, /^ARG OPENCODE_VERSION=\d+\.\d+\.\d+$/m)
  })

  it('activates by nothing but its contributions and its restored editor tabs', () => {
    assert.deepEqual(manifest.activationEvents, ['onWebviewPanel:opencodeSessions.chatPanel'])
  })

  it('runs beside the files', () => assert.deepEqual(manifest.extensionKind, ['workspace']))

  it('names pictures and pages that exist', () => {
    const steps = contributes.walkthroughs.flatMap(({ steps }) => steps)
    assert.ok(steps.length <= 5)
    const files = [
      manifest.icon,
      contributes.viewsContainers.activitybar[0]?.icon,
      ...steps.map(({ media }) => media.markdown),
    ]
    for (const file of files) assert.ok(file !== undefined && existsSync(path.join(root, file)), file)
  })

  it('has a square PNG icon of at least 128 pixels and a monochrome one for the activity bar', () => {
    const png = readFileSync(path.join(root, manifest.icon))
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
    assert.ok(png.readUInt32BE(16) >= 128)
    assert.equal(png.readUInt32BE(16), png.readUInt32BE(20))
    const svg = readFileSync(path.join(root, 'media/activity.svg'), 'utf8')
    assert.deepEqual(
      [...new Set([...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, color]) => color))].sort(),
      ['currentColor', 'none'],
    )
  })

  it('needs no newer VS Code than it was compiled for', () => {
    assert.equal(manifest.engines.vscode, `^${manifest.devDependencies['@types/vscode'] ?? ''}`)
  })
})

interface Manifest {
  readonly icon: string
  readonly engines: { readonly vscode: string }
  readonly devDependencies: Readonly<Record<string, string>>
  readonly extensionKind: readonly string[]
  readonly activationEvents: readonly string[]
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] }
  }
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string }[]
    readonly submenus: readonly { readonly id: string }[]
    readonly menus: Readonly<
      Record<string, readonly { readonly command?: string; readonly submenu?: string }[]>
    >
    readonly keybindings: readonly {
      readonly command: string
      readonly when?: string
      readonly mac?: string
    }[]
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly scope: string; readonly ignoreSync?: boolean }>>
    }
    readonly viewsContainers: { readonly activitybar: readonly { readonly icon: string }[] }
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly media: { readonly markdown: string } }[]
    }[]
  }
}
