import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inRepository } from '../../../scripts/lib/repository.ts'

/** What is called from outside of this repository: by VS Code, mocha or OpenCode. */
const entries = new Set([
  'src/extension.ts',
  'test/exampleExtension/extension.ts',
  'test/support/hostRunner.ts',
  'test/support/loginPlugin.ts',
])

/** What others put on the page: VS Code's theme, the highlighter, the math. */
const foreignClass = /^(vscode-|hljs-|katex)/

const files = listFiles()

describe('Nothing is left over:', () => {
  it('what a file exports is used by another file, a type at least by its own', () => {
    const imported = new Set([...files].flatMap(([file, text]) => importsOf(file, text)))
    const unused = [...files].flatMap(([file, text]) =>
      /\.tsx?$/.test(file) && !entries.has(file)
        ? exportsOf(text)
            .filter(({ name }) => !imported.has(`${file} ${name}`) && !imported.has(`${file} *`))
            .filter(({ name, isType }) => !isType || count(text, name) < 2)
            .map(({ name }) => `${file}: ${name}`)
        : [],
    )
    assert.deepEqual(unused, [])
  })

  it('what only tests use stands with the tests', () => {
    const product = new Set(
      [...files].flatMap(([file, text]) => (file.startsWith('test/') ? [] : importsOf(file, text))),
    )
    const unused = [...files].flatMap(([file, text]) =>
      file.startsWith('src/') && /\.tsx?$/.test(file) && !entries.has(file)
        ? exportsOf(text)
            .filter(({ name }) => count(text, name) < 2)
            .filter(({ name }) => !product.has(`${file} ${name}`) && !product.has(`${file} *`))
            .map(({ name }) => `${file}: ${name}`)
        : [],
    )
    assert.deepEqual(unused, [])
  })

  it('every class and variable of the styles is on the page', () => {
    const inFolder = [...files].filter(([file]) => file.startsWith('src/webview/'))
    const styles = inFolder.filter(([file]) => file.endsWith('.css'))
    const page = inFolder
      .filter(([file]) => /\.tsx?$/.test(file))
      .map(([, text]) => text)
      .join('\n')
    const beginnings = [...page.matchAll(/(?<![\w-])([a-z][\w-]*-)\$\{/g)].map(([, name]) => name ?? '')
    const isUsed = (name: string): boolean =>
      foreignClass.test(name) ||
      isWord(page, name) ||
      beginnings.some((beginning) => name.startsWith(beginning))
    const classes = styles.flatMap(([file, text]) => classesOf(text).map((name) => ({ file, name })))
    const unused = classes.filter(({ name }) => !isUsed(name)).map(({ file, name }) => `${file}: ${name}`)
    assert.deepEqual(unused, [])
    const all = [...styles.map(([, text]) => text), page].join('\n')
    const set = new Set([...all.matchAll(/^\s*(--oc-[\w-]+):/gm)].map(([, name]) => name ?? ''))
    assert.ok(set.size > 0)
    assert.deepEqual(
      [...set].filter((name) => !all.includes(`var(${name}`)),
      [],
    )
  })

  it('every setting, context key and dependency is used, and no key that nobody sets', () => {
    const manifest = read('package.json')
    const { contributes, devDependencies } = JSON.parse(manifest) as Manifest
    const product = [...files]
      .filter(([file]) => file.startsWith('src/'))
      .map(([, text]) => text)
      .join('\n')
    const settings = Object.keys(contributes.configuration.properties).map(withoutPrefix)
    assert.deepEqual(
      settings.filter((name) => !product.includes(`'${name}'`)),
      [],
    )
    const keys = /interface ContextKeys \{(.*?)\n\}/s.exec(read('src/platform/contextKeys.ts'))?.[1] ?? ''
    const known = [...keys.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name ?? '').sort()
    const conditions = [...manifest.matchAll(/"(?:when|enablement)": "([^"]*)"/g)].map(([, when]) => when)
    const used = conditions.join(' ').matchAll(/(?<![.\w])opencodeSessions\.(\w+)(?=[\s=!)&|]|$)/g)
    const asked = [...new Set([...used].map(([, name]) => name ?? ''))].filter((name) => known.includes(name))
    assert.deepEqual(asked.sort(), known)
    assert.deepEqual(
      known.filter((name) => !new RegExp(`setContextKey\\(\\s*'${name}'`).test(product)),
      [],
    )
    const all = [...files.values()].join('\n')
    const names = Object.keys(devDependencies).filter((name) => !name.startsWith('@types/'))
    assert.deepEqual(
      names.filter((name) => !all.includes(name.replace(/^@vscode\/vsce$/, 'vsce'))),
      [],
    )
  })
})

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> }
  }
}

/** Sources by their path from the root, as git knows them. */
function listFiles(): ReadonlyMap<string, string> {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: inRepository() })
  const names = listed.toString().split('\n')
  const sources = names.filter((name) => /\.(tsx?|[cm]?js|css)$/.test(name) || name === '.mocharc.json')
  return new Map(sources.filter((name) => existsSync(inRepository(name))).map((name) => [name, read(name)]))
}

function read(name: string): string {
  return readFileSync(inRepository(name), 'utf8')
}

function exportsOf(text: string): readonly { readonly name: string; readonly isType: boolean }[] {
  const declared = text.matchAll(
    /^export (?:declare )?(?:abstract )?(?:async )?(type|interface|class|function\*?|const|let) (\w+)/gm,
  )
  const passedOn = text.matchAll(/^export (type )?\{([^}]*)\}/gm)
  return [
    ...[...declared].map(([, kind = '', name = '']) => ({ name, isType: /^(type|interface)$/.test(kind) })),
    ...[...passedOn].flatMap(([, , list = '']) =>
      namesIn(list).map((name) => ({ name: name.split(' as ').at(-1) ?? '', isType: false })),
    ),
  ]
}

/** `file name` of all that a file imports or passes on; `file *` where it takes everything. */
function importsOf(file: string, text: string): readonly string[] {
  const statements = text.matchAll(
    /(?:import|export) (?:type )?(?:\{([^}]*)\}|\* as \w+|\*) from '(\.[^']*)'/g,
  )
  const whole = text.matchAll(/import\(['"`](\.[^'"`]*)/g)
  const target = (specifier: string): string => path.posix.join(path.posix.dirname(file), specifier)
  return [
    ...[...statements].flatMap(([, list, specifier = '']) =>
      (list === undefined ? ['*'] : namesIn(list)).map(
        (name) => `${target(specifier)} ${name.split(' as ')[0] ?? ''}`,
      ),
    ),
    ...[...whole].map(([, specifier = '']) => `${target(specifier)} *`),
  ]
}

function namesIn(list: string): readonly string[] {
  const names = list.split(',').map((name) => name.trim().replace(/^type /, ''))
  return names.filter((name) => name !== '')
}

function classesOf(css: string): readonly string[] {
  const selectors = css.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/\{[^{}]*\}/g, '{}')
  return [...new Set([...selectors.matchAll(/\.([a-zA-Z][\w-]*)/g)].map(([, name]) => name ?? ''))]
}

function count(text: string, name: string): number {
  return [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length
}

function isWord(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)
}

function withoutPrefix(setting: string): string {
  return setting.slice(setting.indexOf('.') + 1)
}
